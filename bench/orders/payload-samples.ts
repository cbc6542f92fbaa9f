import { TRADER_ACCOUNT_ID } from './accounts.js';
import { Basket, InstrumentOrder } from './basket.js';
import { PlaceOrder } from './place-order.js';
import { TYPEBOX_CHECKS } from './typebox-schemas.js';
import { ZOD_CHECKS } from './zod-schemas.js';

/** A DTO class with a value that it accepts and one that it refuses. */
export interface PayloadSample {
  readonly name: string;
  readonly type: new () => object;
  readonly accepted: object;
  readonly refused: object;
  /** The most that our check may cost, in parts of `plainToInstance` + `validate` (design.md section 10). */
  readonly goal: number;
  readonly rivals: Readonly<Record<'zod' | 'typebox', (value: object) => boolean>>;
}

const order = { accountId: TRADER_ACCOUNT_ID, symbol: 'SYM', quantity: 100, price: 10.25 };

const instrument = { symbol: 'SYM', exchange: 'XLON', currency: 'GBP' };
const instrumentOrder = { accountId: TRADER_ACCOUNT_ID, instrument, quantity: 100, note: 'At the open.' };

const items = Array.from({ length: 10 }, (_, index) => ({ symbol: `SYM${index}`, quantity: index + 1 }));
const basket = { accountId: TRADER_ACCOUNT_ID, items };

/** One sample of each shape. A refused one breaks one property far down, so that what comes before it is checked too. */
export const PAYLOAD_SAMPLES: readonly PayloadSample[] = [
  {
    name: 'flat',
    type: PlaceOrder,
    accepted: order,
    refused: { ...order, price: -1 },
    goal: 0.07,
    rivals: { zod: ZOD_CHECKS.flat, typebox: TYPEBOX_CHECKS.flat },
  },
  {
    name: 'nested',
    type: InstrumentOrder,
    accepted: instrumentOrder,
    refused: { ...instrumentOrder, instrument: { ...instrument, currency: 'XXX' } },
    goal: 0.1,
    rivals: { zod: ZOD_CHECKS.nested, typebox: TYPEBOX_CHECKS.nested },
  },
  {
    name: 'array',
    type: Basket,
    accepted: basket,
    refused: { ...basket, items: [...items.slice(0, -1), { symbol: 'SYM9', quantity: 0 }] },
    goal: 0.1,
    rivals: { zod: ZOD_CHECKS.array, typebox: TYPEBOX_CHECKS.array },
  },
];
