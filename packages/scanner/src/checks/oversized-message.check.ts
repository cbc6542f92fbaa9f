import { NO_CLOSE_FRAME, type SessionClose } from '../probe/session.js';
import { type Check, finding, notTested, passed } from './check.js';
import { kindThatStays, unknownKind } from './message-kinds.js';

/** Larger than any message that a person writes, and harmless to send once. */
const BYTES = 2_097_152;
/**
 * A server that ends the connection at the head of a frame does so while the rest of it still comes in, and the reset that
 * this causes (RFC 1122 section 4.2.2.13) can overtake its close frame.
 */
const MAX_TRIES = 3;
/** RFC 6455 section 7.4.1. */
const TOO_BIG = 1009;

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
  async run(context) {
    const kind = await kindThatStays(context);
    const message = (kind ?? unknownKind(context))('x'.repeat(BYTES)) ?? '';
    let end: SessionClose | undefined;
    for (let tries = 0; tries < MAX_TRIES && (end === undefined || end.code === NO_CLOSE_FRAME); tries++) {
      using session = await context.talk();
      if (!(await session.isAlive()))
        return notTested('The server answers no ping: whether it took a message cannot be seen.');
      session.send(message);
      const isAlive = await session.isAlive();
      if (isAlive) {
        return finding('A message of 2 MiB was taken.', [
          { sent: `a message of ${BYTES} bytes`, got: 'a pong to the ping behind it' },
        ]);
      }
      end = session.closed;
      if (end === undefined)
        return notTested('The server neither ended the connection nor answered behind the message.');
    }
    // A proxy, or a process that has run out of memory, ends it in the same way.
    if (end === undefined || end.code === NO_CLOSE_FRAME)
      return notTested('A message of 2 MiB ended the connection without a close frame: that need not be a limit.');
    // A server that ends the connection at what it cannot read does so at any size, unless it says that this was too big.
    if (kind === undefined && end.code !== TOO_BIG)
      return notTested(`A small message of the same kind ends the connection as well: close ${end.code}.`);
    return passed(`A message of 2 MiB ended the connection: close ${end.code}.`);
  },
};
