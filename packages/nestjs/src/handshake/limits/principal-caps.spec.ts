import { describe, expect, it, vi } from 'vitest';
import { createPrincipal, type Principal, type PrincipalInput } from '../../core/principal.js';
import { MemoryStore } from '../../store/memory.store.js';
import { type AdmissionAnswer, type LeaseState, SecureWsStoreError } from '../../store/secure-ws.store.js';
import { principalKey, sessionKey } from '../../store/store-keys.js';
import { acquire } from '../../testing/lease-contract.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { type PrincipalCapRules, PrincipalCaps, type PrincipalLease } from './principal-caps.js';

const LEASE_TTL_MS = 60_000;

const RULES: PrincipalCapRules = {
  leaseMs: LEASE_TTL_MS,
  mode: 'enforce',
  ratePerPrincipal: { limit: 1000, ttl: 10_000 },
  maxOpenPerPrincipal: 3,
  maxOpenPerSession: 2,
  maxOpenPerApiKey: 2,
  onPrincipalLimit: 'refuse',
};

const user = (input: Partial<PrincipalInput> = {}): Principal =>
  createPrincipal({ kind: 'jwt', issuer: 'https://id.example.com', id: 'u1', authenticatedAt: 0, ...input });

interface Setup {
  readonly clock: FakeClock;
  readonly store: MemoryStore;
  readonly caps: PrincipalCaps;
  readonly closed: string[];
}

function make(rules: Partial<PrincipalCapRules> = {}, store?: (clock: FakeClock) => MemoryStore): Setup {
  const clock = new FakeClock();
  const closed: string[] = [];
  const memory = store?.(clock) ?? new MemoryStore(clock, { maxKeys: 1000 });
  const caps = new PrincipalCaps(memory, { ...RULES, ...rules }, clock, (id) => closed.push(id));
  return { clock, store: memory, caps, closed };
}

/** Lets what a renewal or a release set off come to its end. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

const held = (store: MemoryStore, key: string): number =>
  (acquire(store, 'probe', [{ key, limit: Infinity }], 1000).held[0] ?? 0) - 1;

const stateOf = (store: MemoryStore, holder: string, principal = user()): LeaseState | undefined =>
  store.renew([{ holder, keys: [principalKey(principal)] }], LEASE_TTL_MS)[0];

/** A store that fails on demand. */
class FailingStore extends MemoryStore {
  isAway = false;
  /** Does what it is asked, and its answer is lost. */
  losesAnswers = false;

  override admit(...args: Parameters<MemoryStore['admit']>): AdmissionAnswer {
    if (this.isAway) throw new SecureWsStoreError('unavailable');
    const answer = super.admit(...args);
    if (this.losesAnswers) throw new SecureWsStoreError('unavailable');
    return answer;
  }

  override renew(...args: Parameters<MemoryStore['renew']>): readonly LeaseState[] {
    if (this.isAway) throw new SecureWsStoreError('unavailable');
    return super.renew(...args);
  }

  override release(...args: Parameters<MemoryStore['release']>): void {
    if (this.isAway) throw new SecureWsStoreError('unavailable');
    super.release(...args);
  }
}

