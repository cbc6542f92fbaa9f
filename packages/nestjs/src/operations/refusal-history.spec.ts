import { describe, expect, it } from 'vitest';
import type { SecurityEventCounts } from '../events/event-counters.js';
import { BUCKET_MS, BUCKETS, RefusalHistory } from './refusal-history.js';

const message = (reasons: Record<string, number>): SecurityEventCounts => ({
  'ws.message.refused': { total: Object.values(reasons).reduce((sum, count) => sum + count, 0), reasons },
});

describe('RefusalHistory', () => {
  it('MO-10 counts what was refused since the last look, in the minute that runs', () => {
    const history = new RefusalHistory(message({ policy: 5 }), 0);
    expect(history.figures()).toMatchObject({ total: 0, series: [] });
    history.take(message({ policy: 7, claims: 1 }), 30_000);
    history.take(message({ policy: 7, claims: 1 }), BUCKET_MS - 1);
    history.take(message({ policy: 10, claims: 1 }), BUCKET_MS);
    const { counts, series, total } = history.figures();
    expect([total, counts.slice(-2)]).toEqual([6, [3, 3]]);
    expect(series.map(({ kind, counts: of }) => [kind, of.slice(-2)])).toEqual([
      ['ws.message.refused/policy', [2, 3]],
      ['ws.message.refused/claims', [1, 0]],
    ]);
  });

  it('MO-10 forgets what is older than an hour, and a kind with it', () => {
    const history = new RefusalHistory({}, 0);
    history.take(message({ policy: 4 }), 0);
    history.take(message({ policy: 4 }), (BUCKETS - 1) * BUCKET_MS);
    expect(history.figures()).toMatchObject({ total: 4, counts: { 0: 4 } });
    history.take(message({ policy: 4 }), BUCKETS * BUCKET_MS);
    expect(history.figures()).toMatchObject({ total: 0, series: [] });
    // A machine that slept for days.
    history.take(message({ policy: 5 }), 1e12);
    expect(history.figures()).toMatchObject({ total: 1 });
  });

  it('MO-11 tells 20 kinds, and all others together, so that nothing is left out of the sum', () => {
    const history = new RefusalHistory({}, 0);
    history.take(message(Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`r${index}`, index + 1]))), 0);
    const { series, total } = history.figures();
    expect(series).toHaveLength(21);
    expect(series.at(-1)?.kind).toBe('other');
    expect(series.reduce((sum, each) => sum + each.total, 0)).toBe(total);
    expect(total).toBe((50 * 51) / 2);
  });

  it('counts refusals only: neither connections nor what the module tells of itself', () => {
    const history = new RefusalHistory({}, 0);
    const counts: SecurityEventCounts = {
      'ws.connection.closed': { total: 4, reasons: { IDLE: 4 } },
      'ws.drain.started': { total: 1, reasons: {} },
      'ws.logout.refused': { total: 2, reasons: {} },
    };
    history.take(counts, 0);
    expect(history.figures().series).toMatchObject([{ kind: 'ws.logout.refused', total: 2 }]);
  });
});
