import { describe, expect, it } from 'vitest';
import type { DialectId } from './dialect.js';
import { DIALECTS } from './dialects.js';
import { phoenixFor } from './phoenix.js';
import { isRefusalObject, isRefusalText } from './refusal.js';
import { socketIoFor } from './socket-io.js';

const END = '\u001e';
const STOMP_SEND = 'SEND\ndestination:/app/a\ncontent-length:2\n\n{}\0';

describe('SC-04 what a server makes of an opening', () => {
  it.each<readonly [DialectId, frame: string, 'taken' | 'refused' | 'unanswered']>([
    ['socket.io', '40{"sid":"x"}', 'taken'],
    ['socket.io', '44{"message":"UNAUTHORIZED"}', 'refused'],
    ['socket.io', '0{"sid":"x"}', 'unanswered'],
    ['graphql-ws', '{"type":"connection_ack"}', 'taken'],
    ['graphql-ws', '{"type":"connection_init","payload":{}}', 'unanswered'],
    ['subscriptions-transport-ws', '{"type":"connection_error","payload":{}}', 'refused'],
    ['signalr', `{}${END}`, 'taken'],
    ['signalr', `{"error":"no such protocol"}${END}`, 'refused'],
    ['signalr', '{}', 'unanswered'],
    ['signalr', `{"protocol":"json","version":1}${END}`, 'unanswered'],
    ['signalr', `{"type":6}${END}`, 'unanswered'],
    ['stomp', 'CONNECTED\nversion:1.2\n\n\0', 'taken'],
    ['stomp', 'ERROR\r\nmessage:no\r\n\r\n\0', 'refused'],
    ['stomp', 'CONNECT\naccept-version:1.2\n\n\0', 'unanswered'],
    ['stomp', 'CONNECTED as alice', 'unanswered'],
    ['phoenix', '[null,"scan-heartbeat","phoenix","phx_reply",{"status":"ok","response":{}}]', 'taken'],
    ['phoenix', '[null,"scan-heartbeat","phoenix","heartbeat",{}]', 'unanswered'],
    ['centrifugo', '{"id":2147483647,"connect":{"client":"x","version":"6.0.0"}}', 'taken'],
    ['centrifugo', '{"id":2147483647,"error":{"code":109,"message":"token expired"}}', 'refused'],
    ['centrifugo', '{"id":2147483647,"connect":{"name":"secure-ws-scan"}}', 'unanswered'],
  ])('%s %s is %s', (dialect, frame, opened) => {
    expect(DIALECTS[dialect].opened([frame])).toBe(opened);
    expect(DIALECTS[dialect].isAnswer(frame) && opened === 'taken').toBe(false);
  });
});

