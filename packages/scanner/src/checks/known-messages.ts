import type { ReactionKind } from '../matrix/matrix.js';
import { fieldsOf } from '../dialect/dialect.js';
import type { CheckContext } from './check.js';

/** A message of `--messages`, and what is in it. */
export interface KnownMessage {
  readonly message: string;
  readonly data: unknown;
  /** The same message with other data. */
  readonly with: (data: unknown) => string;
}

/** The fields that say that a message is meant to be taken once. */
const ONCE = /"(?:nonce|seq|sequence|sequenceNumber|counter|mac|hmac|sig|signature)"\s{0,8}:/i;

/** Whether a message is meant to be taken once: the second time its refusal says nothing of who may send it. */
export const isForOnce = (message: string): boolean => ONCE.test(message);

/** No check changes more messages than these. */
const MAX_MESSAGES = 3;

/** What there is to say where {@link knownMessages} gives none. */
export const NEEDS_ANSWERED =
  'It needs a message that the server answers, with data that the scan can find in this dialect: --messages.';

/** Messages that the given identity was answered, or was refused, as often as they are sent, and that have data to change. */
export async function knownMessages(context: CheckContext, kind: ReactionKind): Promise<readonly KnownMessage[]> {
  const { dialect } = context;
  const { rows } = await context.matrix();
  const known = rows.filter(({ message, reactions }) => reactions.given?.kind === kind && !isForOnce(message));
  return known
    .flatMap(({ message }) => {
      const data = dialect.dataOf(message);
      const isWritable = dialect.withData(message, data) !== undefined;
      const replaced = (other: unknown): string => dialect.withData(message, other) ?? message;
      return data === undefined || !isWritable ? [] : [{ message, data, with: replaced }];
    })
    .slice(0, MAX_MESSAGES);
}

/** Messages that the given identity is answered as often as it sends them. */
export async function answeredMessages(context: CheckContext): Promise<readonly string[]> {
  const { rows } = await context.matrix();
  return rows
    .filter(({ message, reactions }) => reactions.given?.kind === 'answered' && !isForOnce(message))
    .slice(0, MAX_MESSAGES)
    .map(({ message }) => message);
}

/** The first of them; `undefined` where there is none. */
export async function answeredMessage(context: CheckContext): Promise<string | undefined> {
  return (await answeredMessages(context))[0];
}

/** The data of a message as an object that something can be added to; `undefined` for anything else. */
export function objectData({ data }: KnownMessage): Readonly<Record<string, unknown>> | undefined {
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? fieldsOf(data) : undefined;
}
