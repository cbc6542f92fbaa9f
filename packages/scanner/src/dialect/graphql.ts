import { randomUUID } from 'node:crypto';
import { type Dialect, fieldsOf, jsonObject, WITHOUT_OPENING } from './dialect.js';
import { hasLeaf } from './has-leaf.js';

/** Where the two protocols of GraphQL over WebSocket differ. */
interface Variant {
  readonly id: 'graphql-ws' | 'subscriptions-transport-ws';
  readonly subprotocol: string;
  /** What asks for an operation. */
  readonly ask: string;
  /** What brings a result of one. */
  readonly result: string;
}

function graphql({ id, subprotocol, ask, result }: Variant): Dialect {
  const typeOf = (frame: string): unknown => jsonObject(frame)?.['type'];
  return {
    ...WITHOUT_OPENING,
    id,
    subprotocols: [subprotocol],
    // Each server reads the token where its author put it: these are the usual places.
    opening: (token) => [
      JSON.stringify({
        type: 'connection_init',
        payload: token === undefined ? {} : { Authorization: `Bearer ${token}`, authToken: token, token },
      }),
    ],
    opened: (frames) =>
      frames.some((frame) => typeOf(frame) === 'connection_ack')
        ? 'taken'
        : frames.some((frame) => typeOf(frame) === 'connection_error')
          ? 'refused'
          : 'unanswered',
    isOwn: (message) => typeOf(message) === ask && eventOf(message) !== undefined,
    message: (event, data) =>
      JSON.stringify({ id: randomUUID(), type: ask, payload: { query: `{ ${event} }`, variables: variablesOf(data) } }),
    eventOf,
    // A field that the schema does not have fails otherwise than one that is forbidden, as it must: the schema is public.
    renamed: () => undefined,
    // Without variables a query has no data: what is beside it nobody reads.
    dataOf: (message) =>
      typeOf(message) === ask ? fieldsOf(jsonObject(message)?.['payload'])['variables'] : undefined,
    withData: (message, data) => {
      const { payload, ...rest } = jsonObject(message) ?? {};
      return rest['type'] === ask
        ? JSON.stringify({ ...rest, payload: { ...fieldsOf(payload), variables: variablesOf(data) } })
        : undefined;
    },
    prepared: (message) => (typeOf(message) === ask ? message : undefined),
    again: (message, count) => {
      const object = jsonObject(message);
      return object === undefined ? message : JSON.stringify({ ...object, id: `again-${count}` });
    },
    // The end of an operation follows a result that refuses as well: by itself it says nothing.
    isAnswer: (frame) => [result, 'error'].includes(String(typeOf(frame))),
    isRefusal: (frame) => {
      const { type, payload } = jsonObject(frame) ?? {};
      const { errors, data } = fieldsOf(payload);
      // A field that fails does not keep the others back: they are answered beside the error.
      return type === 'error' || (type === result && hasErrors(errors) && !hasLeaf(data));
    },
    reply: (frame) => (typeOf(frame) === 'ping' ? '{"type":"pong"}' : undefined),
  };
}

const hasErrors = (errors: unknown): boolean => (Array.isArray(errors) ? errors.length > 0 : Boolean(errors));

/** The first field that a query asks for. */
function eventOf(message: string): string | undefined {
  const { query } = fieldsOf(jsonObject(message)?.['payload']);
  return typeof query === 'string' ? /\{\s*(?:\w+\s*:\s*)?(\w+)/.exec(query)?.[1] : undefined;
}

const variablesOf = (data: unknown): unknown =>
  typeof data === 'object' && data !== null && !Array.isArray(data) ? data : { data };

/** The subprotocol `graphql-transport-ws` (github.com/enisdenjo/graphql-ws, PROTOCOL.md). */
export const GRAPHQL_WS: Dialect = graphql({
  id: 'graphql-ws',
  subprotocol: 'graphql-transport-ws',
  ask: 'subscribe',
  result: 'next',
});

/** The older subprotocol, which is called `graphql-ws` (github.com/apollographql/subscriptions-transport-ws, PROTOCOL.md). */
export const SUBSCRIPTIONS_TRANSPORT_WS: Dialect = graphql({
  id: 'subscriptions-transport-ws',
  subprotocol: 'graphql-ws',
  ask: 'start',
  result: 'data',
});
