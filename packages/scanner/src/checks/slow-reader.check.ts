import { OPCODES, writeFrame } from '../probe/frames.js';
import type { RawConnection } from '../probe/raw-connection.js';
import { type Check, type CheckContext, finding, notTested, passed } from './check.js';
import { bytesFrom, type LargeExchange, largeExchange } from './large-answers.js';

/** How much has to wait for a client that reads nothing, in bytes: the kernels of both sides keep some 4 MiB of it. */
const ANSWERS = 8_000_000;
/** And how much more is sent then, to see that it is read: the kernels keep some 10 MiB for a server that reads no more. */
const MESSAGES = 16_000_000;

/** A server ends who is not alive: this client says that it is. */
const ALIVE_MS = 500;

/** Less than all came: some answers may have been a little smaller. */
const NEARLY = 0.9;

/** DR-10. */
export const slowReaderCheck: Check = {
  id: 'slow-reader',
  requirements: ['DR-10'],
  title: 'What a client does not read is kept for it without a limit',
  why: 'A client that asks and never reads the answers, out of malice or for want of a net, has the server keep them in its memory: some hundred of them fill it.',
  cwe: 770,
  asvs: '15.2.2',
  severity: 'medium',
  confidence: 'certain',
  remediation: {
    nest: 'Import SecureWsModule, which ends a client whose unread messages are more than the limit.',
    ws: `function send(socket, text) {
  if (socket.bufferedAmount > 1_048_576) return socket.terminate();
  socket.send(text);
}`,
    socketIo: `if (socket.conn.transport.socket.bufferedAmount > 1_048_576) return socket.disconnect(true); // before each emit`,
  },
  needsBaseline: true,
  isDisruptive: true,
  async run(context) {
    const large = await largeExchange(context);
    if (large === undefined)
      return notTested('It needs a message whose answer is large, or sends a long text back: --messages.');
    context.transcript.note('messages, and none of the answers read');
    const { count, end, came } = await withoutReading(context, large);
    const sent = `${count} messages of ${large.bytes} bytes, and none of the answers read`;
    if (end === undefined && came >= count * large.answerBytes * NEARLY)
      return finding('All that a client did not read was kept for it.', [
        { sent, got: `${came} bytes of answers, ${secondsOf(context)} later` },
      ]);
    const says = `After ${sent}, ${end ?? `${came} bytes of answers were kept`}`;
    // A limit of messages, or of their bytes, ends a client that reads as well.
    if (!(await getsAll(context, large, count)))
      return notTested(`${says}: a client that reads does not get all of them in ${secondsOf(context)} either.`);
    return passed(`${says}. A client that reads got all of them.`);
  },
};

const secondsOf = ({ idleMs }: CheckContext): string => `${Math.round(idleMs / 100) / 10} s`;

/** So many bytes go out at once, and come back: no server ends a client that is so far behind. */
const BATCH_BYTES = 500_000;
/** And the next ones no sooner than this. */
const PACE_MS = 20;

const batchOf = ({ bytes, answerBytes }: LargeExchange): number =>
  Math.max(1, Math.floor(BATCH_BYTES / Math.max(bytes, answerBytes)));

function sendFrom(connection: RawConnection, { message }: LargeExchange, first: number, next: number): void {
  for (let index = first; index < next; index++) connection.send({ opcode: OPCODES.text, payload: message(index) });
}

/** What came of a client that does not read. */
interface Unread {
  /** How many messages it has sent. */
  readonly count: number;
  /** How the server showed that it had enough. */
  readonly end?: string;
  /** How many bytes it got, when it read at last. */
  readonly came: number;
}

async function withoutReading({ prober, idleMs }: CheckContext, large: LargeExchange): Promise<Unread> {
  const most = Math.ceil(ANSWERS / large.answerBytes + MESSAGES / large.bytes);
  const { connection } = await prober.spoken();
  using _ = connection;
  connection.pause();
  const deadline = performance.now() + idleMs;
  let count = 0;
  // A connection that nothing is read from tells its end only to who writes.
  while (!connection.hasEnded && performance.now() < deadline) {
    const hasMore = connection.unsent === 0 && count < most;
    const next = hasMore ? Math.min(most, count + batchOf(large)) : count;
    sendFrom(connection, large, count, next);
    count = next;
    connection.write(writeFrame({ opcode: OPCODES.pong }));
    await prober.pause(hasMore ? PACE_MS : ALIVE_MS);
  }
  if (connection.hasEnded) return { count, end: 'the connection was ended', came: 0 };
  if (connection.unsent > 0 || count < most) return { count, end: 'no more messages were read', came: 0 };
  connection.resume();
  return { count, came: await bytesFrom(connection, prober, count * large.answerBytes * NEARLY, prober.answerMs) };
}

/** Whether a client that reads gets all of the answers, in the same time. */
async function getsAll({ prober, idleMs }: CheckContext, large: LargeExchange, count: number): Promise<boolean> {
  const { connection } = await prober.spoken();
  using _ = connection;
  const deadline = performance.now() + idleMs;
  let came = 0;
  for (let sent = 0; sent < count;) {
    const next = Math.min(count, sent + batchOf(large));
    sendFrom(connection, large, sent, next);
    sent = next;
    // What is left unread of one batch must not add up.
    const due = (sent - batchOf(large) * (1 - NEARLY)) * large.answerBytes;
    came += await bytesFrom(connection, prober, due - came, prober.answerMs);
    if (came < due || performance.now() > deadline) return false;
    await prober.pause(PACE_MS);
  }
  return true;
}