describe('PrincipalCaps', () => {
  it('DR-03 keeps the connections of one principal, and gives places back', async () => {
    const { caps, store } = make();
    const outcomes = await Promise.all(Array.from({ length: 10 }, async (_, i) => caps.acquire(user(), `c${i}`)));
    expect(outcomes.filter(({ lease }) => lease !== undefined)).toHaveLength(3);
    expect(outcomes[9]?.finding).toMatchObject({
      reason: 'principal-connections',
      option: 'handshake.limits.maxOpenPerPrincipal',
      enforced: true,
    });
    const other = await caps.acquire(user({ id: 'u2' }), 'other');
    expect(other.lease).toBeDefined();
    for (const { lease } of [...outcomes, other]) {
      lease?.release();
      lease?.release();
    }
    await settle();
    expect(caps.leases).toBe(0);
    expect((await caps.acquire(user(), 'again')).lease).toBeDefined();
    expect(held(store, principalKey(user()))).toBe(1);
  });

  it('DR-03 principals of two tenants do not share a cap', async () => {
    const { caps } = make({ maxOpenPerPrincipal: 1 });
    await caps.acquire(user({ tenant: 't1' }), 'c1');
    expect((await caps.acquire(user({ tenant: 't2' }), 'c2')).lease).toBeDefined();
    expect((await caps.acquire(user({ tenant: 't2' }), 'c3')).lease).toBeUndefined();
  });

  it.each([
    ['maxOpenPerSession', { sessionId: 's1' }],
    ['maxOpenPerApiKey', { kind: 'api-key', keyId: 'k1' }],
  ])('DR-03 keeps %s, and a refusal by it takes no place of the principal', async (name, input) => {
    const { caps, store } = make();
    await caps.acquire(user(input), 'c1');
    await caps.acquire(user(input), 'c2');
    for (let i = 0; i < 10; i++) {
      const refused = await caps.acquire(user(input), `refused${i}`);
      expect(refused).toMatchObject({
        lease: undefined,
        finding: { option: `handshake.limits.${name}`, enforced: true },
      });
    }
    await settle();
    expect(held(store, principalKey(user(input)))).toBe(2);
  });

  it('F30 closes the oldest where it is told to, once the new one is admitted', async () => {
    const { caps, closed } = make({ onPrincipalLimit: 'close-oldest' });
    for (const id of ['c1', 'c2', 'c3']) await caps.acquire(user(), id);
    const { lease, finding } = await caps.acquire(user(), 'c4');
    expect(finding).toBeUndefined();
    expect(closed).toEqual([]);
    lease?.admitted();
    expect(closed).toEqual(['c1']);
  });

  it('F30 leaves the oldest its place where the new one is never admitted', async () => {
    const { caps, clock, closed, store } = make({ onPrincipalLimit: 'close-oldest', maxOpenPerPrincipal: 1 });
    await caps.acquire(user(), 'old');
    const { lease } = await caps.acquire(user(), 'new');
    lease?.release();
    lease?.admitted();
    await settle();
    clock.advance(LEASE_TTL_MS / 3);
    caps.tick(clock.monotonic());
    await settle();
    expect(closed).toEqual([]);
    expect(stateOf(store, 'old')).toBe('held');
  });

  it('F30 leaves the oldest its place where the answer of the store was lost', async () => {
    const setup = make(
      { onPrincipalLimit: 'close-oldest', maxOpenPerPrincipal: 1 },
      (clock) => new FailingStore(clock, { maxKeys: 1000 }),
    );
    const store = setup.store as FailingStore;
    await setup.caps.acquire(user(), 'old');
    store.losesAnswers = true;
    await expect(async () => setup.caps.acquire(user(), 'new')).rejects.toThrow(SecureWsStoreError);
    await settle();
    store.losesAnswers = false;
    setup.clock.advance(LEASE_TTL_MS / 3);
    setup.caps.tick(setup.clock.monotonic());
    await settle();
    expect(setup.closed).toEqual([]);
    expect(stateOf(store, 'old')).toBe('held');
    expect(held(store, principalKey(user()))).toBe(1);
  });

  it('names a connection once that several caps replaced', async () => {
    const { caps } = make({ onPrincipalLimit: 'close-oldest', maxOpenPerPrincipal: 2 });
    const principal = user({ sessionId: 's1' });
    for (const id of ['c1', 'c2']) await caps.acquire(principal, id);
    expect((await caps.acquire(principal, 'c3')).lease?.replaced).toEqual(['c1']);
  });

  it('reports instead of refusing where it is told to', async () => {
    const { caps } = make({ mode: 'report' });
    for (const id of ['c1', 'c2', 'c3']) expect((await caps.acquire(user(), id)).finding).toBeUndefined();
    const fourth = await caps.acquire(user(), 'c4');
    expect(fourth.lease).toBeDefined();
    expect(fourth.finding).toMatchObject({ option: 'handshake.limits.maxOpenPerPrincipal', enforced: false });
  });

  it('HS-20 limits how often one credential opens connections, from however many addresses', async () => {
    const { caps } = make({ ratePerPrincipal: { limit: 2, ttl: 10_000 } });
    (await caps.acquire(user(), 'c1')).lease?.release();
    (await caps.acquire(user(), 'c2')).lease?.release();
    const third = await caps.acquire(user(), 'c3');
    expect(third).toMatchObject({
      lease: undefined,
      finding: { option: 'handshake.limits.ratePerPrincipal', retryAfterMs: 10_000 },
    });
    expect((await caps.acquire(user({ id: 'u2' }), 'c4')).lease).toBeDefined();
  });

  it('HS-20 principals of two issuers do not share a rate, whatever their ids', async () => {
    const { caps } = make({ ratePerPrincipal: { limit: 1, ttl: 10_000 } });
    expect((await caps.acquire(user(), 'c1')).lease).toBeDefined();
    expect((await caps.acquire(user({ issuer: 'https://other.example.com' }), 'c2')).lease).toBeDefined();
    expect((await caps.acquire(user({ tenant: 't1' }), 'c3')).lease).toBeDefined();
    expect((await caps.acquire(user(), 'c4')).finding).toMatchObject({ option: 'handshake.limits.ratePerPrincipal' });
  });

  it('DR-16 keeps nothing of an anonymous principal, which is new with each connection', async () => {
    const { caps, store } = make({ ratePerPrincipal: { limit: 1, ttl: 10_000 }, maxOpenPerPrincipal: 1 });
    for (let i = 0; i < 5; i++) {
      const { lease, finding } = await caps.acquire(user({ kind: 'anonymous', id: `a${i}` }), `c${i}`);
      expect(finding).toBeUndefined();
      lease?.admitted();
      lease?.release();
    }
    expect([store.size, caps.leases]).toEqual([0, 0]);
  });

  it('DR-03 a store that throws takes no place', async () => {
    const setup = make({}, (clock) => new FailingStore(clock, { maxKeys: 1000 }));
    const store = setup.store as FailingStore;
    store.losesAnswers = true;
    const principal = user({ sessionId: 's1' });
    await expect(async () => setup.caps.acquire(principal, 'c1')).rejects.toThrow(SecureWsStoreError);
    await settle();
    store.losesAnswers = false;
    expect(held(store, principalKey(principal))).toBe(0);
    expect(setup.caps.leases).toBe(0);
  });

  it('F24 a store that lost its data, or whose clock stepped, closes nobody: places are taken again, whatever the limit', async () => {
    const { caps, clock, closed, store } = make();
    for (const id of ['c1', 'c2', 'c3']) await caps.acquire(user({ sessionId: id }), id);
    const states = vi.spyOn(store, 'renew').mockImplementationOnce((leases) => leases.map(() => 'unknown' as const));
    const admit = vi.spyOn(store, 'admit');
    clock.advance(LEASE_TTL_MS / 3);
    caps.tick(clock.monotonic());
    await settle();
    expect(states).toHaveBeenCalledTimes(1);
    expect(admit.mock.calls.map(([{ lease }]) => [lease?.holder, lease?.places.map(({ limit }) => limit)])).toEqual(
      ['c1', 'c2', 'c3'].map((id) => [id, [Infinity, Infinity]]),
    );
    expect(closed).toEqual([]);
  });

  it('F24 an answer that is none of the three closes nobody', async () => {
    const { caps, clock, closed, store } = make();
    await caps.acquire(user(), 'c1');
    vi.spyOn(store, 'renew').mockReturnValue([]);
    clock.advance(LEASE_TTL_MS / 3);
    caps.tick(clock.monotonic());
    await settle();
    expect(closed).toEqual([]);
  });

  it('DR-17 renews connections that came at once in batches, spread over ticks and well before they lapse', async () => {
    const { caps, clock, store } = make({
      maxOpenPerPrincipal: Infinity,
      ratePerPrincipal: { limit: Infinity, ttl: 1 },
    });
    for (let i = 0; i < 5000; i++) await caps.acquire(user(), `c${i}`);
    const renew = vi.spyOn(store, 'renew');
    clock.advance(LEASE_TTL_MS / 3);
    for (let tick = 0; tick < 30; tick++) {
      caps.tick(clock.monotonic());
      clock.advance(250);
    }
    const sizes = renew.mock.calls.map(([leases]) => leases.length);
    expect(sizes).toEqual(Array.from({ length: 20 }, () => 250));
    expect(new Set(renew.mock.calls.flatMap(([leases]) => leases.map(({ holder }) => holder))).size).toBe(5000);
  });

  it('DR-03 keeps the leases of living connections, and those of a dead node come back', async () => {
    const { caps, clock, store } = make();
    await caps.acquire(user(), 'alive');
    acquire(store, 'dead', [{ key: principalKey(user()), limit: 10 }], LEASE_TTL_MS);
    for (let i = 0; i < 20; i++) {
      clock.advance(LEASE_TTL_MS / 5);
      caps.tick(clock.monotonic());
      await settle();
    }
    expect(stateOf(store, 'alive')).toBe('held');
    expect(stateOf(store, 'dead')).toBe('unknown');
  });

  it('learns at its next renewal that another node took the place', async () => {
    const { caps, clock, closed, store } = make();
    await caps.acquire(user(), 'mine');
    acquire(store, 'theirs', [{ key: principalKey(user()), limit: 1 }], LEASE_TTL_MS, 'replace-oldest');
    clock.advance(LEASE_TTL_MS / 3);
    caps.tick(clock.monotonic());
    await settle();
    expect(closed).toEqual(['mine']);
  });

  it('DR-17 an outage of the store closes nobody, and afterwards everybody counts again', async () => {
    const setup = make({}, (clock) => new FailingStore(clock, { maxKeys: 1000 }));
    const store = setup.store as FailingStore;
    const { caps, clock, closed } = setup;
    const { lease } = await caps.acquire(user(), 'mine');
    store.isAway = true;
    for (let i = 0; i < 10; i++) {
      clock.advance(LEASE_TTL_MS / 3);
      caps.tick(clock.monotonic());
      await settle();
    }
    store.isAway = false;
    clock.advance(LEASE_TTL_MS / 3);
    caps.tick(clock.monotonic());
    await settle();
    expect(closed).toEqual([]);
    expect(stateOf(store, 'mine')).toBe('held');
    lease?.release();
    await settle();
    expect(stateOf(store, 'mine')).toBe('unknown');
    expect(caps.leases).toBe(0);
  });

  it('DR-03 a release that the store cannot take harms nothing', async () => {
    const setup = make({}, (clock) => new FailingStore(clock, { maxKeys: 1000 }));
    const { lease } = await setup.caps.acquire(user(), 'c1');
    (setup.store as FailingStore).isAway = true;
    lease?.release();
    await settle();
    expect(setup.caps.leases).toBe(0);
  });

  it('DR-03 a connection that ends while its lease is renewed gives it back', async () => {
    const { caps, clock, store } = make();
    const { lease } = await caps.acquire(user(), 'c1');
    clock.advance(LEASE_TTL_MS / 3);
    caps.tick(clock.monotonic());
    lease?.release();
    await settle();
    expect(stateOf(store, 'c1')).toBe('unknown');
  });

  describe('the move to another identity', () => {
    const session = (sessionId?: string) => user(sessionId === undefined ? {} : { sessionId });
    const lease = (caps: PrincipalCaps, principal: Principal, id: string) => {
      const outcome = caps.acquire(principal, id) as { readonly lease?: PrincipalLease };
      if (outcome.lease === undefined) throw new Error(`${id} has no place`);
      return outcome.lease;
    };

    it('DR-03 SL-09 takes the places of the new log-in, and gives those of the old one back', async () => {
      const { store, caps } = make();
      const moved = lease(caps, session('s-1'), 'c-1');
      expect(moved.keys).toEqual([principalKey(user()), sessionKey(session('s-1'))]);
      expect(await caps.move(moved, session('s-2'))).toBe(true);
      expect(moved.keys).toEqual([principalKey(user()), sessionKey(session('s-2'))]);
      expect(held(store, sessionKey(session('s-1')) ?? '')).toBe(0);
      expect(held(store, sessionKey(session('s-2')) ?? '')).toBe(1);
      expect(held(store, principalKey(user()))).toBe(1);
      moved.release();
      expect(held(store, sessionKey(session('s-2')) ?? '')).toBe(0);
      expect(held(store, principalKey(user()))).toBe(0);
    });

    it('DR-03 SL-09 keeps what it had where the new log-in has no place', async () => {
      const { store, caps } = make({ maxOpenPerSession: 1 });
      const [moved, other] = [lease(caps, session('s-1'), 'c-1'), lease(caps, session('s-2'), 'c-2')];
      expect(await caps.move(moved, session('s-2'))).toBe(false);
      expect(moved.keys).toEqual([principalKey(user()), sessionKey(session('s-1'))]);
      expect(held(store, sessionKey(session('s-1')) ?? '')).toBe(1);
      other.release();
      expect(await caps.move(moved, session('s-2'))).toBe(true);
    });

    it('F30 closes whom it replaces, where it is told to', async () => {
      const { caps, closed } = make({ maxOpenPerSession: 1, onPrincipalLimit: 'close-oldest' });
      const moved = lease(caps, session('s-1'), 'c-1');
      lease(caps, session('s-2'), 'c-2');
      expect(await caps.move(moved, session('s-2'))).toBe(true);
      expect(closed).toEqual(['c-2']);
    });

    it('DR-15 holds nothing for a connection that has ended', async () => {
      const { store, caps } = make();
      const moved = lease(caps, session('s-1'), 'c-1');
      moved.release();
      expect(await caps.move(moved, session('s-2'))).toBe(true);
      expect(held(store, sessionKey(session('s-2')) ?? '')).toBe(0);
      expect(held(store, principalKey(user()))).toBe(0);
    });
  });

  it('HS-20 an anonymous client that must stay away is refused with the time, and takes no place otherwise', async () => {
    const { store, caps } = make();
    const anonymous = user({ kind: 'anonymous' });
    const rule = { firstMs: 1000, maxMs: 1000, forgetAfterMs: 60_000, freeFailures: 0 };
    const penalty = { key: 'address:192.0.2.1', rule };
    expect(await caps.acquire(anonymous, 'c-1', penalty as never)).toMatchObject({ lease: { keys: [] } });
    vi.spyOn(store, 'admit').mockReturnValueOnce({ granted: false, backoffMs: 700 } as AdmissionAnswer);
    expect(await caps.acquire(anonymous, 'c-2', penalty as never)).toEqual({ lease: undefined, penaltyMs: 700 });
    expect(caps.leases).toBe(0);
  });
});
