import { describe, expect, it } from 'vitest';
import { createPrincipal, type Principal, type PrincipalInput } from '../../core/principal.js';
import { MemoryStore } from '../../store/memory.store.js';
import type { LeaseAnswer } from '../../store/secure-ws.store.js';
import { SecureWsStoreError } from '../../store/store.error.js';
import { principalKey } from '../../store/store-keys.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { type PrincipalCapRules, PrincipalCaps } from './principal-caps.js';
import { LEASE_TTL_MS } from './principal-lease.js';

const RULES: PrincipalCapRules = {
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

/** A store that fails on demand. */
class FailingStore extends MemoryStore {
  isAway = false;
  failOn: string | undefined;

  override acquire(...args: Parameters<MemoryStore['acquire']>): LeaseAnswer {
    if (this.isAway || (this.failOn !== undefined && args[0].startsWith(this.failOn))) {
      throw new SecureWsStoreError('unavailable');
    }
    return super.acquire(...args);
  }

  override renew(...args: Parameters<MemoryStore['renew']>): boolean {
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
      limit: 'principal-open',
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
    expect(store.acquire(principalKey(user()), 'probe', 10, 1000).held).toBe(2);
  });

  it('DR-03 principals of two tenants do not share a cap', async () => {
    const { caps } = make({ maxOpenPerPrincipal: 1 });
    await caps.acquire(user({ tenant: 't1' }), 'c1');
    expect((await caps.acquire(user({ tenant: 't2' }), 'c2')).lease).toBeDefined();
    expect((await caps.acquire(user({ tenant: 't2' }), 'c3')).lease).toBeUndefined();
  });

  it.each([
    ['session-open', { sessionId: 's1' }],
    ['api-key-open', { kind: 'api-key', keyId: 'k1' }],
  ])('DR-03 keeps %s, and a refusal by it takes no place of the principal', async (limit, input) => {
    const { caps, store } = make();
    await caps.acquire(user(input), 'c1');
    await caps.acquire(user(input), 'c2');
    for (let i = 0; i < 10; i++) {
      const refused = await caps.acquire(user(input), `refused${i}`);
      expect(refused).toMatchObject({ lease: undefined, finding: { limit, enforced: true } });
    }
    await settle();
    expect(store.acquire(principalKey(user(input)), 'probe', 10, 1000).held).toBe(3);
  });

  it('closes the oldest where it is told to', async () => {
    const { caps } = make({ onPrincipalLimit: 'close-oldest' });
    for (const id of ['c1', 'c2', 'c3']) await caps.acquire(user(), id);
    const fourth = await caps.acquire(user(), 'c4');
    expect(fourth).toMatchObject({ finding: undefined, replaced: ['c1'] });
    expect(fourth.lease).toBeDefined();
  });

  it('names a connection once that several caps replaced', async () => {
    const { caps } = make({ onPrincipalLimit: 'close-oldest', maxOpenPerPrincipal: 2 });
    const principal = user({ sessionId: 's1' });
    for (const id of ['c1', 'c2']) await caps.acquire(principal, id);
    expect((await caps.acquire(principal, 'c3')).replaced).toEqual(['c1']);
  });

  it('reports instead of refusing where it is told to', async () => {
    const { caps } = make({ mode: 'report' });
    for (const id of ['c1', 'c2', 'c3']) expect((await caps.acquire(user(), id)).finding).toBeUndefined();
    const fourth = await caps.acquire(user(), 'c4');
    expect(fourth.lease).toBeDefined();
    expect(fourth.finding).toMatchObject({ limit: 'principal-open', enforced: false });
  });

  it('HS-20 limits how often one credential opens connections, from however many addresses', async () => {
    const { caps } = make({ ratePerPrincipal: { limit: 2, ttl: 10_000 } });
    (await caps.acquire(user(), 'c1')).lease?.release();
    (await caps.acquire(user(), 'c2')).lease?.release();
    const third = await caps.acquire(user(), 'c3');
    expect(third).toMatchObject({ lease: undefined, finding: { limit: 'principal-rate', retryAfterMs: 10_000 } });
    expect((await caps.acquire(user({ id: 'u2' }), 'c4')).lease).toBeDefined();
  });

  it('DR-03 a store that throws half way takes no place', async () => {
    const setup = make({}, (clock) => new FailingStore(clock, { maxKeys: 1000 }));
    const store = setup.store as FailingStore;
    store.failOn = 'session:';
    const principal = user({ sessionId: 's1' });
    await expect(setup.caps.acquire(principal, 'c1')).rejects.toThrow(SecureWsStoreError);
    await settle();
    expect(store.acquire(principalKey(principal), 'probe', 10, 1000).held).toBe(1);
    expect(setup.caps.leases).toBe(0);
  });

  it('DR-03 keeps the leases of living connections, and those of a dead node come back', async () => {
    const { caps, clock, store } = make();
    await caps.acquire(user(), 'alive');
    store.acquire(principalKey(user()), 'dead', 10, LEASE_TTL_MS);
    for (let i = 0; i < 20; i++) {
      clock.advance(LEASE_TTL_MS / 5);
      caps.tick(clock.monotonic());
      await settle();
    }
    expect(store.renew(principalKey(user()), 'alive', LEASE_TTL_MS)).toBe(true);
    expect(store.renew(principalKey(user()), 'dead', LEASE_TTL_MS)).toBe(false);
  });

  it('learns at its next renewal that another node took the place', async () => {
    const { caps, clock, closed, store } = make();
    await caps.acquire(user(), 'mine');
    store.acquire(principalKey(user()), 'theirs', 1, LEASE_TTL_MS, 'replace-oldest');
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
    expect(store.renew(principalKey(user()), 'mine', LEASE_TTL_MS)).toBe(true);
    lease?.release();
    await settle();
    expect(store.renew(principalKey(user()), 'mine', LEASE_TTL_MS)).toBe(false);
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
    expect(store.renew(principalKey(user()), 'c1', LEASE_TTL_MS)).toBe(false);
  });
});
