import { type Dialect, type DialectId, jsonObject } from './dialect.js';

/** `{ "event": ..., "data": ... }`, as the `ws` adapter of Nest and SecureWs read it. */
const NEST_WS: Dialect = {
  id: 'nest-ws',
  opening: [],
  message: (event, data) => JSON.stringify({ event, data, id: 1 }),
  isRefusal: (frame) => ['error', 'exception'].includes(String(jsonObject(frame)?.['event'])),
  isAnswer: () => true,
};

/** Socket.IO over Engine.IO 4: `42["event", data]`. */
const SOCKET_IO: Dialect = {
  id: 'socket.io',
  opening: ['40'],
  message: (event, data) => `42${JSON.stringify([event, data])}`,
  isRefusal: (frame) => /^44|^42(?:\/[^,]*,)?\["(?:error|exception)"/.test(frame),
  // 0 is the greeting, 2 the heartbeat, 40 the answer to the opening.
  isAnswer: (frame) => /^4[1-6]/.test(frame),
};

const MAX_NAMESPACES = 10;

/** Socket.IO with the namespaces that captured messages are for: each has to be connected to before it takes any. */
export function socketIoFor(messages: readonly string[]): Dialect {
  const namespaces = messages.flatMap((message) => /^42(\/[^,]*,)/.exec(message)?.[1] ?? []);
  const opening = [...new Set(namespaces)].slice(0, MAX_NAMESPACES).map((namespace) => `40${namespace}`);
  return { ...SOCKET_IO, opening: [...SOCKET_IO.opening, ...opening] };
}

/** The subprotocol `graphql-transport-ws`. */
const GRAPHQL_WS: Dialect = {
  id: 'graphql-ws',
  opening: ['{"type":"connection_init"}'],
  message: (event, data) =>
    JSON.stringify({ id: '1', type: 'subscribe', payload: { query: `{ ${event} }`, variables: data ?? {} } }),
  isRefusal: (frame) => {
    const { type, payload } = jsonObject(frame) ?? {};
    return type === 'error' || (type === 'next' && jsonObject(JSON.stringify(payload))?.['errors'] !== undefined);
  },
  isAnswer: (frame) => ['next', 'error', 'complete'].includes(String(jsonObject(frame)?.['type'])),
};

/** Any JSON: the names of its fields are guessed. */
const JSON_TEXT: Dialect = {
  id: 'json',
  opening: [],
  message: (event, data) => JSON.stringify({ type: event, event, data }),
  isRefusal: (frame) => {
    const answer = jsonObject(frame) ?? {};
    return 'error' in answer || [answer['type'], answer['event']].some((name) => name === 'error');
  },
  isAnswer: () => true,
};

/** Every dialect by its id. */
export const DIALECTS: Readonly<Record<DialectId, Dialect>> = {
  'nest-ws': NEST_WS,
  'socket.io': SOCKET_IO,
  'graphql-ws': GRAPHQL_WS,
  json: JSON_TEXT,
};

/** The subprotocol of {@link DIALECTS} `graphql-ws`. */
export const GRAPHQL_SUBPROTOCOL = 'graphql-transport-ws';
