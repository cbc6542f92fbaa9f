import { describe, expect, it } from 'vitest';
import type { ThrottleRule } from '../core/rate-windows.js';
import { MemoryStore } from '../store/memory.store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { settle } from '../../../../test/support/stub-pipeline.js';
import { type SubjectThrottle, SubjectThrottles } from './subject-throttles.js';

const ALICE = 'principal:alice';

/** Takes a message where there is room. */
function hit(throttle: SubjectThrottle, now: number): number {
  const wait = throttle.wait(now);
  if (wait === 0) throttle.take(now);
  return wait;
}

/** A store that other nodes share, with windows of its own. */
class Shared extends MemoryStore {
  asked = 0;
  largestCost = 0;
  isAway = false;
  /** What an answer waits for. */
  delay: Promise<void> | undefined;

  override get isShared(): boolean {
    return true;
  }

  override hit(...args: Parameters<MemoryStore['hit']>): number {
    this.asked++;
    this.largestCost = Math.max(this.largestCost, args[2] ?? 1);
    if (this.isAway) throw new Error('away');
    const { delay } = this;
    if (delay === undefined) return super.hit(...args);
    const answer = delay.then(() => super.hit(...args));
    // The memory answers at once, a store of several nodes later.
    return answer as unknown as number;
  }
}

const gate = (): { readonly delay: Promise<void>; readonly open: () => void } => {
  let open = (): void => undefined;
  const delay = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { delay, open };
};

