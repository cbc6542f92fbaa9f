import { UNKNOWN_EVENT } from '../dialect/recognise.js';
import { type Check, finding, notTested, passed } from './check.js';

/** Larger than any message that a person writes, and harmless to send once. */
const BYTES = 2_097_152;

/** DR-01. */
export const oversizedMessageCheck: Check = {
  id: 'oversized-message',
  requirements: ['DR-01'],
  title: 'Messages of megabytes are taken',
  why: 'ws takes 100 MiB a message by default. A few connections that send them fill the memory of the server.',
  cwe: 770,
  asvs: '15.2.2',
  severity: 'medium',
  confidence: 'certain',
  remediation: {
    nest: `@WebSocketGateway({ maxPayload: 65_536 }) // SecureWsModule: validation.maxMessageBytes, 64 KiB by default`,
    ws: 'new WebSocketServer({ maxPayload: 65_536 });',
    socketIo: 'new Server(http, { maxHttpBufferSize: 65_536 });',
  },
  needsBaseline: true,
  async run({ dialect, talk }) {
    using session = await talk();
    if (!(await session.isAlive()))
      return notTested('The server answers no ping: whether it took a message cannot be seen.');
    session.send(dialect.message(UNKNOWN_EVENT, 'x'.repeat(BYTES)));
    const isAlive = await session.isAlive();
    if (isAlive) {
      return finding('A message of 2 MiB was taken.', [
        { sent: `a message of ${BYTES} bytes`, got: 'a pong to the ping behind it' },
      ]);
    }
    const end = session.closed;
    if (end === undefined) return notTested('The server neither ended the connection nor answered behind the message.');
    return passed(`A message of 2 MiB ended the connection: close ${end.code}.`);
  },
};
