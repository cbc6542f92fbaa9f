import { deflateRawSync } from 'node:zlib';
import { OPCODES, writeFrame } from '../probe/frames.js';
import { type Check, finding, notTested, passed } from './check.js';

/** In memory; a thousandth of it on the wire. */
const BYTES = 33_554_432;
const RSV1 = 0x40;
const MARK = 'after-the-bomb';

/** TR-06. */
export const decompressionBombCheck: Check = {
  id: 'decompression-bomb',
  requirements: ['TR-06'],
  title: 'A few kilobytes are inflated to megabytes',
  why: 'A limit that counts the bytes on the wire counts a thousandth of what the server keeps: some dozens of such messages at once fill its memory.',
  cwe: 409,
  asvs: '5.2.3',
  severity: 'high',
  confidence: 'certain',
  remediation: {
    nest: 'Leave out perMessageDeflate of the adapter, or import SecureWsModule, which agrees to no extension.',
    ws: 'new WebSocketServer({ perMessageDeflate: false, maxPayload: 65_536 }); // maxPayload counts what is inflated',
    socketIo: 'new Server(http, { perMessageDeflate: false, maxHttpBufferSize: 65_536 });',
  },
  needsBaseline: true,
  isDisruptive: true,
  async run({ prober, transcript }) {
    const { connection, answer } = await prober.open({ extensions: 'permessage-deflate' });
    using _ = connection;
    if (!answer.isAccepted)
      return notTested(`The handshake that offers compression was refused with ${answer.status}.`);
    if (!/permessage-deflate/i.test(answer.fields.get('sec-websocket-extensions') ?? ''))
      return passed('Compression was not agreed to.');
    const bomb = deflateRawSync(Buffer.alloc(BYTES, 0x20), { level: 9 });
    const sent = `a text of ${bomb.length} bytes, which are ${BYTES} when they are inflated`;
    transcript.note(sent);
    connection.write(writeFrame({ opcode: OPCODES.text, payload: bomb, reserved: RSV1 }));
    connection.write(writeFrame({ opcode: OPCODES.ping, payload: MARK }));
    const deadline = performance.now() + prober.answerMs;
    for (;;) {
      const frame = await connection.frameBy(deadline);
      if (frame === undefined && !connection.hasEnded)
        return notTested('The server neither ended the connection nor answered behind it.');
      // Without a close frame it may have ended for want of memory.
      if (frame === undefined) return notTested(`${sent}, ended the connection without a close frame.`);
      if (frame.opcode === OPCODES.close) return passed(`${sent}, ended the connection.`);
      // Inflating takes its time: a server that asks meanwhile is answered.
      if (frame.opcode === OPCODES.ping) connection.write(writeFrame({ opcode: OPCODES.pong, payload: frame.payload }));
      if (frame.opcode === OPCODES.pong && frame.payload.toString() === MARK)
        return finding('A message was inflated to 32 MiB.', [{ sent, got: 'a pong to the ping behind it' }]);
    }
  },
};
