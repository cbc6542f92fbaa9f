import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../core/principal.js';
import type { WsConnection } from '../core/ws-connection.js';
import { MemoryStore } from '../store/memory.store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { readerOf, settle } from '../../../../test/support/stub-pipeline.js';
import { throttleEvent } from './event-limits.js';
import { MessageLimits } from './message-limits.js';
import { MessageThrottles } from './message-throttles.js';
import { readEventThrottle } from './read-event-throttle.js';
import type { ThrottleFinding } from './throttle-finding.js';
import type { WsThrottleRule } from './throttle-rule.js';
import { resolveThrottlingOptions } from './throttling.options.js';
import type { ThrottlerStorageLike } from './throttler-storage.js';

function start(rules: readonly WsThrottleRule[], storage: ThrottlerStorageLike) {
  const clock = new FakeClock();
  const options = resolveThrottlingOptions(readerOf({}, 'throttling'));
  const throttles = new MessageThrottles(options, new MemoryStore(clock, { maxKeys: 1000 }));
  const read = rules.map((rule) =>
    readEventThrottle(readerOf(rule, 'x'), {
      handler: 'Gateway.send',
      counter: 'app',
      index: 0,
      mode: 'enforce',
      hasStorage: true,
    }),
  );
  const reported: ThrottleFinding[] = [];
  const open = (id = 'alice') => {
    const principal = createPrincipal({ kind: 'jwt', issuer: 'test', id, authenticatedAt: 0 });
    const connection = { id, principal, address: '192.0.2.1' } as unknown as WsConnection;
    const limits = new MessageLimits(throttles, options, connection, (finding) => void reported.push(finding));
    const contextOf = () => ({ principal, connection, event: 'send', bytes: 1 });
    const hit = () => throttleEvent({ rules: read, limits, clock, storage, contextOf }, clock.monotonic());
    const waits = async (times: number) => {
      const found: (number | undefined)[] = [];
      for (let i = 0; i < times; i++) found.push((await hit())?.waitMs);
      return found;
    };
    return { limits, hit, waits };
  };
  return { reported, open };
}

const NO = undefined;

describe('throttleEvent with a storage', () => {
  /** Counts by key in windows that never end, and notes what it is asked. */
  class Counting implements ThrottlerStorageLike {
    readonly asked: string[] = [];
    readonly hits = new Map<string, number>();
    fault: Error | undefined;
    onAsked = (): void => {};

    increment(key: string, ttl: number, limit: number, _blockDuration: number, name: string) {
      this.asked.push(name);
      this.onAsked();
      if (this.fault !== undefined) return Promise.reject(this.fault);
      const totalHits = (this.hits.get(key) ?? 0) + 1;
      this.hits.set(key, totalHits);
      return Promise.resolve({ totalHits, timeToExpire: ttl / 1000, isBlocked: false, timeToBlockExpire: limit });
    }
  }

  it('DR-05 counts in it what several connections share, and on this node what is of one', async () => {
    const storage = new Counting();
    const { open } = start(
      [
        { limit: 2, ttl: 1000, name: 'shared' },
        { limit: 5, ttl: 1000, name: 'own', by: 'connection' },
      ],
      storage,
    );
    expect(await open().waits(3)).toEqual([NO, NO, 1000]);
    expect(await open().waits(1)).toEqual([1000]);
    expect(await open('bob').waits(1)).toEqual([NO]);
    expect(storage.asked).toEqual(Array(5).fill('shared'));
  });

  it('DR-05 has nothing counted in it that a window of the connection refuses', async () => {
    const storage = new Counting();
    const rules = [
      { limit: 9, ttl: 1000, name: 'shared' },
      { limit: 1, ttl: 1000, name: 'own', by: 'connection' },
    ] as const;
    const { open, reported } = start(rules, storage);
    const { hit } = open();
    expect(await hit()).toBeUndefined();
    expect(await hit()).toMatchObject({ reason: 'event-throttle', option: 'Gateway.send @WsThrottle own' });
    expect(storage.asked).toEqual(['shared']);
    expect(reported).toEqual([]);
  });

  it('DR-05 asks nobody where nothing is shared', async () => {
    const storage = new Counting();
    const { open } = start([{ limit: 1, ttl: 1000, by: 'connection' }], storage);
    const { hit } = open();
    expect([hit(), hit()]).toMatchObject([undefined, { waitMs: 1000 }]);
    expect(storage.asked).toEqual([]);
    await settle();
  });

  it('DR-05 takes no place on this node for what it refuses', async () => {
    const storage = new Counting();
    const { open } = start(
      [
        { limit: 1, ttl: 1000, name: 'shared' },
        { limit: 2, ttl: 1000, name: 'own', by: 'connection' },
      ],
      storage,
    );
    const { hit } = open();
    expect(await hit()).toBeUndefined();
    for (let i = 0; i < 3; i++) expect(await hit()).toMatchObject({ option: 'Gateway.send @WsThrottle shared' });
    storage.hits.clear();
    expect(await hit()).toBeUndefined();
  });

  it('DR-05 DR-17 says what the storage throws', async () => {
    const storage = new Counting();
    storage.fault = new Error('redis is away');
    const { open } = start([{ limit: 1, ttl: 1000 }], storage);
    await expect((async () => open().hit())()).rejects.toThrow('redis is away');
  });

  it('DR-05 DR-15 counts nothing of a connection that ended while it was asked, or before', async () => {
    const storage = new Counting();
    const { open } = start([{ limit: 1, ttl: 1000 }], storage);
    const { limits, hit } = open();
    storage.onAsked = () => limits.release();
    expect(await hit()).toMatchObject({ waitMs: expect.any(Number) as unknown });
    const early = open('bob');
    const waiting = early.hit();
    early.limits.release();
    expect(await waiting).toBeDefined();
    expect(storage.asked).toHaveLength(1);
  });

  it('DR-05 has what reports counted in it as well, and no message waits for that', async () => {
    const storage = new Counting();
    const { open, reported } = start([{ limit: 1, ttl: 1000, name: 'trial', mode: 'report' }], storage);
    const { hit } = open();
    expect([hit(), hit()]).toEqual([undefined, undefined]);
    await settle();
    expect(storage.asked).toEqual(['trial', 'trial']);
    expect(reported).toEqual([
      { reason: 'event-throttle', waitMs: 1000, option: 'Gateway.send @WsThrottle trial', isOfEvent: true },
    ]);
    storage.fault = new Error('redis is away');
    expect(hit()).toBeUndefined();
    await settle();
    expect(reported.at(-1)).toMatchObject({ reason: 'throttle-failed', waitMs: 0, cause: storage.fault });
  });

  it('DR-05 counts what reports of a connection on this node', async () => {
    const storage = new Counting();
    const { open, reported } = start([{ limit: 1, ttl: 1000, by: 'connection', mode: 'report' }], storage);
    const { hit } = open();
    expect([hit(), hit()]).toEqual([undefined, undefined]);
    expect(reported).toMatchObject([{ reason: 'event-throttle', waitMs: 1000 }]);
    expect(storage.asked).toEqual([]);
    await settle();
  });
});
