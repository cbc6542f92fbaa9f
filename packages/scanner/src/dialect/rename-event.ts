import { type Dialect, jsonObject } from './dialect.js';

/**
 * A captured message with another name of the event in it, and all else as it was.
 *
 * @returns `undefined` for a message in which no event can be found.
 */
export function renameEvent({ id }: Dialect, message: string, name: string): string | undefined {
  if (id === 'graphql-ws') return undefined;
  if (id === 'socket.io') {
    const [, head = ''] = /^(42\d*\[)"(?:[^"\\]|\\.)*"/.exec(message) ?? [];
    return head === ''
      ? undefined
      : message.replace(/^42\d*\["(?:[^"\\]|\\.)*"/, () => `${head}${JSON.stringify(name)}`);
  }
  const object = jsonObject(message);
  const field = ['event', 'type', 'action', 'method'].find((key) => typeof object?.[key] === 'string');
  return object === undefined || field === undefined ? undefined : JSON.stringify({ ...object, [field]: name });
}
