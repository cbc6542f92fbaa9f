import { WsException } from '@nestjs/websockets';
import { describe, expect, it } from 'vitest';
import { crashesOf } from '../../../../test/support/stub-pipeline.js';
import { WsApplicationError } from '../core/ws-application.error.js';
import { detailsOf, mapException } from './exception-mapping.js';

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

  it('DR-14 end no process with promises that reject', async () => {
    const crashes = await crashesOf(() => {
      const rejected = (): unknown => Promise.reject(new Error('away'));
      expect(detailsOf({ a: rejected(), b: [rejected()] })).toBeUndefined();
      return Promise.resolve();
    });
    expect(crashes).toEqual([]);
  });

  it('DR-14 F33 that are long cost no more than they may hold', () => {
    let reads = 0;
    const many = new Proxy([] as unknown[], {
      get: (_, name) => {
        if (name === 'length') return 1_000_000;
        if (typeof name === 'string') reads++;
        return typeof name === 'string' ? name : (Reflect.get(Array.prototype, name) as unknown);
      },
    });
    expect(detailsOf({ many })).toBeUndefined();
    expect(reads).toBeLessThan(5000);
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

describe('an exception of the application', () => {
  it('OD-01 MO-02 is a failure of the handler where it says INTERNAL, and is written to the log', () => {
    const exception = new WsException({ code: 'INTERNAL', message: 'db password=hunter2' });
    expect(mapException(exception)).toEqual({ code: 'INTERNAL', reason: 'handler-failed', fault: { exception } });
  });

  it.each([7, 'a sentence with hunter2', 'lower', '', undefined, ['TAKEN']])(
    'OD-01 tells no reason that was made %j after the check of its constructor',
    (reason) => {
      const exception = Object.assign(new WsApplicationError('TAKEN'), { reason });
      expect(mapException(exception)).toMatchObject({ code: 'APPLICATION', application: { reason: undefined } });
    },
  );

  it('OD-01 DR-14 is a failure of the handler where it throws when it is read', () => {
    const unreadable = Object.assign(new WsException('x'), { getError: broken });
    const wrong = new WsException(Object.defineProperty({}, 'code', { get: broken }));
    for (const exception of [unreadable, wrong]) {
      expect(mapException(exception)).toEqual({ code: 'INTERNAL', reason: 'handler-failed', fault: { exception } });
    }
  });
});

function broken(): never {
  throw new Error('broken');
}
