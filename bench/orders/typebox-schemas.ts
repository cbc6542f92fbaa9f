import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

const strict = { additionalProperties: false };
const accountId = Type.String({ format: 'uuid' });
const symbol = Type.String({ minLength: 1, maxLength: 12 });
const quantity = Type.Integer({ minimum: 1, maximum: 1_000_000 });

/** `PlaceOrder` in TypeBox: the same rules, and unknown properties refused. */
const placeOrder = Compile(
  Type.Object({ accountId, symbol, quantity, price: Type.Number({ exclusiveMinimum: 0 }) }, strict),
);

const instrument = Type.Object(
  {
    symbol,
    exchange: Type.String({ minLength: 2, maxLength: 10 }),
    currency: Type.Union([Type.Literal('EUR'), Type.Literal('GBP'), Type.Literal('USD')]),
  },
  strict,
);
const note = Type.Optional(Type.String({ maxLength: 200 }));
const instrumentOrder = Compile(Type.Object({ accountId, instrument, quantity, note }, strict));

const item = Type.Object({ symbol, quantity: Type.Integer({ minimum: 1, maximum: 1_000 }) }, strict);
const basket = Compile(Type.Object({ accountId, items: Type.Array(item, { maxItems: 50 }) }, strict));

/** Whether TypeBox accepts a payload. It makes code of the schema, and nothing of the payload: no copy, no instance. */
export const TYPEBOX_CHECKS = {
  flat: (value: object): boolean => placeOrder.Check(value),
  nested: (value: object): boolean => instrumentOrder.Check(value),
  array: (value: object): boolean => basket.Check(value),
};
