import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { WsCredential } from '../authentication/authenticator.js';
import { createPrincipal } from '../core/principal.js';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { backoffRule } from '../store/backoff-rule.js';
import { MemoryStore } from '../store/memory.store.js';
import { type SecureWsStore, SecureWsStoreError } from '../store/secure-ws.store.js';
import { principalKey } from '../store/store-keys.js';
import { FakeClock } from '../testing/fake-clock.js';
import { HandshakeContext, type MetLimit } from './handshake-context.js';
import { HandshakeLimits } from './handshake-limits.js';
import { refuse } from './handshake-refusal.js';
import { resolveHandshakeLimitsOptions, type HandshakeLimitsOptions } from './limits/limits.options.js';
import { readRequestHead } from './request-head.js';

const ADDRESS = '192.0.2.1';
let made = 0;
const fresh = (): WsCredential => ({ scheme: 'bearer', value: `fresh-${(made += 1)}`, source: 'authorization' });
const ALICE = createPrincipal({ kind: 'jwt', issuer: 'https://id.example.com', id: 'alice', authenticatedAt: 0 });

const ADMITTED = { granted: true, rateWaitMs: 0, backoffMs: 0, isRevoked: false, held: [], replaced: [] };
const PENALTY = backoffRule({ name: 'penalty', freeFailures: 0, firstDelayMs: 60_000, maxDelayMs: 60_000 });

function setUp(options: HandshakeLimitsOptions = {}, penaltyMs = 0) {
  const clock = new FakeClock();
  const store: SecureWsStore = new MemoryStore(clock, { maxKeys: 1_000 });
  const limits = resolveHandshakeLimitsOptions(new OptionReader(options, 'limits', new BootProblems()), 1_000);
  if (penaltyMs > 0) void store.charge(principalKey(ALICE), 1, PENALTY);
  const replaced: string[] = [];
  const met: MetLimit[] = [];
  const handshake = new HandshakeLimits({
    limits,
    store,
    clock,
    penalty: {
      of: (principal) => (penaltyMs === 0 ? undefined : { key: principalKey(principal), rule: PENALTY }),
      spread: (delayMs) => delayMs,
    },
    onReplaced: (id) => replaced.push(id),
  });
  const contextOf = (address = ADDRESS): HandshakeContext => {
    const socket = new Socket();
    const request = new IncomingMessage(socket);
    const observer = {
      onLimit: (limit: MetLimit) => met.push(limit),
      onForwardingIgnored: () => undefined,
      onCertificateIgnored: () => undefined,
    };
    const input = { request, socket, endpointAt: () => undefined, observer };
    const context = new HandshakeContext(input, readRequestHead(request));
    context.clientAddress = address;
    return context;
  };
  const enter = (address?: string) => {
    const context = contextOf(address);
    return { context, outcome: handshake.enter(context, fresh) };
  };
  return { handshake, store, clock, replaced, met, contextOf, enter };
}

