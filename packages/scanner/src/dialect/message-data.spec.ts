import { describe, expect, it } from 'vitest';
import { DIALECTS } from './dialects.js';
import { messageData } from './message-data.js';

describe('messageData', () => {
  it.each([
    ['nest-ws', '{"event":"a","data":{"b":1},"id":2}', { b: 1 }, '{"event":"a","data":"x","id":2}'],
    ['json', '{"type":"a","params":["b"]}', ['b'], '{"type":"a","params":"x"}'],
    ['socket.io', '42/admin,7["a",{"b":1},"c"]', { b: 1 }, '42/admin,7["a","x","c"]'],
    [
      'graphql-ws',
      '{"type":"subscribe","payload":{"query":"{ a }","variables":{"b":1}}}',
      { b: 1 },
      '{"type":"subscribe","payload":{"query":"{ a }","variables":"x"}}',
    ],
  ] as const)('SC-06 finds and replaces the data of %s', (id, message, data, replaced) => {
    const found = messageData(DIALECTS[id], message);
    expect(found?.data).toEqual(data);
    expect(found?.with('x')).toBe(replaced);
  });

  it.each([
    ['nest-ws', '{"event":"a"}'],
    ['nest-ws', 'hello'],
    ['socket.io', '42["a"]'],
    ['socket.io', '42[{'],
    ['graphql-ws', '{"type":"subscribe","payload":{"query":"{ a }"}}'],
  ] as const)('finds none in a message of %s: %s', (id, message) => {
    expect(messageData(DIALECTS[id], message)).toBeUndefined();
  });
});
