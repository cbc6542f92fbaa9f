import { expect, it } from 'vitest';
import type { DialectId } from './dialect.js';
import { DIALECTS } from './dialects.js';
import { eventOf } from './event-of.js';
import { renameEvent } from './rename-event.js';

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
  expect(eventOf(DIALECTS[dialect], message)).toBe(event);
  expect(renameEvent(DIALECTS[dialect], message, 'x')).toBe(renamed);
});
