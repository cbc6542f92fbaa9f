import { describe, expect, it } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { GOOD_ORDER, OrdersGateway } from '../support/orders.gateway.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const KEYS = [
  '"__proto__"',
  '"constructor"',
  '"prototype"',
  '"\\u005f_proto__"',
  '"\\u005F\\u005fproto\\u005f\\u005f"',
  '"c\\u006fnstructor"',
];
const VALUES = ['{"polluted":true}', '{"prototype":{"polluted":true}}', '1', 'null', '[]'];

const order = JSON.stringify(GOOD_ORDER).slice(0, -1);
const PLACES: readonly (readonly [where: string, message: (member: string) => string])[] = [
  ['the envelope', (member) => `{"event":"order.place","id":1,"data":${order}},${member}}`],
  ['the payload', (member) => `{"event":"order.place","id":1,"data":${order},${member}}}`],
  ['a nested object', (member) => `{"event":"order.place","id":1,"data":{"title":"tea","first":{${member}}}}`],
  ['a list item', (member) => `{"event":"order.place","id":1,"data":${order},"more":[{${member}}]}}`],
  ['a deep object', (member) => `{"event":"order.place","id":1,"data":{"a":{"b":[{"c":{"d":{${member}}}}]}}}`],
];

describe('a message with a key of the prototype', () => {
  it.each(KEYS.flatMap((key) => PLACES.map(([where, message]) => ({ key, where, message }))))(
    'MV-04 is refused before anything is made of it: $key in $where',
    async ({ key, message }) => {
      const app = await startApp({ providers: [OrdersGateway] });
      const client = await connect(`${app.url}/orders`, { token: app.token() });
      for (const value of VALUES) {
        client.sendRaw(message(`${key}:${value}`));
        expectError(await client.next(), 'BAD_MESSAGE');
      }
      expect(app.app.get(OrdersGateway).placed).toEqual([]);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      expect(app.events.ofType('ws.message.refused')).toHaveLength(VALUES.length);
      // The connection and the classes are as good as before.
      expect(await client.request('order.place', GOOD_ORDER)).toMatchObject({ data: { placed: true } });
    },
  );

  it('MV-04 does not mind these words as values', async () => {
    const app = await startApp({ providers: [OrdersGateway] });
    const client = await connect(`${app.url}/orders`, { token: app.token() });
    const placed = await client.request('order.place', { ...GOOD_ORDER, title: '__proto__' });
    expect(placed).toMatchObject({ data: { placed: true } });
  });
});
