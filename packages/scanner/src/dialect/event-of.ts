import { type Dialect, jsonObject } from './dialect.js';

/** The fields that JSON dialects name an event with, the usual first. */
export const EVENT_FIELDS: readonly string[] = ['event', 'type', 'action', 'method'];

/** An event of Socket.IO: what stands in front of its name (with the namespace and the number of the acknowledgement), and the name in JSON. */
export const SOCKET_IO_EVENT = /^(42(?:\/[^,]*,)?\d*\[)("(?:[^"\\]|\\.)*")/;

/** The name of the event, operation or field that a message asks for; `undefined` where none can be read. */
export function eventOf({ id }: Dialect, message: string): string | undefined {
  if (id === 'socket.io') {
    const [, , name] = SOCKET_IO_EVENT.exec(message) ?? [];
    return name === undefined ? undefined : (JSON.parse(name) as string);
  }
  const object = jsonObject(message) ?? {};
  if (id === 'graphql-ws') {
    const query = (object['payload'] as { readonly query?: unknown } | null | undefined)?.query;
    return typeof query === 'string' ? /\{\s*(?:\w+\s*:\s*)?(\w+)/.exec(query)?.[1] : undefined;
  }
  const field = EVENT_FIELDS.find((key) => typeof object[key] === 'string');
  return field === undefined ? undefined : (object[field] as string);
}
