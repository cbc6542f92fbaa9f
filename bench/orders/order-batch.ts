import { maskedFrame, OPCODES } from '../measure/frames.js';
import { TRADER_ACCOUNT_ID } from './accounts.js';
import type { OrderPlaced, PlaceOrder } from './place-order.js';

/** The event of an order. */
export const PLACE_ORDER = 'order.place';

/** A batch of orders as it goes over the wire, and the replies that it must bring. */
export interface OrderBatch {
  readonly bytes: Buffer;
  readonly replies: readonly OrderPlaced[];
}

/** Prepares orders that differ in every field that may differ, so that no server can answer one for another unseen. */
export function orderBatch(connection: number, size: number): OrderBatch {
  const indices = Array.from({ length: size }, (_, index) => index);
  const frames = indices.map((index) => maskedFrame(OPCODES.TEXT, Buffer.from(orderText(connection, index))));
  const replies = indices.map((index) => ({ event: 'order.placed' as const, data: order(connection, index) }));
  return { bytes: Buffer.concat(frames), replies };
}

/** One of them, as the text of its message. */
export function orderText(connection: number, index: number): string {
  return JSON.stringify({ event: PLACE_ORDER, data: order(connection, index) });
}

function order(connection: number, index: number): PlaceOrder {
  const quantity = 100 * (connection + 1) + index;
  return { accountId: TRADER_ACCOUNT_ID, symbol: `SYM${connection}`, quantity, price: 10.25 + index };
}
