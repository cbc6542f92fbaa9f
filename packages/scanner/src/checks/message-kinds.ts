import { UNKNOWN_EVENT } from '../dialect/recognise.js';
import type { CheckContext } from './check.js';

/** Captured messages that are tried where the server takes none of an unknown event. */
const MAX_KINDS = 5;

/** Writes a message around some data; `undefined` where that data has no place in it. */
export type MessageKind = (data: string) => string | undefined;

/** A message of an event that no server has. */
export const unknownKind =
  ({ dialect }: CheckContext): MessageKind =>
  (data) =>
    dialect.message(UNKNOWN_EVENT, data);

/** A kind of message after which, in small, the connection stays: then it ends at a large one for its size. */
export async function kindThatStays(context: CheckContext): Promise<MessageKind | undefined> {
  const { dialect, messages, talk } = context;
  const captured = messages.slice(0, MAX_KINDS).map(
    (message): MessageKind =>
      (data) =>
        dialect.withData(message, data),
  );
  for (const kind of [unknownKind(context), ...captured]) {
    const small = kind('x');
    if (small === undefined) continue;
    using session = await talk();
    await session.ask(small);
    if (session.closed === undefined) return kind;
  }
  return undefined;
}
