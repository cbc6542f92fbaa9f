import { type Dialect, jsonValue, WITHOUT_OPENING } from './dialect.js';
import { isRefusalName, isRefusalObject, isRefusalWords } from './refusal.js';

/** An event: what stands in front of its name (with the namespace and the number of the acknowledgement), and the name in JSON. */
const SOCKET_IO_EVENT = /^(42(?:\/[^,]*,)?\d*\[)("(?:[^"\\]|\\.)*")/;

const MAX_NAMESPACES = 10;

/** Socket.IO over Engine.IO 4, with the namespaces that captured messages are for: each has to be connected to before it takes any. */
export function socketIoFor(messages: readonly string[]): Dialect {
  const named = messages.flatMap((message) => (SOCKET_IO_EVENT.test(message) ? [namespaceOf(message)] : []));
  const namespaces = named.length === 0 ? [''] : [...new Set(named)].slice(0, MAX_NAMESPACES);
  return {
    ...WITHOUT_OPENING,
    id: 'socket.io',
    // What a client gives as `auth`, and `socket.handshake.auth` is on the server.
    opening: (token) =>
      namespaces.map((namespace) => `40${namespace}${token === undefined ? '' : JSON.stringify({ token })}`),
    opened: (frames) =>
      frames.some((frame) => frame.startsWith('40'))
        ? 'taken'
        : frames.some((frame) => frame.startsWith('44'))
          ? 'refused'
          : 'unanswered',
    isOwn: (message) => SOCKET_IO_EVENT.test(message),
    // With a number, so that a handler which acknowledges answers.
    message: (event, data) => `42${namespaces[0]}1${JSON.stringify([event, data])}`,
    eventOf: (message) => {
      const [, , name] = SOCKET_IO_EVENT.exec(message) ?? [];
      return name === undefined ? undefined : (jsonValue(name) as string);
    },
    renamed: (message, name) => {
      const [, head, event] = SOCKET_IO_EVENT.exec(message) ?? [];
      return head === undefined || event === undefined
        ? undefined
        : `${head}${JSON.stringify(name)}${message.slice(head.length + event.length)}`;
    },
    dataOf: (message) => {
      const values = jsonValue(/^42(?:\/[^,]*,)?\d*(\[.*)$/s.exec(message)?.[1] ?? '');
      return Array.isArray(values) ? (values as readonly unknown[])[1] : undefined;
    },
    withData: (message, data) => {
      const [, head, event] = SOCKET_IO_EVENT.exec(message) ?? [];
      return head === undefined ? undefined : `${head}${event},${JSON.stringify(data)}]`;
    },
    prepared: (message) => (SOCKET_IO_EVENT.test(message) ? message : undefined),
    // 0 is the greeting, 2 the heartbeat, 40 the answer to the opening.
    isAnswer: (frame) => /^4[1-6]/.test(frame),
    isRefusal: (frame) => /^4[14]/.test(frame) || isRefusingEvent(frame) || isRefusingAck(frame),
    reply: (frame) => (frame === '2' ? '3' : undefined),
  };
}

const namespaceOf = (message: string): string => /^42(\/[^,]*,)/.exec(message)?.[1] ?? '';

function isRefusingEvent(frame: string): boolean {
  const [, , name] = SOCKET_IO_EVENT.exec(frame) ?? [];
  return name !== undefined && isRefusalName(String(jsonValue(name)));
}

function isRefusingAck(frame: string): boolean {
  const [, answered] = /^43(?:\/[^,]*,)?\d*(\[.*)$/s.exec(frame) ?? [];
  const values = answered === undefined ? undefined : jsonValue(answered);
  // An error comes first, as an object or as a text.
  return Array.isArray(values) && (isRefusalObject(values[0]) || isRefusalWords(values[0]));
}