describe('SC-04 what is an answer, and what refuses', () => {
  it.each<readonly [DialectId, frame: string, kind: 'answer' | 'refusal' | 'neither']>([
    ['socket.io', '2', 'neither'],
    ['socket.io', '431[{"code":"FORBIDDEN"}]', 'refusal'],
    ['socket.io', '431[{"data":[]}]', 'answer'],
    ['socket.io', '42["exception",{}]', 'refusal'],
    ['graphql-ws', '{"id":"1","type":"next","payload":{"data":{"a":1}}}', 'answer'],
    ['graphql-ws', '{"id":"1","type":"next","payload":{"data":null,"errors":[{}]}}', 'refusal'],
    ['graphql-ws', '{"id":"1","type":"next","payload":{"data":{"a":1,"b":null},"errors":[{}]}}', 'answer'],
    ['graphql-ws', '{"id":"1","type":"next","payload":{"data":{"a":1},"errors":[]}}', 'answer'],
    [
      'graphql-ws',
      '{"id":"1","type":"next","payload":{"data":{"a":{"__typename":"A","b":null}},"errors":[{}]}}',
      'refusal',
    ],
    // It follows a result that refuses: taken for an answer, B had read what was refused to it.
    ['graphql-ws', '{"id":"1","type":"complete"}', 'neither'],
    ['subscriptions-transport-ws', '{"type":"ka"}', 'neither'],
    ['signalr', `{"type":6}${END}{"type":3,"invocationId":"1","error":"no"}${END}`, 'refusal'],
    // What came in front of an error has come.
    [
      'signalr',
      `{"type":2,"invocationId":"1","item":1}${END}{"type":3,"invocationId":"1","error":"no"}${END}`,
      'answer',
    ],
    ['signalr', `{"type":3,"invocationId":"1","result":null}${END}`, 'answer'],
    ['signalr', `{"type":1,"target":"news","arguments":[]}${END}`, 'neither'],
    ['stomp', 'RECEIPT\nreceipt-id:scan\n\n\0', 'answer'],
    ['stomp', 'ERROR\nmessage:no\n\n\0', 'refusal'],
    ['stomp', '\n', 'neither'],
    ['phoenix', '["1","7","a","phx_reply",{"status":"ok","response":{}}]', 'answer'],
    ['phoenix', '["1","7","a","phx_reply",{"status":"error","response":{}}]', 'refusal'],
    ['phoenix', '[null,null,"a","presence_diff",{}]', 'neither'],
    ['centrifugo', '{}', 'neither'],
    ['centrifugo', '{"push":{"channel":"news","pub":{"data":1}}}', 'neither'],
    ['centrifugo', '{"push":{}}\n{"id":2,"error":{"code":103,"message":"permission denied"}}', 'refusal'],
    ['centrifugo', '{"id":2,"rpc":{"data":1}}\n{"id":3,"error":{"code":103,"message":"no"}}', 'answer'],
    ['socket.io', '431["Unauthorized"]', 'refusal'],
    ['socket.io', '431["joined"]', 'answer'],
    ['socket.io', '431[null,"Unauthorized"]', 'answer'],
    ['socket.io', '42["auth_error",{}]', 'refusal'],
    ['socket.io', '42["error.list",{}]', 'answer'],
    ['json', '{"success":false}', 'refusal'],
    ['json', 'Unauthorized', 'refusal'],
    ['json', '{"type":"order","status":200}', 'answer'],
  ])('%s %s is %s', (id, frame, kind) => {
    const dialect = DIALECTS[id];
    const seen = !dialect.isAnswer(frame) ? 'neither' : dialect.isRefusal(frame) ? 'refusal' : 'answer';
    expect(seen).toBe(kind);
  });

  it.each([
    [{ type: 'auth.error' }, true],
    [{ type: 'error.list' }, false],
    [{ event: 'note.read', data: { error: 'FORBIDDEN' } }, true],
    [{ status: 403 }, true],
    [{ status: 'ok', error: null }, false],
    [{ code: 'FORBIDDEN' }, true],
    [{ errors: [] }, false],
    [{ ok: false }, true],
    [{ type: 'AccessDenied' }, true],
    [{ type: 'auth_required' }, true],
    [{ statusCode: 401, message: 'Unauthorized' }, true],
    [{ message: 'Access denied', id: 1 }, true],
    [{ message: 'Access denied', from: 'Ann' }, false],
    [{ err: 'no' }, true],
    [{ err: null, errorCode: 0 }, false],
    [{ event: 'order', data: { status: 'failed' } }, false],
    [{ event: 'order', data: { statusCode: 403 } }, true],
    [{ event: 'note', data: 'The page says that access was denied to us' }, false],
    [{ data: { a: 1 }, errors: [{ path: ['b'] }] }, false],
    [{ data: { a: null }, errors: [{ path: ['a'] }] }, true],
    ['text', false],
  ])('of an object: %j %s', (value, refuses) => expect(isRefusalObject(value)).toBe(refuses));

  it('of a text only where it is short', () => {
    expect(isRefusalText('access denied')).toBe(true);
    expect(isRefusalText('hello')).toBe(false);
    expect(isRefusalText(`an error ${'x'.repeat(200)}`)).toBe(false);
  });
});

