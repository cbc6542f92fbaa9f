import { deflateRawSync } from 'node:zlib';
import { OPCODES, writeFrame } from '../probe/frames.js';
import { InconclusiveError } from '../probe/inconclusive.js';
import type { Prober } from '../probe/prober.js';
import type { RawConnection } from '../probe/raw-connection.js';
import { type Check, finding, notTested, passed } from './check.js';
import { kindThatStays, unknownKind } from './message-kinds.js';

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
  async run(context) {
    const { prober, transcript } = context;
    const kind = await kindThatStays(context);
    const write = (data: string): string => (kind ?? unknownKind(context))(data) ?? data;
    const { connection, answer } = await prober.spoken({ extensions: 'permessage-deflate' });
    using _ = connection;
    if (!/permessage-deflate/i.test(answer.fields.get('sec-websocket-extensions') ?? ''))
      return passed('Compression was not agreed to.');
    const small = await endBehind(prober, connection, deflateRawSync(write('x')));
    if (small !== undefined)
      return notTested(`A small message that is compressed ends the connection as well: ${small}.`);
    const bomb = deflateRawSync(write(' '.repeat(BYTES)), { level: 9 });
    const sent = `a text of ${bomb.length} bytes, which are ${BYTES} when they are inflated`;
    transcript.note(sent);
    const end = await endBehind(prober, connection, bomb);
    if (end === undefined)
      return finding('A message was inflated to 32 MiB.', [{ sent, got: 'a pong to the ping behind it' }]);
    // Without a close frame it may have ended for want of memory.
    if (end === NO_CLOSE_FRAME) return notTested(`${sent}, ended the connection without a close frame.`);
    if (kind === undefined && end !== TOO_BIG)
      return notTested(`A small message of the same kind ends the connection as well: ${end}.`);
    return passed(`${sent}, ended the connection: ${end}.`);
  },
};

const NO_CLOSE_FRAME = 'no close frame';
/** RFC 6455 section 7.4.1. */
const TOO_BIG = 'close 1009';

/**
 * How a connection ends at a compressed text; `undefined` where a ping behind it is answered.
 *
 * @throws InconclusiveError where neither happens in time.
 */
async function endBehind(prober: Prober, connection: RawConnection, payload: Buffer): Promise<string | undefined> {
  connection.send({ opcode: OPCODES.text, payload, reserved: RSV1 });
  connection.write(writeFrame({ opcode: OPCODES.ping, payload: MARK }));
  const deadline = performance.now() + prober.answerMs;
  for (;;) {
    const frame = await connection.frameBy(deadline);
    if (frame === undefined && !connection.hasEnded)
      throw new InconclusiveError('The server neither ended the connection nor answered behind a compressed message.');
    if (frame === undefined) return NO_CLOSE_FRAME;
    if (frame.opcode === OPCODES.close)
      return `close ${frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 'without a code'}`;
    // Inflating takes its time: a server that asks meanwhile is answered.
    if (frame.opcode === OPCODES.ping) connection.write(writeFrame({ opcode: OPCODES.pong, payload: frame.payload }));
    if (frame.opcode === OPCODES.pong && frame.payload.toString() === MARK) return undefined;
  }
}