describe('HandshakeLimits', () => {
  it('HS-20 refuses the handshake that is one too many for its address, and says when to come back', () => {
    const { enter, handshake, met } = setUp({ ratePerAddress: { limit: 2, ttl: 10_000 } });
    expect([enter().outcome, enter().outcome]).toEqual([undefined, undefined]);
    expect(enter().outcome).toMatchObject({ status: 429, reason: 'address-rate', retryAfterMs: 10_000 });
    expect(met).toEqual([
      { reason: 'address-rate', option: 'handshake.limits.ratePerAddress', enforced: true, address: ADDRESS },
    ]);
    expect(enter('192.0.2.2').outcome).toBeUndefined();
    // The refused one holds no place.
    expect(handshake.counts).toEqual({ pending: 3, open: 0 });
  });

  it('DR-16 counts IPv6 by /64', () => {
    const { enter } = setUp({ ratePerAddress: { limit: 1, ttl: 10_000 } });
    expect(enter('2001:db8:0:1::1').outcome).toBeUndefined();
    expect(enter('2001:db8:0:1:ffff::2').outcome).toMatchObject({ reason: 'address-rate' });
    expect(enter('2001:db8:0:2::1').outcome).toBeUndefined();
  });

  it('DR-03 DR-04 gives a pending place back when its socket ends, however it ends', async () => {
    const { enter, handshake } = setUp({ maxPendingPerAddress: 1 });
    const { context } = enter();
    expect(enter().outcome).toMatchObject({ status: 429, reason: 'address-pending' });
    const { socket } = context.input;
    socket.on('error', () => undefined).destroy(new Error('ECONNRESET'));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(handshake.counts).toEqual({ pending: 0, open: 0 });
    expect(enter().outcome).toBeUndefined();
  });

  it('DR-03 holds no place for a socket that is gone already', async () => {
    const { contextOf, handshake } = setUp();
    const context = contextOf();
    context.input.socket.destroy();
    await once(context.input.socket, 'close');
    expect(handshake.enter(context, fresh)).toBeUndefined();
    expect(handshake.counts.pending).toBe(0);
    expect(context.reservation?.admit()).toBe(false);
  });

  it('HS-15 refuses everybody when the process is full', () => {
    const { enter, handshake, contextOf } = setUp({ maxPending: 1 });
    enter();
    expect(handshake.checkProcess(contextOf())).toMatchObject({ status: 503, reason: 'overloaded' });
    expect(enter('192.0.2.9').outcome).toMatchObject({ status: 503, reason: 'overloaded' });
  });

  it('AN-09 AN-10 refuses an address after failed authentications, and nobody else', () => {
    const { enter, handshake } = setUp({ ratePerAddress: { limit: 1_000, ttl: 1_000 }, backoff: { freeFailures: 2 } });
    const fail = () => {
      const { context, outcome } = enter();
      return outcome ?? handshake.charge(context, refuse('unauthenticated', { failure: 'bad-signature' }));
    };
    const reasons = Array.from({ length: 6 }, () => (fail() as { reason: string }).reason);
    expect(reasons).toContain('address-backoff');
    // The victim whose name was guessed at comes from elsewhere.
    expect(enter('192.0.2.2').outcome).toBeUndefined();
  });

  it('AN-10 charges nothing but failed authentications', () => {
    const { enter, handshake } = setUp({ ratePerAddress: { limit: 1_000, ttl: 1_000 }, backoff: { freeFailures: 0 } });
    for (const reason of ['origin-missing', 'csrf', 'guard', 'internal', 'plaintext'] as const) {
      const { context } = enter();
      expect(handshake.charge(context, refuse(reason))).toBe(refuse(reason));
    }
    const { context } = enter();
    const busy = refuse('authenticator-unavailable', { failure: 'unavailable' });
    expect(handshake.charge(context, busy)).toBe(busy);
    expect(enter().outcome).toBeUndefined();
  });

  it('DR-03 refuses a connection more than a principal may have, until one ends', async () => {
    const { enter, handshake } = setUp({ maxOpenPerPrincipal: 1 });
    const first = enter().context;
    await expect(Promise.resolve(handshake.join(first, ALICE))).resolves.toBeUndefined();
    const refused = await handshake.join(enter().context, ALICE);
    expect(refused).toMatchObject({ status: 429, reason: 'principal-connections' });
    expect(refused?.option).toBe('handshake.limits.maxOpenPerPrincipal');
    first.reservation?.release();
    await expect(Promise.resolve(handshake.join(enter().context, ALICE))).resolves.toBeUndefined();
  });

  it('F30 closes the oldest instead, once the new one is admitted, where the option says so', async () => {
    const { enter, handshake, replaced } = setUp({ maxOpenPerPrincipal: 1, onPrincipalLimit: 'close-oldest' });
    const first = enter().context;
    await handshake.join(first, ALICE);
    const { context: second } = enter();
    await expect(Promise.resolve(handshake.join(second, ALICE))).resolves.toBeUndefined();
    expect(replaced).toEqual([]);
    second.reservation?.admit();
    expect(replaced).toEqual([first.connectionId]);
  });

  it('DR-03 gives the principal’s place back at once when the handshake has ended meanwhile', async () => {
    const { enter, handshake } = setUp({ maxOpenPerPrincipal: 1 });
    const late = enter().context;
    late.reservation?.release();
    await handshake.join(late, ALICE);
    await expect(Promise.resolve(handshake.join(enter().context, ALICE))).resolves.toBeUndefined();
  });

  it('DR-03 keeps the place of a connection that lives for hours, as long as somebody ticks', async () => {
    const { enter, handshake, clock } = setUp({ maxOpenPerPrincipal: 1 });
    await handshake.join(enter().context, ALICE);
    for (let second = 0; second < 7_200; second += 10) {
      clock.advance(10_000);
      handshake.tick(clock.monotonic());
    }
    await expect(Promise.resolve(handshake.join(enter().context, ALICE))).resolves.toMatchObject({
      reason: 'principal-connections',
    });
  });

  it('DR-05 refuses a principal that must stay away', async () => {
    const { enter, handshake } = setUp({}, 60_000);
    const refused = await handshake.join(enter().context, ALICE);
    expect(refused).toMatchObject({ status: 429, reason: 'principal-backoff', retryAfterMs: 60_000 });
  });

  it('AN-11 refuses whom the store does not clearly admit', async () => {
    const { enter, handshake, store } = setUp();
    const { context } = enter();
    const nonsense = { granted: undefined, rateWaitMs: Number.NaN, backoffMs: Number.NaN, held: [] };
    vi.spyOn(store, 'admit').mockReturnValue(nonsense as never);
    expect(await handshake.join(context, ALICE)).toMatchObject({ admitted: false });
    await expect(async () => enter().outcome).rejects.toThrow(SecureWsStoreError);
  });

  it('goes on where a limit only reports, and says so', () => {
    const { enter, met } = setUp({ mode: 'report', ratePerAddress: { limit: 1, ttl: 10_000 } });
    enter();
    expect(enter().outcome).toBeUndefined();
    expect(met).toMatchObject([{ reason: 'address-rate', enforced: false }]);
  });

  describe('with a store that has to be asked over the network', () => {
    it('HS-15 DR-04 takes the place before it waits', async () => {
      const { enter, handshake, store } = setUp({ maxPendingPerAddress: 1 });
      vi.spyOn(store, 'admit').mockImplementation(() => Promise.resolve(ADMITTED));
      const first = enter();
      expect(handshake.counts.pending).toBe(1);
      await expect(enter().outcome).resolves.toMatchObject({ reason: 'address-pending' });
      await expect(first.outcome).resolves.toBeUndefined();
    });

    it('HS-20 refuses what the store refuses', async () => {
      const { enter, store } = setUp();
      vi.spyOn(store, 'admit').mockResolvedValue({ ...ADMITTED, granted: false, rateWaitMs: 3_000 });
      await expect(enter().outcome).resolves.toMatchObject({ reason: 'address-rate', retryAfterMs: 3_000 });
    });

    it('AN-11 lets nobody in without its answer', async () => {
      const { enter, store } = setUp();
      vi.spyOn(store, 'admit').mockImplementation(() => Promise.reject(new SecureWsStoreError('unavailable')));
      await expect(enter().outcome).rejects.toThrow(SecureWsStoreError);
    });
  });
});
