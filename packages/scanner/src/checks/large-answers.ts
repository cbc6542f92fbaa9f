import { OPCODES, writeFrame } from '../probe/frames.js';
import type { Prober } from '../probe/prober.js';
import type { RawConnection } from '../probe/raw-connection.js';
import { BudgetSpentError } from '../scope/scan-budget.js';
import type { CheckContext } from './check.js';
import { placesIn } from './data-places.js';
import { answeredMessages, knownMessages } from './known-messages.js';
import { unknownKind } from './message-kinds.js';

/** In bytes. Below the limit of 64 KiB that careful servers have; and, where a server takes that, fewer of them. */
const SIZES = [62_000, 400_000];

/** An answer of less than this share of its message is none that a flood of them could be made of. */
const SHARE = 0.5;

const MARK = 'behind-the-messages';

/** A message whose answers are about as large as it is, or larger. */
export interface LargeExchange {
  /** The message, whole. @param count makes it another one, where the dialect wants that. */
  readonly message: (count: number) => string;
  /** How long it is. */
  readonly bytes: number;
  /** How much comes back, at least. */
  readonly answerBytes: number;
}

/**
 * Finds a message of some size that the server sends back, whole or in an error, or answers with as much by itself.
 *
 * @returns `undefined` where there is none.
 */
export async function largeExchange(context: CheckContext): Promise<LargeExchange | undefined> {
  const [small = 0, large = 0] = SIZES;
  for (const write of await writers(context)) {
    const found = await exchangeOf(context, write, small);
    if (found !== undefined) return (await exchangeOf(context, write, large)) ?? found;
  }
  return undefined;
}

/** What makes a message of a size. */
type Writer = (size: number) => string | undefined;

/** Around a long text where one has a place; else with blanks behind it, which JSON allows: its answer may be large by itself. */
async function writers(context: CheckContext): Promise<readonly Writer[]> {
  const known = await knownMessages(context, 'answered');
  const texts = known.flatMap((message) =>
    placesIn(message)
      .filter(({ isText }) => isText)
      .slice(0, 1)
      .map(
        ({ put }): Writer =>
          (size) =>
            put('x'.repeat(size)),
      ),
  );
  const padded = (await answeredMessages(context)).map(
    (message): Writer =>
      (size) =>
        message.padEnd(size),
  );
  const unknown = unknownKind(context);
  return [(size) => unknown('x'.repeat(size)), ...texts, ...padded];
}

async function exchangeOf(
  { prober, dialect, transcript }: CheckContext,
  write: Writer,
  size: number,
): Promise<LargeExchange | undefined> {
  const text = write(size);
  if (text === undefined) return undefined;
  const { connection } = await prober.spoken();
  using _ = connection;
  transcript.note(`a message of ${text.length} bytes`);
  connection.send({ opcode: OPCODES.text, payload: text });
  try {
    const answerBytes = await bytesFrom(connection, prober, text.length, prober.settleMs);
    const message = (count: number): string => dialect.again(text, count);
    return answerBytes < text.length * SHARE ? undefined : { message, bytes: text.length, answerBytes };
  } catch (error) {
    if (error instanceof BudgetSpentError) throw error;
    // More than the scanner reads at once.
    return undefined;
  }
}

/**
 * Reads messages, as a client of good faith does.
 *
 * @param enough is as many as it reads.
 * @param quietMs says how long the server may be silent behind the answer to a ping, which is sent first.
 * @returns how many bytes they have.
 */
export async function bytesFrom(
  connection: RawConnection,
  { answerMs }: Pick<Prober, 'answerMs'>,
  enough: number,
  quietMs: number,
): Promise<number> {
  let bytes = 0;
  let silenceMs = answerMs;
  connection.write(writeFrame({ opcode: OPCODES.ping, payload: MARK }));
  while (bytes < enough) {
    const frame = await connection.frameBy(performance.now() + silenceMs);
    if (frame === undefined || frame.opcode === OPCODES.close) break;
    if (frame.opcode === OPCODES.ping) connection.write(writeFrame({ opcode: OPCODES.pong, payload: frame.payload }));
    else if (frame.opcode !== OPCODES.pong) bytes += frame.payload.length;
    else if (frame.payload.toString() === MARK) silenceMs = quietMs;
  }
  return bytes;
}
