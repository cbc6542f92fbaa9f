import { describe, expect, it } from 'vitest';
import { createPrincipal, type PrincipalInput } from '../core/principal.js';
import type { WsConnection } from '../core/ws-connection.js';
import { MemoryStore } from '../store/memory.store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { readerOf } from '../../../../test/support/stub-pipeline.js';
import { MessageLimits } from './message-limits.js';
import { MessageThrottles } from './message-throttles.js';
import type { ThrottleFinding } from './throttle-finding.js';
import { resolveThrottlingOptions, type ThrottlingOptions } from './throttling.options.js';

const BASE: PrincipalInput = { kind: 'jwt', issuer: 'https://id.example.com', id: 'alice', authenticatedAt: 0 };
const FREE = [{ limit: Infinity, ttl: 1000 }];

/** Everything unlimited but what a test says. */
function start(options: ThrottlingOptions, { isShedding = false } = {}) {
  const user = { connection: FREE, principal: FREE, connectionBytesPerSecond: Infinity, ...options };
  const resolved = resolveThrottlingOptions(readerOf(user, 'throttling'));
  const store = new MemoryStore(new FakeClock(), { maxKeys: 1000 });
  const throttles = new MessageThrottles(resolved, store, () => isShedding);
  const reported: ThrottleFinding[] = [];
  let ids = 0;
  const open = (who: Partial<PrincipalInput> = {}, address = '192.0.2.1'): MessageLimits => {
    const connection = { id: String(ids++), principal: createPrincipal({ ...BASE, ...who }), address };
    const onReported = (finding: ThrottleFinding): void => void reported.push(finding);
    return new MessageLimits(throttles, resolved, connection as unknown as WsConnection, onReported);
  };
  return { throttles, reported, open };
}

const one = (limit: number, ttl = 1000) => [{ limit, ttl }];

/** How many of a hundred messages at one moment pass. */
function passes(limits: MessageLimits, now: number, bytes = 1): number {
  let passed = 0;
  for (let i = 0; i < 100; i++) if (limits.arrive(now, bytes) === undefined) passed++;
  return passed;
}

