import { once } from 'node:events';
import { Socket } from 'node:net';
import type { CanActivate } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AuthenticationError } from '../authentication/authenticator.js';
import type { Principal } from '../core/principal.js';
import { SecureWsStoreError } from '../store/secure-ws.store.js';
import {
  ALICE,
  GATEWAY,
  type GuardSetup,
  ROOMY_LIMITS,
  setUpHandshake,
  StubAuthenticator,
} from '../../../../test/support/stub-handshake.js';
import { GatewayGuards } from './guards/gateway-guards.js';
import { type HandshakeRefusalReason, refusalResponse, refuse } from './handshake-refusal.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const MARKER = 'db-password-1234';
const failing = (): never => {
  throw new Error(MARKER);
};
const guardsOf = (canActivate: CanActivate['canActivate']): GatewayGuards =>
  new GatewayGuards(GATEWAY, [() => ({ canActivate })]);

describe('WsHandshakeGuard', () => {
  describe('limits', () => {
    it('HS-20 verifies nothing for an address that is over its rate', async () => {
      const authenticator = new StubAuthenticator();
      const { decide } = setUpHandshake({
        authenticators: [authenticator],
        options: { limits: { ratePerAddress: { limit: 1, ttl: 10_000 } } },
      });
      await decide();
      expect(decide()).toMatchObject({ status: 429, reason: 'address-rate' });
      expect(authenticator.seen).toHaveLength(1);
    });

    it('gives the place of a refused handshake back, and keeps that of an admitted one until its end', async () => {
      const { decide, guard } = setUpHandshake();
      const socket = new Socket();
      const admission = await decide({ socket });
      await decide({ fields: { Authorization: undefined } });
      expect(guard.counts).toEqual({ pending: 0, open: 1 });
      if (!admission.admitted) throw new Error('It must be admitted.');
      admission.release();
      admission.release();
      expect(guard.counts).toEqual({ pending: 0, open: 0 });
    });

    it('DR-03 gives the place back when the connection ends by itself', async () => {
      const { decide, guard } = setUpHandshake();
      const socket = new Socket();
      await decide({ socket });
      socket.destroy();
      await once(socket, 'close');
      expect(guard.counts.open).toBe(0);
    });

    it('HS-17 HS-21 does nothing more for a client that went away meanwhile', async () => {
      const socket = new Socket();
      const ask = vi.fn<() => boolean>(() => true);
      const authenticator = new StubAuthenticator(() => {
        socket.destroy();
        return Promise.resolve(ALICE);
      });
      const guards = new GatewayGuards(GATEWAY, [() => ({ canActivate: ask })]);
      const { decide } = setUpHandshake({ authenticators: [authenticator], guards });
      await expect(decide({ socket })).resolves.toMatchObject({ admitted: false, reason: 'client-gone' });
      expect(ask).not.toHaveBeenCalled();
    });

    it('AN-11 admits nobody while the store has no answer', () => {
      const { decide, store } = setUpHandshake();
      vi.spyOn(store, 'admit').mockImplementation(() => {
        throw new SecureWsStoreError('unavailable');
      });
      expect(decide()).toMatchObject({ status: 503, reason: 'overloaded' });
    });

    it('DR-03 HS-21 leaves nothing behind when the time is up while the store thinks', async () => {
      const { decide, store, clock, guard } = setUpHandshake({
        options: { limits: { ...ROOMY_LIMITS, maxOpenPerPrincipal: 1 } },
      });
      const admit = store.admit.bind(store);
      const first = vi.spyOn(store, 'admit').mockImplementationOnce((...args) => admit(...args));
      let answer = (): void => undefined;
      const thinking = new Promise<void>((asked) => {
        first.mockImplementationOnce((...args) => {
          asked();
          return new Promise((resolve) => {
            answer = () => {
              resolve(admit(...args));
            };
          });
        });
      });
      const late = decide();
      await thinking;
      clock.advance(5_000);
      await expect(late).resolves.toMatchObject({ status: 503, reason: 'timeout' });
      expect(guard.counts).toEqual({ pending: 0, open: 0 });
      answer();
      await vi.waitFor(async () => {
        expect(await decide()).toMatchObject({ admitted: true });
      });
    });
  });

  describe('guards of the gateway', () => {
    it('answer 403 when they say no, and are told nothing about it', async () => {
      const guards = new GatewayGuards(GATEWAY, [() => ({ canActivate: () => false })]);
      await expect(setUpHandshake({ guards }).decide()).resolves.toMatchObject({ status: 403, reason: 'guard' });
    });

    it('HS-15 answer 403 when they say nothing in time', async () => {
      let wasAsked = (): void => undefined;
      const asked = new Promise<void>((resolve) => {
        wasAsked = resolve;
      });
      const canActivate = (): Promise<boolean> => {
        wasAsked();
        return new Promise(() => undefined);
      };
      const { decide, clock, guard } = setUpHandshake({
        guards: new GatewayGuards(GATEWAY, [() => ({ canActivate })]),
      });
      const decision = decide();
      await asked;
      clock.advance(5_000);
      await expect(decision).resolves.toMatchObject({ status: 403, reason: 'guard' });
      expect(guard.counts).toEqual({ pending: 0, open: 0 });
    });
  });

  it.each<[string, GuardSetup, HandshakeRefusalReason]>([
    ['a guard that fails', { guards: guardsOf(() => Promise.reject(new Error(MARKER))) }, 'guard'],
    ['a guard that refuses', { guards: guardsOf(() => false) }, 'guard'],
    ['a state that fails', { isReady: failing }, 'internal'],
    ['an authenticator that fails', { authenticators: [new StubAuthenticator(failing)] }, 'authenticator-unavailable'],
  ])('HS-22 answers %s with nothing but its reason', async (_, setup, reason) => {
    const decision = await setUpHandshake(setup).decide();
    expect(decision).toMatchObject({ admitted: false, reason });
    if (!decision.admitted) expect(refusalResponse(decision)).toBe(refusalResponse(refuse(reason)));
  });

  it('AN-10 F25 lets who was there before into an address in backoff, and nobody else unverified', async () => {
    const { decide } = setUpHandshake({
      options: { limits: { ...ROOMY_LIMITS, backoff: { freeFailures: 1 } } },
      authenticators: [
        new StubAuthenticator(({ value }) =>
          value.startsWith('good') ? Promise.resolve(ALICE) : Promise.reject(new AuthenticationError('bad-signature')),
        ),
      ],
    });
    const outcomes: unknown[] = [];
    for (const token of ['good', 'bad', 'bad', 'bad', 'bad-2', 'good', 'good', 'good-2', 'bad']) {
      const decision = await decide({ fields: { Authorization: `Bearer ${token}` } });
      outcomes.push(decision.admitted ? 101 : decision.status);
    }
    // The first in backoff that is new has the one verification of this second.
    expect(outcomes).toEqual([101, 401, 401, 429, 401, 101, 101, 429, 429]);
  });

  it('HS-15 HS-21 asks nobody any more once the time is up', async () => {
    const canActivate = vi.fn<() => boolean>(() => true);
    let answer: (principal: Principal) => void = () => undefined;
    const late = new Promise<Principal>((resolve) => (answer = resolve));
    const { decide, clock } = setUpHandshake({
      authenticators: [new StubAuthenticator(() => late)],
      guards: guardsOf(canActivate),
    });
    const decision = decide();
    clock.advance(5_000);
    expect(await decision).toMatchObject({ status: 503, reason: 'timeout' });
    answer(ALICE);
    await new Promise(setImmediate);
    expect(canActivate).not.toHaveBeenCalled();
  });

  it('AN-10 charges a malformed credential, and refuses its address after a few', async () => {
    const { decide } = setUpHandshake({ options: { limits: { ...ROOMY_LIMITS, backoff: { freeFailures: 2 } } } });
    const reasons: string[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const decision = await decide({ fields: { Authorization: `Bearer a b${attempt}` } });
      if (!decision.admitted) reasons.push(decision.reason);
    }
    expect(reasons).toEqual(['unauthenticated', 'unauthenticated', 'unauthenticated', 'address-backoff']);
  });

  it('HS-08 keeps the loopback rule for Host where anybody but a listed proxy sends a forwarding field', () => {
    const local = () => {
      const socket = new Socket();
      Object.defineProperty(socket, 'localAddress', { value: '127.0.0.1' });
      return { socket, fields: { Host: 'evil.example', 'X-Forwarded-For': '192.0.2.7', 'X-Forwarded-Proto': 'https' } };
    };
    expect(setUpHandshake().decide(local())).toMatchObject({ status: 421, reason: 'host-not-allowed' });
    const trustedProxies = { addresses: ['203.0.113.9'], header: 'x-forwarded-for' } as const;
    expect(setUpHandshake({ options: { trustedProxies } }).decide(local())).not.toMatchObject({ status: 421 });
  });

  it('shows a refusal to a page of an allowed origin that speaks secure-ws.v1', async () => {
    const fields = { Authorization: undefined, 'Sec-WebSocket-Protocol': 'secure-ws.v1' };
    await expect(Promise.resolve(setUpHandshake().decide({ fields }))).resolves.toMatchObject({
      status: 401,
      shown: { close: 'UNAUTHENTICATED' },
    });
    const foreign = { ...fields, Origin: 'https://evil.example' };
    expect(setUpHandshake().decide({ fields: foreign })).not.toHaveProperty('shown');
  });

  it('HS-14 counts the client behind a listed proxy, and tells of one that is not listed', () => {
    const trustedProxies = { addresses: ['203.0.113.9'], header: 'x-forwarded-for' } as const;
    const fields = {
      'X-Forwarded-For': '198.51.100.1, 192.0.2.7',
      'X-Forwarded-Proto': 'https',
      Authorization: undefined,
    };
    const behind = setUpHandshake({ options: { trustedProxies } });
    expect(behind.decide({ fields })).toMatchObject({ status: 401, facts: { clientAddress: '192.0.2.7' } });
    expect(behind.unlisted).toEqual([]);
    const direct = setUpHandshake();
    expect(direct.decide({ fields })).toMatchObject({ status: 401, facts: { clientAddress: '203.0.113.9' } });
    expect(direct.unlisted).toEqual(['203.0.113.9']);
  });

  it('HS-20 AN-10 an evil page cannot use up what its visitors, or their office, may do', async () => {
    const { decide, guard } = setUpHandshake({ options: { limits: { ratePerAddress: { limit: 2, ttl: 10_000 } } } });
    // All of them come from one address: the browser of a visitor, who sits behind the office's NAT.
    for (let attempt = 0; attempt < 1_000; attempt += 1) {
      expect(decide({ fields: { Origin: 'https://evil.example', Cookie: 'sid=1' } })).toMatchObject({
        status: 403,
        reason: 'origin-not-allowed',
      });
      // What carries a failure is charged to the address.
      expect(decide({ fields: { Origin: 'https://evil.example' } })).not.toHaveProperty('failure');
    }
    await expect(decide()).resolves.toMatchObject({ admitted: true });
    expect(guard.counts).toEqual({ pending: 0, open: 1 });
  });
});
