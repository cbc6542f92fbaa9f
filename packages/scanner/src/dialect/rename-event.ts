import { type Dialect, jsonObject } from './dialect.js';
import { EVENT_FIELDS, SOCKET_IO_EVENT } from './event-of.js';

/**
 * A captured message with another name of the event in it, and all else as it was.
 *
 * @returns `undefined` for a message in which no event can be found.
 */
export function renameEvent({ id }: Dialect, message: string, name: string): string | undefined {
  if (id === 'graphql-ws') return undefined;
  if (id === 'socket.io') {
    const [, head, event] = SOCKET_IO_EVENT.exec(message) ?? [];
    return head === undefined || event === undefined
      ? undefined
      : `${head}${JSON.stringify(name)}${message.slice(head.length + event.length)}`;
  }
  const object = jsonObject(message);
  const field = EVENT_FIELDS.find((key) => typeof object?.[key] === 'string');
  return object === undefined || field === undefined ? undefined : JSON.stringify({ ...object, [field]: name });
}
