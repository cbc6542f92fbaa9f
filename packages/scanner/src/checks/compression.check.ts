import { type Check, finding, notTested, passed } from './check.js';

const OFFER = 'permessage-deflate; client_max_window_bits';

/** HS-11 and TR-05. */
export const compressionCheck: Check = {
  id: 'compression',
  requirements: ['HS-11', 'TR-05'],
  title: 'Messages may be compressed',
  why: 'A few kilobytes become hundreds of megabytes in the memory of the server, and what is compressed beside a secret tells its length (CRIME).',
  cwe: 409,
  asvs: '15.2.2',
  severity: 'low',
  confidence: 'certain',
  remediation: {
    nest: 'Leave out perMessageDeflate of the adapter, or import SecureWsModule, which agrees to no extension.',
    ws: 'new WebSocketServer({ perMessageDeflate: false });',
    socketIo: 'new Server(http, { perMessageDeflate: false });',
  },
  needsBaseline: true,
  async run({ prober }) {
    const { connection, answer } = await prober.open({ extensions: OFFER });
    connection[Symbol.dispose]();
    if (!answer.isAccepted)
      return notTested(`The handshake that offers compression was refused with ${answer.status}.`);
    const agreed = answer.fields.get('sec-websocket-extensions');
    if (agreed === undefined) return passed('Compression was not agreed to.');
    return finding('It agreed to compress messages.', [
      { sent: `Sec-WebSocket-Extensions: ${OFFER}`, got: `Sec-WebSocket-Extensions: ${agreed}` },
    ]);
  },
};
