import { describe, expect, it } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { GOOD_ORDER, Order, OrderLine, OrdersGateway } from '../support/orders.gateway.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const start = async () => {
  const app = await startApp({ providers: [OrdersGateway] });
  const client = await connect(`${app.url}/orders`, { token: app.token() });
  return { app, client, gateway: app.app.get(OrdersGateway) };
};

const CANARY = 'canary-value-5150';
const line = GOOD_ORDER.first;

describe('a payload with what nobody asked for', () => {
  it('MV-03 lets a good payload through as instances of its classes', async () => {
    const { client, gateway } = await start();
    await client.request('order.place', { ...GOOD_ORDER, more: [{ article: 'black', quantity: 1 }] });
    expect(gateway.placed).toEqual([{ ...GOOD_ORDER, more: [{ article: 'black', quantity: 1 }] }]);
    expect(gateway.placed[0]).toBeInstanceOf(Order);
    expect(gateway.placed[0]?.first).toBeInstanceOf(OrderLine);
    expect(gateway.placed[0]?.more?.[0]).toBeInstanceOf(OrderLine);
  });

  it.each<readonly [what: string, data: unknown, path: string]>([
    ['a property of the payload', { ...GOOD_ORDER, [CANARY]: CANARY }, '*'],
    ['a property that says nothing', { ...GOOD_ORDER, isAdmin: null }, '*'],
    ['a property of the nested object', { ...GOOD_ORDER, first: { ...line, [CANARY]: CANARY } }, 'first.*'],
    ['a property of a list item', { ...GOOD_ORDER, more: [line, { ...line, [CANARY]: CANARY }] }, 'more.1.*'],
    ['the name of a method', { ...GOOD_ORDER, toString: CANARY }, '*'],
    ['the name of a method of all objects', { ...GOOD_ORDER, hasOwnProperty: CANARY }, '*'],
  ])('MV-03 is refused, never stripped: %s', async (_, data, path) => {
    const { client, gateway } = await start();
    const reply = await client.request('order.place', data);
    const { issues } = expectError(reply, 'VALIDATION_FAILED');
    // The place only: the name of an unknown property is the client's own text.
    expect(issues).toEqual([{ path, rule: 'whitelistValidation' }]);
    expect(JSON.stringify(reply)).not.toContain(CANARY);
    expect(gateway.placed).toEqual([]);
  });

  it.each<readonly [what: string, data: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['true', true],
    ['a number', 5],
    ['a string', 'order'],
    ['an empty list', []],
    ['the order in a list', [GOOD_ORDER]],
    ['an empty object', {}],
    ['a list for the nested object', { ...GOOD_ORDER, first: [line] }],
    ['an empty list for the nested object', { ...GOOD_ORDER, first: [] }],
    ['an object for the list', { ...GOOD_ORDER, more: { 0: line, length: 1 } }],
    ['a string for the nested object', { ...GOOD_ORDER, first: 'green' }],
    ['null in the list', { ...GOOD_ORDER, more: [null] }],
    ['a list in the list', { ...GOOD_ORDER, more: [[line]] }],
    ['an operator for a string', { ...GOOD_ORDER, title: { $gt: '' } }],
    ['a list for a string', { ...GOOD_ORDER, title: ['tea'] }],
    ['a string for a number', { ...GOOD_ORDER, first: { ...line, quantity: '2' } }],
    ['true for a number', { ...GOOD_ORDER, first: { ...line, quantity: true } }],
    ['a fraction for a whole number', { ...GOOD_ORDER, first: { ...line, quantity: 1.5 } }],
    ['a number out of range', { ...GOOD_ORDER, first: { ...line, quantity: 101 } }],
  ])('MV-03 MV-07 MV-08 MV-09 refuses another shape: %s', async (_, data) => {
    const { client, gateway } = await start();
    expectError(await client.request('order.place', data), 'VALIDATION_FAILED');
    expect(gateway.placed).toEqual([]);
  });

  it('MV-16 names at most five places and rules, and no values', async () => {
    const { client } = await start();
    const more = Array.from({ length: 20 }, () => ({ article: 'green', quantity: CANARY }));
    const reply = await client.request('order.place', { ...GOOD_ORDER, more });
    const { issues } = expectError(reply, 'VALIDATION_FAILED');
    expect(issues).toHaveLength(5);
    for (const issue of issues ?? []) expect(Object.keys(issue)).toEqual(['path', 'rule']);
    expect(JSON.stringify(reply)).not.toContain(CANARY);
  });
});
