import { type MessageData, messageData } from '../dialect/message-data.js';
import type { ReactionKind } from '../matrix/matrix.js';
import type { CheckContext } from './check.js';

/** A message of `--messages`, and what is in it. */
export interface KnownMessage extends MessageData {
  readonly message: string;
}

/** The fields that say that a message is meant to be taken once. */
const ONCE = /"(?:nonce|seq|sequence|sequenceNumber|counter|mac|hmac|sig|signature)"\s{0,8}:/i;

/** Whether a message is meant to be taken once: the second time its refusal says nothing of who may send it. */
export const isForOnce = (message: string): boolean => ONCE.test(message);

/** No check changes more messages than these. */
const MAX_MESSAGES = 3;

/** What there is to say where {@link knownMessages} gives none. */
export const NEEDS_ANSWERED = 'It takes a message with data that the server answers: --messages.';

/** Messages that the given identity was answered, or was refused, and that have data to change. */
export async function knownMessages(context: CheckContext, kind: ReactionKind): Promise<readonly KnownMessage[]> {
  const { rows } = await context.matrix();
  const known = rows.filter(({ reactions }) => reactions.given?.kind === kind);
  return known
    .flatMap(({ message }) => {
      const found = messageData(context.dialect, message);
      return found === undefined ? [] : [{ message, ...found }];
    })
    .slice(0, MAX_MESSAGES);
}

/** The data of a message as an object that something can be added to; `undefined` for anything else. */
export function objectData({ data }: MessageData): Readonly<Record<string, unknown>> | undefined {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
    ? (data as Record<string, unknown>)
    : undefined;
}
