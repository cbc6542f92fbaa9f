import { deepStrictEqual } from 'node:assert/strict';
import { EchoConnection } from '../measure/echo-connection.js';
import { maskedFrame, OPCODES } from '../measure/frames.js';
import { LoadConnection } from '../measure/load-connection.js';
import { TRADER_ACCOUNT_ID } from './accounts.js';
import { traderToken } from './identity.js';
import { orderBatch } from './order-batch.js';

/** Sends one batch of orders on a connection of its own and checks what comes back. @throws when that is anything else. */
export type OrderLane = () => Promise<void>;

/** Opens a WebSocket connection for orders. */
export async function openOrderLane(port: number, index: number, window: number): Promise<OrderLane> {
  const connection = await open(port);
  const { bytes, replies } = orderBatch(index, window);
  return async () => {
    const received = await connection.exchange(bytes, replies.length);
    // A server that refuses is fast: every reply of every round is compared with what it must be.
    received.forEach((reply, position) => deepStrictEqual(JSON.parse(reply), replies[position]));
  };
}

/** Opens a TCP connection that sends the same bytes to a server which sends them back. */
export async function openEchoLane(port: number, index: number, window: number): Promise<OrderLane> {
  const connection = await EchoConnection.open(port);
  const { bytes } = orderBatch(index, window);
  return async () => deepStrictEqual(await connection.exchange(bytes), bytes);
}

const REFUSED_ORDERS = [
  { what: 'for the account of another', order: { accountId: '5a3a9a55-13f4-4b52-8a3e-7d1b0a2f9c22', price: 10.25 } },
  { what: 'with a negative price', order: { accountId: TRADER_ACCOUNT_ID, price: -1 } },
  { what: 'with a property too many', order: { accountId: TRADER_ACCOUNT_ID, price: 10.25, isAdmin: true } },
] as const;

/**
 * Sends orders that a server with checks must refuse.
 *
 * @throws when it takes one: a server that does not check has no place in the comparison.
 */
export async function expectChecks(name: string, port: number): Promise<void> {
  const connection = await open(port);
  for (const { what, order } of REFUSED_ORDERS) {
    const message = { event: 'order.place', data: { symbol: 'SYM', quantity: 100, ...order } };
    const [reply = ''] = await connection.exchange(maskedFrame(OPCODES.TEXT, Buffer.from(JSON.stringify(message))), 1);
    const { event } = JSON.parse(reply) as { event?: unknown };
    if (event !== 'exception' && event !== 'error') throw new Error(`${name} took an order ${what}: ${reply}`);
  }
  await connection.close();
}

async function open(port: number): Promise<LoadConnection> {
  return LoadConnection.open({ port, path: '/orders', headers: { Authorization: `Bearer ${traderToken()}` } });
}