describe('SubjectThrottle', () => {
  const start = (rules: readonly ThrottleRule[]) => {
    const clock = new FakeClock();
    const shared = new Shared(clock, { maxKeys: 1000 });
    const throttle = new SubjectThrottles(rules, shared).obtain(ALICE);
    const elsewhere = new SubjectThrottles(rules, shared).obtain(ALICE);
    return { clock, shared, throttle, elsewhere };
  };

  it('DR-05 two rules without a name hold together over the nodes', async () => {
    const { clock, throttle, elsewhere } = start([
      { limit: 2, ttl: 1000 },
      { limit: 3, ttl: 60_000 },
    ]);
    const now = (): number => clock.monotonic();
    expect([hit(throttle, now()), hit(elsewhere, now())]).toEqual([0, 0]);
    clock.advance(1000);
    expect(hit(throttle, now())).toBe(0);
    await settle();
    // What a node lets through by itself until the store has answered.
    expect([hit(throttle, now()), hit(elsewhere, now())]).toEqual([0, 0]);
    await settle();
    expect([hit(throttle, now()), hit(elsewhere, now())]).toEqual([59_000, 59_000]);
  });

  it('DR-05 many nodes let through over time what one may, however they overlap', async () => {
    const rules = [{ limit: 10, ttl: 1000 }];
    const clock = new FakeClock();
    const shared = new Shared(clock, { maxKeys: 1000 });
    const nodes = Array.from({ length: 8 }, () => new SubjectThrottles(rules, shared));
    const throttles = nodes.map((node) => node.obtain(ALICE));
    let admitted = 0;
    for (let ms = 0; ms < 60_000; ms += 50) {
      for (let i = 0; i < 5; i++)
        for (const throttle of throttles) if (hit(throttle, clock.monotonic()) === 0) admitted++;
      await settle();
      clock.advance(50);
    }
    // 10 a second for a minute; and ahead of it, at most what the windows of each node hold.
    expect(admitted).toBeGreaterThanOrEqual(600);
    expect(admitted).toBeLessThanOrEqual(600 + 8 * 10);
  });

  it('DR-05 a debt is paid by the timer, and outlives the connections that made it', async () => {
    const rules = [{ limit: 10, ttl: 1000 }];
    const clock = new FakeClock();
    const shared = new Shared(clock, { maxKeys: 1000 });
    const nodes = [new SubjectThrottles(rules, shared), new SubjectThrottles(rules, shared)] as const;
    for (const node of nodes) {
      const throttle = node.obtain(ALICE);
      for (let i = 0; i < 10; i++) expect(hit(throttle, 0)).toBe(0);
      node.release(throttle);
    }
    await settle();
    clock.advance(1000);
    const [first, second] = nodes;
    // Twenty were let through: the second ten are what the next second may hold.
    for (const node of nodes) node.sweep(clock.monotonic());
    await settle();
    const again = first.obtain(ALICE);
    expect(hit(again, clock.monotonic())).toBe(0);
    await settle();
    expect(hit(again, clock.monotonic())).toBeGreaterThan(900);
    clock.advance(1001);
    for (const node of nodes) node.sweep(clock.monotonic());
    await settle();
    expect(second.size).toBe(0);
  });

  it('DR-05 what comes while the store is asked is settled with one more question', async () => {
    const { clock, shared, throttle } = start([{ limit: 100, ttl: 1000 }]);
    const { delay, open } = gate();
    shared.delay = delay;
    for (let i = 0; i < 100; i++) expect(hit(throttle, clock.monotonic())).toBe(0);
    open();
    await settle();
    expect(shared.asked).toBe(2);
  });

  it('DR-05 a debt that is paid in parts is waited for as long as its largest part takes', async () => {
    const answers = [0, 900, 100];
    class Scripted extends Shared {
      override hit(): number {
        this.asked++;
        return (this.delay ?? Promise.resolve()).then(() => answers.shift() ?? 0) as unknown as number;
      }
    }
    const shared = new Scripted(new FakeClock(), { maxKeys: 1000 });
    const { delay, open } = gate();
    shared.delay = delay;
    const throttle = new SubjectThrottles([{ limit: 10, ttl: 1000 }], shared).obtain(ALICE);
    // The first one is asked about by itself, the three behind it together, and then one of them.
    for (let i = 0; i < 4; i++) expect(hit(throttle, 0)).toBe(0);
    open();
    await settle();
    expect(shared.asked).toBe(3);
    expect(throttle.wait(0)).toBe(900);
  });

  it('DR-05 what is held again is not forgotten: a second one would have windows of its own', () => {
    const clock = new FakeClock();
    const throttles = new SubjectThrottles([{ limit: 1, ttl: 1000 }], new MemoryStore(clock, { maxKeys: 1000 }));
    const first = throttles.obtain(ALICE);
    throttles.release(first);
    expect(throttles.obtain(ALICE)).toBe(first);
    clock.advance(3_600_000);
    throttles.sweep(clock.monotonic());
    expect(throttles.obtain(ALICE)).toBe(first);
  });

  it('DR-05 a debt above the limit, behind a slow store, is paid in parts and blocks nobody for good', async () => {
    const { clock, shared, throttle } = start([{ limit: 10, ttl: 1000 }]);
    const { delay, open } = gate();
    shared.delay = delay;
    for (let second = 0; second < 3; second++) {
      for (let i = 0; i < 10; i++) expect(hit(throttle, clock.monotonic())).toBe(0);
      clock.advance(1000);
    }
    open();
    await settle();
    for (let second = 0; second < 4; second++) {
      throttle.settle(clock.monotonic());
      await settle();
      clock.advance(1001);
    }
    expect(throttle.isOverdrawn).toBe(false);
    expect(hit(throttle, clock.monotonic())).toBe(0);
    // More than the limit would never find room: the answer could only be "never".
    expect(shared.largestCost).toBe(10);
  });

  it('DR-05 a debt is paid although another node takes each place that gets free', async () => {
    const { clock, shared, throttle, elsewhere } = start([{ limit: 10, ttl: 1000 }]);
    for (let i = 0; i < 10; i++) hit(elsewhere, clock.monotonic());
    await settle();
    for (let i = 0; i < 10; i++) expect(hit(throttle, clock.monotonic())).toBe(0);
    await settle();
    expect(throttle.isOverdrawn).toBe(true);
    // Two are sent elsewhere in each 200 ms, so that ten places are never free at once.
    for (let ms = 0; ms < 10_000; ms += 100) {
      clock.advance(100);
      hit(elsewhere, clock.monotonic());
      await settle();
      throttle.settle(clock.monotonic());
      await settle();
    }
    expect(throttle.isOverdrawn).toBe(false);
    expect(shared.asked).toBeLessThan(1000);
  });

  it('DR-05 a principal in debt is remembered, however long ago its last message was', async () => {
    const rules = [{ limit: 10, ttl: 1000 }];
    const clock = new FakeClock();
    const shared = new Shared(clock, { maxKeys: 1000 });
    const nodes = [new SubjectThrottles(rules, shared), new SubjectThrottles(rules, shared)] as const;
    const [busy, indebted] = nodes;
    const elsewhere = busy.obtain(ALICE);
    for (let i = 0; i < 10; i++) hit(elsewhere, clock.monotonic());
    await settle();
    const throttle = indebted.obtain(ALICE);
    for (let i = 0; i < 10; i++) hit(throttle, clock.monotonic());
    indebted.release(throttle);
    await settle();
    clock.advance(1001);
    for (let i = 0; i < 10; i++) expect(hit(elsewhere, clock.monotonic())).toBe(0);
    await settle();
    indebted.sweep(clock.monotonic());
    await settle();
    expect(indebted.size).toBe(1);
    clock.advance(1001);
    indebted.sweep(clock.monotonic());
    await settle();
    indebted.sweep(clock.monotonic());
    expect(indebted.size).toBe(0);
  });

  it('DR-05 a subject without a connection stays blocked for as long as its rule says', () => {
    const throttles = new SubjectThrottles(
      [{ limit: 1, ttl: 1000, blockDuration: 60_000 }],
      new MemoryStore(new FakeClock(), { maxKeys: 10 }),
    );
    const throttle = throttles.obtain(ALICE);
    expect([hit(throttle, 0), hit(throttle, 0)]).toEqual([0, 60_000]);
    throttles.release(throttle);
    throttles.sweep(30_000);
    const again = throttles.obtain(ALICE);
    expect(hit(again, 30_000)).toBe(30_000);
    throttles.release(again);
    throttles.sweep(90_001);
    expect(throttles.size).toBe(0);
  });

  it('DR-17 this node decides alone while the store has no answer, and what it took counts', () => {
    const { shared, throttle } = start([{ limit: 2, ttl: 1000 }]);
    shared.isAway = true;
    expect([hit(throttle, 0), hit(throttle, 0), hit(throttle, 0)]).toEqual([0, 0, 1000]);
    expect(shared.asked).toBeGreaterThan(0);
  });

  it('DR-16 remembers a bounded number of subjects without a connection: the latest', () => {
    const throttles = new SubjectThrottles(
      [{ limit: 1, ttl: 60_000 }],
      new MemoryStore(new FakeClock(), { maxKeys: 1 }),
    );
    for (let i = 0; i <= 100_000; i++) {
      const throttle = throttles.obtain(`principal:${i}`);
      hit(throttle, 0);
      throttles.release(throttle);
    }
    expect(throttles.size).toBe(100_000);
    expect(hit(throttles.obtain('principal:100000'), 0)).toBe(60_000);
    expect(hit(throttles.obtain('principal:0'), 0)).toBe(0);
  });

  it('asks no store that is of this node only', () => {
    const store = new MemoryStore(new FakeClock(), { maxKeys: 1000 });
    const throttle = new SubjectThrottles([{ limit: 1, ttl: 1000 }], store).obtain(ALICE);
    expect([hit(throttle, 0), hit(throttle, 0)]).toEqual([0, 1000]);
    expect(store.size).toBe(0);
  });
});