describe('SC-03 captured messages', () => {
  it.each<readonly [DialectId, message: string, prepared: string | undefined]>([
    ['json', '{"a":1}', '{"a":1}'],
    ['socket.io', '40{"token":"x"}', undefined],
    ['socket.io', '3', undefined],
    ['graphql-ws', '{"type":"connection_init","payload":{"token":"x"}}', undefined],
    ['signalr', `{"protocol":"json","version":1}${END}`, undefined],
    [
      'signalr',
      '{"type":1,"target":"a","arguments":[]}',
      `{"type":1,"target":"a","arguments":[],"invocationId":"1"}${END}`,
    ],
    ['stomp', 'CONNECT\npasscode:x\n\n\0', undefined],
    [
      'stomp',
      'SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0',
      'SUBSCRIBE\nid:0\ndestination:/topic/a\nreceipt:scan\n\n\0',
    ],
    ['centrifugo', '{"id":1,"connect":{"token":"x"}}', undefined],
    ['centrifugo', '{"id":2,"rpc":{"method":"a"}}', '{"id":2,"rpc":{"method":"a"}}'],
    ['phoenix', '["3","3","a","phx_join",{"token":"x"}]', undefined],
  ])('%s %s', (dialect, message, prepared) => expect(DIALECTS[dialect].prepared(message)).toBe(prepared));

  it.each<readonly [DialectId, message: string, event: string, renamed: string]>([
    ['signalr', `{"type":1,"target":"a","arguments":[]}${END}`, 'a', `{"type":1,"target":"x","arguments":[]}${END}`],
    ['stomp', STOMP_SEND, '/app/a', 'SEND\ncontent-length:2\ndestination:/app/x\n\n{}\0'],
    ['phoenix', '["3","7","t","a",{}]', 'a', '[null,"7","t","x",{}]'],
    [
      'centrifugo',
      '{"id":2,"publish":{"channel":"c","data":1}}',
      'publish c',
      '{"id":2,"publish":{"channel":"x","data":1}}',
    ],
  ])('of %s %s is about %s', (id, message, event, renamed) => {
    expect(DIALECTS[id].eventOf(message)).toBe(event);
    expect(DIALECTS[id].renamed(message, 'x')).toBe(renamed);
  });

  it.each<readonly [DialectId, message: string, changed: string | undefined]>([
    ['nest-ws', '{"event":"a","data":{}}', '{"event":"a","data":[1]}'],
    ['json', '{"type":"a"}', undefined],
    ['socket.io', '421["a",{}]', '421["a",[1]]'],
    [
      'graphql-ws',
      '{"id":"1","type":"subscribe","payload":{"query":"{ a }"}}',
      '{"id":"1","type":"subscribe","payload":{"query":"{ a }","variables":{"data":[1]}}}',
    ],
    ['signalr', `{"type":1,"target":"a","arguments":[]}${END}`, `{"type":1,"target":"a","arguments":[[1]]}${END}`],
    // A length of the old body would cut the new one.
    ['stomp', STOMP_SEND, 'SEND\ndestination:/app/a\n\n[1]\0'],
    ['centrifugo', '{"id":2,"subscribe":{"channel":"c"}}', undefined],
  ])('of %s %s take other data', (id, message, changed) => expect(DIALECTS[id].withData(message, [1])).toBe(changed));

  it('AZ-04 are joined and connected to with the token of who speaks, and none of who was recorded', () => {
    const join = '["3","3","room:1","phx_join",{"auth_token":"of alice","page":2}]';
    const { opening } = phoenixFor([join, '["3","4","room:1","new",{}]'], true);
    expect(opening('of bob')).toEqual([
      '["scan-join-0","scan-join-0","room:1","phx_join",{"page":2,"token":"of bob"}]',
    ]);
    expect(opening(undefined).join()).not.toContain('alice');
    expect(socketIoFor(['42/admin,["a"]']).opening('of bob')).toEqual(['40/admin,{"token":"of bob"}']);
  });
});

describe('SC-04 what keeps a connection open', () => {
  it.each<readonly [DialectId, frame: string, reply: string | undefined]>([
    ['socket.io', '2', '3'],
    ['socket.io', '42["a"]', undefined],
    ['graphql-ws', '{"type":"ping"}', '{"type":"pong"}'],
    ['centrifugo', '{}', '{}'],
    ['centrifugo', '{"push":{}}', undefined],
  ])('of %s to %s is %s', (dialect, frame, reply) => expect(DIALECTS[dialect].reply?.(frame, undefined)).toBe(reply));

  it('is a new join after a message has ended a channel of Phoenix', () => {
    const { reply } = phoenixFor(['["3","4","room:1","new",{}]'], true);
    expect(reply?.('["1",null,"room:1","phx_error",{}]', 'mine')).toContain('"phx_join",{"token":"mine"}');
    expect(reply?.('["1",null,"room:2","phx_error",{}]', 'mine')).toBeUndefined();
  });
});

it.each<readonly [dialect: DialectId, message: string, event: string | undefined, renamed: string | undefined]>([
  ['nest-ws', '{"event":"a.b","data":{}}', 'a.b', '{"event":"x","data":{}}'],
  ['json', '{"type":"a","event":5}', 'a', '{"type":"x","event":5}'],
  ['json', '{"method":"a","id":1}', 'a', '{"method":"x","id":1}'],
  ['json', '{"data":1}', undefined, undefined],
  ['json', '[1]', undefined, undefined],
  ['json', 'PING', undefined, undefined],
  ['socket.io', '42["a\\"b",{}]', 'a"b', '42["x",{}]'],
  ['socket.io', '4213["a",{}]', 'a', '4213["x",{}]'],
  ['socket.io', '42/admin,7["a"]', 'a', '42/admin,7["x"]'],
  ['socket.io', '2', undefined, undefined],
  [
    'graphql-ws',
    '{"type":"subscribe","payload":{"query":"subscription S { orders(id: 1) { id } }"}}',
    'orders',
    undefined,
  ],
  ['graphql-ws', '{"type":"subscribe","payload":{"query":"{ mine: orders { id } }"}}', 'orders', undefined],
  ['graphql-ws', '{"type":"ping","payload":null}', undefined, undefined],
])('of %s %s is %s', (dialect, message, event, renamed) => {
  expect(DIALECTS[dialect].eventOf(message)).toBe(event);
  expect(DIALECTS[dialect].renamed(message, 'x')).toBe(renamed);
});

it('SC-02 a name of half a megabyte says neither yes nor no: it is not looked at', () => {
  expect(isRefusalObject({ type: `${'too many '.repeat(60_000)}!` })).toBe(false);
  expect(isRefusalObject({ type: 'too many requests' })).toBe(true);
});