describe('MessageLimits', () => {
  // Each pair: the first limit refuses at once, the second one has room for just what the test lets through.
  it.each<readonly [refuses: string, keeps: string, options: ThrottlingOptions, bytes: number]>([
    ['bytes', 'messages', { connectionBytesPerSecond: 1000, connection: one(2, 60_000) }, 1000],
    ['the principal', 'messages', { principal: one(1), connection: one(2, 60_000) }, 1],
    ['the address', 'messages', { address: one(1), connection: one(2, 60_000) }, 1],
    ['the tenant', 'messages', { tenant: one(1), connection: one(2, 60_000) }, 1],
    ['messages', 'bytes', { connection: one(1), connectionBytesPerSecond: 2 }, 1],
    ['messages', 'the principal', { connection: one(1), principal: one(2, 60_000) }, 1],
    ['messages', 'the address', { connection: one(1), address: one(2, 60_000) }, 1],
    ['messages', 'the tenant', { connection: one(1), tenant: one(2, 60_000) }, 1],
    ['the principal', 'the address', { principal: one(1), address: one(2, 60_000) }, 1],
    ['the address', 'the principal', { address: one(1), principal: one(2, 60_000) }, 1],
    ['the tenant', 'the address', { tenant: one(1), address: one(2, 60_000) }, 1],
    ['the address', 'the tenant', { address: one(1), tenant: one(2, 60_000) }, 1],
  ])('F29 DR-05 DR-06 what %s refuses uses up nothing of %s', (_refuses, _keeps, options, bytes) => {
    const limits = start(options).open({ tenant: 'acme' });
    expect([passes(limits, 0, bytes), passes(limits, 1000, bytes), limits.arrive(1000, bytes) === undefined]).toEqual([
      1,
      1,
      false,
    ]);
  });

  it.each<readonly [what: string, options: ThrottlingOptions, reason: string, option: string]>([
    ['connection', { connection: one(1) }, 'connection-throttle', 'throttling.connection'],
    ['bytes', { connectionBytesPerSecond: 1 }, 'connection-throttle', 'throttling.connectionBytesPerSecond'],
    ['principal', { principal: one(1) }, 'principal-throttle', 'throttling.principal'],
    ['address', { address: one(1) }, 'address-throttle', 'throttling.address'],
    ['tenant', { tenant: one(1) }, 'tenant-throttle', 'throttling.tenant'],
  ])('DR-05 names the limit that refused: %s', (_what, options, reason, option) => {
    const limits = start(options).open({ tenant: 'acme' });
    expect(limits.arrive(0, 1)).toBeUndefined();
    expect(limits.arrive(0, 1)).toEqual({ reason, option, waitMs: 1000 });
  });

  it.each<readonly [what: string, options: ThrottlingOptions, shares: readonly boolean[]]>([
    // The same principal again; another one of the tenant at another address; a stranger at the address; a stranger.
    ['the principal', { principal: one(1) }, [true, false, false, false]],
    ['the tenant', { tenant: one(1) }, [true, true, false, false]],
    ['the address', { address: one(1) }, [true, false, true, false]],
    ['the connection', { connection: one(1) }, [false, false, false, false]],
  ])('DR-05 counts together what belongs together: %s', (_what, options, shares) => {
    const { open } = start(options);
    expect(open({ tenant: 'acme' }).arrive(0, 1)).toBeUndefined();
    const others = [
      open({ tenant: 'acme' }),
      open({ tenant: 'acme', id: 'bob' }, '192.0.2.2'),
      open({ tenant: 'evil', id: 'carol' }),
      open({ tenant: 'other', id: 'dave' }, '192.0.2.3'),
    ];
    expect(others.map((limits) => limits.arrive(0, 1) !== undefined)).toEqual(shares);
  });

  it('DR-05 nobody shares a limit of tenants with others that have none, nor with a tenant of another issuer', () => {
    const { open } = start({ tenant: one(1) });
    const all = [
      open({ id: 'alice' }),
      open({ id: 'bob' }),
      open({ id: 'carol', tenant: 'acme' }),
      open({ id: 'dave', tenant: 'acme', issuer: 'https://evil.example' }),
    ];
    expect(all.map((limits) => limits.arrive(0, 1))).toEqual([undefined, undefined, undefined, undefined]);
    expect(open({ id: 'alice' }).arrive(0, 1)).toBeDefined();
  });

  it('DR-16 an address counts as one however it is written, IPv6 by its /64', () => {
    const { open } = start({ address: one(1) });
    expect(open({}, '192.0.2.1').arrive(0, 1)).toBeUndefined();
    expect(open({}, '::ffff:192.0.2.1').arrive(0, 1)).toBeDefined();
    expect(open({}, '2001:db8::1').arrive(0, 1)).toBeUndefined();
    expect(open({}, '2001:db8::ffff:1').arrive(0, 1)).toBeDefined();
  });

  it.each<readonly [what: string, options: ThrottlingOptions]>([
    ['principal', { principal: one(1) }],
    ['address', { address: one(1) }],
    ['tenant', { tenant: one(1) }],
  ])('DR-05 a reconnect does not refill the limit of the %s, and what is over is forgotten', (_what, options) => {
    const { open, throttles } = start(options);
    const first = open({ tenant: 'acme' });
    expect(first.arrive(0, 1)).toBeUndefined();
    first.release();
    first.release();
    const second = open({ tenant: 'acme' });
    expect(second.arrive(1, 1)).toBeDefined();
    second.release();
    throttles.sweep(5000);
    expect(throttles.size).toBe(0);
    // A late message of a connection that has ended holds nothing, and is let through by nobody.
    expect(second.arrive(6000, 1)).toBeDefined();
    expect(throttles.size).toBe(0);
  });

  it.each<readonly [what: string, options: ThrottlingOptions, reason: string]>([
    ['mode of the whole', { connection: one(2), mode: 'report' }, 'connection-throttle'],
    ['bytes', { connectionBytesPerSecond: 2, mode: 'report' }, 'connection-throttle'],
    ['a rule', { connection: [{ limit: 2, ttl: 1000, mode: 'report' }] }, 'connection-throttle'],
    ['a rule of principals', { principal: [{ limit: 2, ttl: 1000, mode: 'report' }] }, 'principal-throttle'],
    ['a rule of addresses', { address: [{ limit: 2, ttl: 1000, mode: 'report' }] }, 'address-throttle'],
    ['a rule of tenants', { tenant: [{ limit: 2, ttl: 1000, mode: 'report' }] }, 'tenant-throttle'],
  ])('DR-05 reports exactly what it would refuse: %s', (_what, options, reason) => {
    const { open, reported } = start(options);
    const limits = open({ tenant: 'acme' });
    expect(passes(limits, 0)).toBe(100);
    expect(reported.map((finding) => finding.reason)).toEqual(new Array(98).fill(reason));
    expect(passes(limits, 1000)).toBe(100);
    expect(reported).toHaveLength(196);
  });

  it('DR-05 a rule that reports changes nothing for one that refuses, and the other way round', () => {
    const { open, reported } = start({
      connection: [
        { limit: 3, ttl: 60_000, mode: 'report' },
        { limit: 2, ttl: 1000 },
      ],
    });
    const limits = open();
    expect(passes(limits, 0)).toBe(2);
    expect(reported).toEqual([]);
    expect(passes(limits, 1000)).toBe(2);
    expect(reported).toHaveLength(1);
  });

  it.each<readonly [what: string, who: Partial<PrincipalInput>, isShedding: boolean, passed: number]>([
    ['an anonymous client sends half as much while the process sheds', { kind: 'anonymous' }, true, 5],
    ['and all of it otherwise', { kind: 'anonymous' }, false, 10],
    ['whoever has an identity keeps what is theirs', {}, true, 10],
  ])('DR-18 %s', (_what, who, isShedding, passed) => {
    for (const options of [{ connection: one(10) }, { principal: one(10) }, { connectionBytesPerSecond: 10 }]) {
      const limits = start(options, { isShedding }).open(who);
      expect(passes(limits, 0)).toBe(passed);
      expect(limits.arrive(0, 1)?.reason === 'shedding').toBe(passed === 5);
    }
  });

  it('DR-18 what only an overload refuses is told apart, and blocks nobody', () => {
    const rule = { limit: 3, ttl: 1000, blockDuration: 60_000 };
    const limits = start({ connection: [rule] }, { isShedding: true }).open({ kind: 'anonymous' });
    expect([limits.arrive(0, 1), limits.arrive(0, 1)?.reason]).toEqual([undefined, 'shedding']);
    expect(limits.arrive(1000, 1)).toBeUndefined();
  });

  it('DR-18 a limit of one stays one', () => {
    const limits = start({ connection: one(1) }, { isShedding: true }).open({ kind: 'anonymous' });
    expect(passes(limits, 0)).toBe(1);
    expect(passes(limits, 1000)).toBe(1);
  });
});
