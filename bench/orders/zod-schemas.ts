import { z } from 'zod';

const symbol = z.string().min(1).max(12);

/** `PlaceOrder` in zod: the same rules, and unknown properties refused. */
const placeOrder = z.strictObject({
  accountId: z.uuid(),
  symbol,
  quantity: z.int().min(1).max(1_000_000),
  price: z.number().positive(),
});

const instrumentOrder = z.strictObject({
  accountId: z.uuid(),
  instrument: z.strictObject({ symbol, exchange: z.string().min(2).max(10), currency: z.enum(['EUR', 'GBP', 'USD']) }),
  quantity: z.int().min(1).max(1_000_000),
  note: z.string().max(200).optional(),
});

const basket = z.strictObject({
  accountId: z.uuid(),
  items: z.array(z.strictObject({ symbol, quantity: z.int().min(1).max(1_000) })).max(50),
});

/** Whether zod accepts a payload; like ours, it makes a new object of it. */
export const ZOD_CHECKS = {
  flat: (value: object): boolean => placeOrder.safeParse(value).success,
  nested: (value: object): boolean => instrumentOrder.safeParse(value).success,
  array: (value: object): boolean => basket.safeParse(value).success,
};
