import { describe, expect, it } from 'vitest';
import { detailsOf } from './exception-mapping.js';

describe('the details of an error of the application', () => {
  it.each<readonly [what: string, details: unknown, sent: unknown]>([
    ['plain data', { a: [1, 'x', null, { b: true }] }, { a: [1, 'x', null, { b: true }] }],
    ['a date', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['nothing', undefined, undefined],
    ['an entity', new (class Row {})(), undefined],
    ['an entity far inside', { a: [{ b: new (class Row {})() }] }, undefined],
    ['a bigint', { a: 1n }, undefined],
    ['a getter that throws', Object.defineProperty({}, 'a', { enumerable: true, get: broken }), undefined],
    ['more than 4 KiB', { a: 'x'.repeat(4096) }, undefined],
    ['much depth', JSON.parse('['.repeat(20) + ']'.repeat(20)), undefined],
  ])('OD-01 F33 are sent only as far as they may be: %s', (_what, details, sent) => {
    expect(detailsOf(details)).toEqual(sent);
  });

  it('DR-14 F33 that come back to themselves cost no more than they may hold', () => {
    let reads = 0;
    const room: Record<string, unknown> = {};
    const members = Array.from({ length: 500 }, () =>
      Object.defineProperty({}, 'room', {
        enumerable: true,
        get: () => {
          reads++;
          return room;
        },
      }),
    );
    room['members'] = members;
    expect(detailsOf(room)).toBeUndefined();
    expect(reads).toBeLessThan(2100);
  });
});

function broken(): never {
  throw new Error('broken');
}
