import { describe, expect, it } from 'vitest';
import { copyOf } from './copy-of.js';

class Line {
  constructor(public text: string) {}
}

class Order {
  readonly lines = [new Line('a')];
  readonly at = new Date(5);
  readonly bytes = Buffer.from('x');
  readonly tags = new Map([['a', new Set([1])]]);

  set note(_: string) {
    throw new Error('A setter ran.');
  }
}

describe('copyOf', () => {
  it('AZ-11 copies an object with its classes, down to the last part', () => {
    const order = new Order();
    const copy = copyOf(order) as Order;
    expect(copy).toStrictEqual(order);
    expect(copy).toBeInstanceOf(Order);
    expect(copy.lines[0]).toBeInstanceOf(Line);
    expect(Buffer.isBuffer(copy.bytes)).toBe(true);
    for (const line of copy.lines) line.text = 'changed';
    copy.bytes[0] = 0;
    copy.at.setTime(6);
    copy.tags.get('a')?.add(2);
    expect(order).toStrictEqual(new Order());
  });

  it('AZ-11 ends on a circle, and keeps it', () => {
    const circle: Record<string, unknown> = { name: 'a' };
    circle['self'] = [circle];
    const copy = copyOf(circle) as { self: unknown[] };
    expect(copy.self[0]).toBe(copy);
    expect(copy).not.toBe(circle);
    const list: unknown[] = [];
    list.push(list);
    const copied = copyOf(list) as unknown[];
    expect(copied[0]).toBe(copied);
    expect(copied).not.toBe(list);
  });

  it('AZ-11 makes own properties of all names, and calls no setter', () => {
    const data = JSON.parse('{"__proto__":{"isAdmin":true}}') as object;
    const copy = copyOf(data) as { isAdmin?: unknown };
    expect(Object.hasOwn(copy, '__proto__')).toBe(true);
    expect(copy.isAdmin).toBeUndefined();
    const noted = Object.defineProperty(new Order(), 'note', { value: 'x', enumerable: true });
    expect(copyOf(noted)).toHaveProperty('note', 'x');
  });

  it.each([undefined, null, 'a', 1, true])('AZ-11 leaves %s as it is', (value) => {
    expect(copyOf(value)).toBe(value);
  });
});
