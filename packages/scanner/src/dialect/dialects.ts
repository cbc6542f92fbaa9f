import { CENTRIFUGO } from './centrifugo.js';
import type { Dialect, DialectId } from './dialect.js';
import { GRAPHQL_WS, SUBSCRIPTIONS_TRANSPORT_WS } from './graphql.js';
import { JSON_TEXT, NEST_WS } from './json-text.js';
import { phoenixFor } from './phoenix.js';
import { SIGNALR } from './signalr.js';
import { socketIoFor } from './socket-io.js';
import { STOMP } from './stomp.js';

/** Every dialect by its id, as it is spoken without captured messages. */
export const DIALECTS: Readonly<Record<DialectId, Dialect>> = {
  'nest-ws': NEST_WS,
  'socket.io': socketIoFor([]),
  'graphql-ws': GRAPHQL_WS,
  'subscriptions-transport-ws': SUBSCRIPTIONS_TRANSPORT_WS,
  signalr: SIGNALR,
  stomp: STOMP,
  phoenix: phoenixFor([], true),
  centrifugo: CENTRIFUGO,
  json: JSON_TEXT,
};

/** Those that a message tells, the one that no other is taken for first. */
const TELLING: readonly Dialect[] = [
  DIALECTS['socket.io'],
  STOMP,
  SIGNALR,
  GRAPHQL_WS,
  SUBSCRIPTIONS_TRANSPORT_WS,
  DIALECTS.phoenix,
  CENTRIFUGO,
  NEST_WS,
];

/** The dialect that one of some messages tells; `undefined` where none does. */
export function dialectOf(messages: readonly string[]): Dialect | undefined {
  return TELLING.find((dialect) => messages.some((message) => dialect.isOwn(message)));
}
