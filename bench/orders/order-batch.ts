import { maskedFrame, OPCODES } from '../measure/frames.js';
import { TRADER_ACCOUNT_ID } from './accounts.js';
import type { OrderPlaced } from './place-order.js';

/** A batch of orders as it goes over the wire, and the replies that it must bring. */
export interface OrderBatch {
  readonly bytes: Buffer;
  readonly replies: readonly OrderPlaced[];
}

/** Prepares orders that differ in every field that may differ, so that no server can answer one for another unseen. */
export function orderBatch(connection: number, size: number): OrderBatch {
  const orders = Array.from({ length: size }, (_, index) => ({
    accountId: TRADER_ACCOUNT_ID,
    symbol: `SYM${connection}`,
    quantity: 100 * (connection + 1) + index,
    price: 10.25 + index,
  }));
  const frames = orders.map((data) =>
    maskedFrame(OPCODES.TEXT, Buffer.from(JSON.stringify({ event: 'order.place', data }))),
  );
  return { bytes: Buffer.concat(frames), replies: orders.map((data) => ({ event: 'order.placed', data })) };
}
