import { describe, expect, it } from 'vitest';
import { StoreLayout } from './store-layout.js';

const rule = { limit: 3, ttl: 1000 };

describe('StoreLayout', () => {
  const layout = new StoreLayout('my-app');
  const rates = layout.ratesOf([rule]);
  const score = layout.scoreOf({ name: 'a', decayPerSecond: 1, max: 10 });

  it('DP-06 all keys lie in one slot of a cluster, and no two meet', () => {
    const keys = [
      layout.clock,
      ...layout.revocations,
      layout.rate(rates, 'k:a'),
      layout.score(score, 'k:a'),
      ...layout.place('k:a'),
      layout.once('k:a'),
    ];
    expect(keys.every((key) => key.startsWith('{my-app}:'))).toBe(true);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('lists that count alike have one name, and others have names of their own', () => {
    const names = [[rule], [{ ...rule, name: 'default', blockDuration: 0 }], [{ ...rule, limit: 4 }], [rule, rule]].map(
      (rules) => layout.ratesOf(rules).name,
    );
    expect(names[0]).toBe(names[1]);
    expect(new Set(names).size).toBe(3);
  });

  it('rules without a limit are not sent', () => {
    expect(layout.ratesOf([{ limit: Infinity, ttl: 1000 }]).rules).toEqual([]);
  });

  it('a colon in a key reaches into no other kind', () => {
    expect(layout.once('x:rate:k')).not.toBe(layout.rate(rates, 'k'));
    expect(layout.rate(rates, 'a:b')).not.toBe(layout.rate(layout.ratesOf([{ limit: 1, ttl: 1 }]), 'a:b'));
  });
});
