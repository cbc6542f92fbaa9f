import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, ValidateIf, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { compilePayload } from '../validation/compile-payload.js';
import { JudgedPayloads } from './judged-payloads.js';

class Item {
  @IsInt()
  n!: number;

  @IsOptional()
  @ValidateNested()
  @Type(() => Item)
  item?: Item;
}

class Order {
  @ValidateNested()
  @Type(() => Item)
  item!: Item;

  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[];

  @ValidateIf(() => false)
  @ValidateNested()
  @Type(() => Item)
  unjudged!: Item;

  get first(): Item | undefined {
    return this.items[0];
  }
}

const SENT = { item: { n: 1, item: { n: 2 } }, items: [{ n: 3 }, { n: 4 }], unjudged: { n: 5 } };

type Taken = Parameters<JudgedPayloads['watch']>[1];

const WHOLE: Taken = { property: undefined, factory: undefined, isBehind: false };

async function judge(...parameters: Taken[]) {
  const judged = new JudgedPayloads();
  const handler = {} as HandlerRecord;
  for (const parameter of parameters) judged.watch(handler, parameter);
  const check = judged.remembering(handler, compilePayload(Order), {});
  const order = (await check.check(SENT)) as Order;
  const isKnown = (...items: unknown[]): boolean | 'loosely' => judged.validationOf(items, Item);
  return { order, known: [isKnown(order.item), isKnown(order.item.item), isKnown(...order.items)], isKnown, judged };
}

describe('JudgedPayloads', () => {
  it.each<[string, Taken[], boolean[]]>([
    ['the payload', [WHOLE], [false, false, false]],
    ['a property', [{ ...WHOLE, property: 'item' }], [true, false, false]],
    ['a list', [WHOLE, { ...WHOLE, property: 'items' }], [false, false, true]],
    ['all that a parameter decorator may take', [{ ...WHOLE, factory: () => undefined }], [true, true, true]],
    ['all that a pipe in front may take', [{ ...WHOLE, isBehind: true }], [true, true, true]],
    ['all that a getter may take', [{ ...WHOLE, property: 'first' }], [true, true, true]],
  ])('MV-03 remembers what parameters take, and nothing more: %s', async (_what, parameters, known) => {
    const found = await judge(...parameters);
    expect(found.known).toEqual(known);
    expect(found.judged.validationOf([found.order], Order)).toBe(true);
    expect(found.isKnown(found.order.unjudged)).toBe(false);
  });

  it('MV-03 knows nothing of what is put there after the check', async () => {
    const { order, isKnown } = await judge({ ...WHOLE, property: 'item' }, { ...WHOLE, property: 'items' });
    order.item = Object.assign(new Item(), { n: 'x' });
    order.items.push(order.item);
    expect([isKnown(order.item), isKnown(...order.items)]).toEqual([false, false]);
  });
});
