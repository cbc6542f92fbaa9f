import { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AuthenticationFailure } from '../authentication/authentication-failures.js';
import { AuthenticationError } from '../authentication/authenticator.js';
import type { Principal } from '../core/principal.js';
import {
  ALICE,
  type Authenticate,
  GATEWAY,
  ORIGIN,
  type RequestChange,
  ROOMY_LIMITS,
  setUpHandshake,
  StubAuthenticator,
} from '../../../../test/support/stub-handshake.js';
import { PrincipalLease } from './limits/principal-caps.js';
import { GatewayGuards } from './guards/gateway-guards.js';
import { refusalResponse } from './handshake-refusal.js';

const QUICK_STEPS = [
  'ready',
  'shape',
  'path',
  'host',
  'origin',
  'client-address',
  'address-limits',
  'transport',
  'subprotocol',
  'credentials',
];
const STEPS = [...QUICK_STEPS, 'verification', 'rights', 'gateway-guards', 'principal-limits'];

afterEach(() => {
  vi.restoreAllMocks();
});

describe('WsHandshakeGuard', () => {
  it('AN-01 admits a verified credential', async () => {
    const { decide, guard, clock } = setUpHandshake();
    await expect(decide({ fields: { 'Sec-WebSocket-Protocol': 'json.v1' } })).resolves.toEqual({
      admitted: true,
      principal: ALICE,
      lease: expect.any(PrincipalLease) as PrincipalLease,
      url: 'https://chat.example.com/chat',
      subprotocol: 'json.v1',
      path: '/chat',
      origin: ORIGIN,
      clientAddress: '203.0.113.9',
      credentialKind: 'authorization',
      connectionId: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/) as string,
      fields: [],
      release: expect.any(Function) as () => void,
    });
    expect(guard.counts).toEqual({ pending: 0, open: 1 });
    expect(clock.pending).toBe(0);
  });

  it('HS-10 reads the token beside the subprotocol and answers the subprotocol alone', async () => {
    const authenticator = new StubAuthenticator();
    const { decide } = setUpHandshake({ authenticators: [authenticator] });
    const fields = { Authorization: undefined, 'Sec-WebSocket-Protocol': 'bearer.a.b.c, json.v1' };
    await expect(decide({ fields })).resolves.toMatchObject({
      admitted: true,
      subprotocol: 'json.v1',
      credentialKind: 'subprotocol',
    });
    expect(authenticator.seen).toEqual([{ scheme: 'bearer', value: 'a.b.c', source: 'subprotocol' }]);
  });

  it('HS-21 runs the steps in their order', async () => {
    const order: string[] = [];
    const authenticator = new StubAuthenticator(() => {
      order.push('the authenticator');
      return Promise.resolve(ALICE);
    });
    const guards = new GatewayGuards(GATEWAY, [() => ({ canActivate: () => order.push('the guard') > 0 })]);
    const { guard, store, decide } = setUpHandshake({ authenticators: [authenticator], guards });
    const admit = store.admit.bind(store);
    vi.spyOn(store, 'admit').mockImplementation((...args) => {
      order.push('the store');
      return admit(...args);
    });
    for (const step of guard.steps) {
      const run = step.run.bind(step);
      vi.spyOn(step, 'run').mockImplementation((context) => {
        order.push(step.name);
        return run(context);
      });
    }
    await expect(decide()).resolves.toMatchObject({ admitted: true });
    expect(order).toEqual([
      ...QUICK_STEPS.slice(0, 7),
      'the store',
      ...QUICK_STEPS.slice(7),
      'verification',
      'the authenticator',
      'rights',
      'gateway-guards',
      'the guard',
      'principal-limits',
      'the store',
    ]);
  });

  it.each<[string, string, RequestChange]>([
    ['shape', 'method-not-allowed', { method: 'POST' }],
    ['path', 'unknown-path', { url: '/admin' }],
    ['host', 'bad-host', { fields: { Host: '[' } }],
    ['origin', 'origin-not-allowed', { fields: { Origin: 'https://evil.example' } }],
    ['transport', 'plaintext', { encrypted: false }],
    ['subprotocol', 'bad-subprotocol', { fields: { 'Sec-WebSocket-Protocol': 'evil-proto' } }],
    ['credentials', 'unauthenticated', { fields: { Authorization: undefined } }],
  ])('HS-21 runs nothing after a refusal by %s, and waits for nothing', (name, reason, change) => {
    const authenticator = new StubAuthenticator();
    const { guard, decide } = setUpHandshake({ authenticators: [authenticator] });
    const runs = guard.steps.map((step) => vi.spyOn(step, 'run'));
    const order = STEPS.indexOf(name);
    expect(decide(change)).toMatchObject({ admitted: false, reason });
    expect(runs.map((run) => run.mock.calls.length)).toEqual(STEPS.map((_, index) => (index <= order ? 1 : 0)));
    expect(authenticator.seen).toEqual([]);
  });

  it('refuses before the boot and during the drain', () => {
    const { decide } = setUpHandshake({ isReady: () => false });
    expect(decide()).toMatchObject({ status: 503, reason: 'not-ready' });
  });

  it.each([undefined, ''])('HS-23 refuses the Host %j', (host) => {
    const { decide } = setUpHandshake();
    expect(decide({ fields: { Host: host } })).toMatchObject({ status: 400, reason: 'bad-host' });
  });

  it('HS-08 refuses a host that is not the public one', () => {
    const { decide } = setUpHandshake({ options: { publicUrl: 'wss://chat.example.com' } });
    expect(decide({ fields: { Host: 'evil.example' } })).toMatchObject({ status: 421, reason: 'host-not-allowed' });
  });

  describe('without an Origin', () => {
    it('HS-04 admits a credential of the client’s own', async () => {
      const decision = await setUpHandshake().decide({ fields: { Origin: undefined } });
      expect(decision).toMatchObject({ admitted: true });
      expect(decision).not.toHaveProperty('origin');
    });

    it.each([
      ['beside a credential', {}],
      ['alone', { Authorization: undefined }],
      ['that is empty', { Cookie: '' }],
    ])('HS-04 refuses a cookie %s', (_, fields) => {
      const change = { fields: { Origin: undefined, Cookie: 'sid=1', ...fields } };
      expect(setUpHandshake().decide(change)).toMatchObject({ status: 403, reason: 'origin-missing' });
    });

    it('HS-04 refuses a request without any credential', () => {
      const change = { fields: { Origin: undefined, Authorization: undefined } };
      expect(setUpHandshake().decide(change)).toMatchObject({ status: 401, failure: 'missing' });
    });
  });

  it('F42 names the path that no gateway has, without its query', () => {
    expect(setUpHandshake().decide({ url: '/chats?token=secret' })).toMatchObject({
      reason: 'unknown-path',
      facts: { path: '/chats', clientAddress: '203.0.113.9' },
    });
  });

  it('F39 names the client by one form of its address, from the first check on', () => {
    for (const change of [{ method: 'POST' }, { fields: { Origin: 'https://evil.example' } }]) {
      expect(setUpHandshake().decide(change)).toMatchObject({ facts: { clientAddress: '203.0.113.9' } });
    }
  });

  it('F55 takes a peer that is gone for what it is, and neither counts nor judges it', () => {
    const socket = new Socket();
    Object.defineProperty(socket, 'remoteAddress', { value: undefined });
    const { decide, guard } = setUpHandshake();
    expect(decide({ socket, encrypted: false })).toMatchObject({ reason: 'client-gone' });
    expect(decide({ socket: new Socket().destroy(), encrypted: false })).toMatchObject({ reason: 'client-gone' });
    expect(guard.counts).toEqual({ pending: 0, open: 0 });
  });

  describe('credentials', () => {
    it.each<[string, AuthenticationFailure, Record<string, string | readonly string[] | undefined>]>([
      ['none', 'missing', { Authorization: undefined }],
      ['only a cookie', 'missing', { Authorization: undefined, Cookie: 'sid=1' }],
      ['a token in both places', 'ambiguous', { 'Sec-WebSocket-Protocol': 'json.v1, bearer.a.b.c' }],
      [
        'two tokens in the list',
        'ambiguous',
        { Authorization: undefined, 'Sec-WebSocket-Protocol': 'json.v1, bearer.a, bearer.b' },
      ],
      ['another scheme', 'unsupported-scheme', { Authorization: 'Basic YTpi' }],
    ])('AN-04 refuses %s without a verification', (_, failure, fields) => {
      const authenticator = new StubAuthenticator();
      const decision = setUpHandshake({ authenticators: [authenticator] }).decide({ fields });
      expect(decision).toMatchObject({ status: 401, reason: 'unauthenticated', failure });
      expect(authenticator.seen).toEqual([]);
    });

    it('refuses a credential that no authenticator accepts', () => {
      expect(setUpHandshake({ authenticators: [] }).decide()).toMatchObject({
        status: 401,
        failure: 'unsupported-scheme',
      });
    });

    it('asks no second authenticator after the first refused', async () => {
      const first = new StubAuthenticator(() => Promise.reject(new AuthenticationError('expired')));
      const second = new StubAuthenticator();
      const decision = await setUpHandshake({ authenticators: [first, second] }).decide();
      expect(decision).toMatchObject({ status: 401, failure: 'expired' });
      expect(second.seen).toEqual([]);
    });

    it.each<AuthenticationFailure>(['bad-signature', 'expired', 'bad-audience', 'unknown-key'])(
      'HS-22 answers %s like every other failure',
      async (failure) => {
        const authenticator = new StubAuthenticator(() => Promise.reject(new AuthenticationError(failure)));
        const refused = await setUpHandshake({ authenticators: [authenticator] }).decide();
        const missing = await setUpHandshake().decide({ fields: { Authorization: undefined } });
        if (refused.admitted || missing.admitted) throw new Error('Both must be refused.');
        expect(refused.failure).toBe(failure);
        expect(refusalResponse(refused)).toBe(refusalResponse(missing));
      },
    );

    it.each<[string, Authenticate, string]>([
      ['rejects', () => Promise.reject(new Error('db down')), 'authenticator-unavailable'],
      ['rejects with nothing', () => Promise.reject(undefined), 'authenticator-unavailable'],
      [
        'says it is unavailable',
        () => Promise.reject(new AuthenticationError('unavailable')),
        'authenticator-unavailable',
      ],
      [
        'throws at once',
        () => {
          throw new Error('bug');
        },
        'authenticator-unavailable',
      ],
      ['returns undefined', () => Promise.resolve(undefined as unknown as Principal), 'internal'],
      ['returns no promise', (() => true) as unknown as Authenticate, 'internal'],
      ['returns a principal without an id', () => Promise.resolve({ ...ALICE, id: '' }), 'internal'],
      ['returns roles that are a text', () => Promise.resolve({ ...ALICE, roles: 'admin' as never }), 'internal'],
      [
        'returns an end that is a Date',
        () => Promise.resolve({ ...ALICE, expiresAt: new Date() as never }),
        'internal',
      ],
    ])('AN-01 AN-03 refuses when the authenticator %s', async (_, verify, reason) => {
      const { decide, guard, clock } = setUpHandshake({ authenticators: [new StubAuthenticator(verify)] });
      const decision = await decide();
      expect(decision).toMatchObject({ admitted: false, reason });
      expect(decision.admitted ? 200 : decision.status).toBeGreaterThanOrEqual(500);
      expect(guard.counts).toEqual({ pending: 0, open: 0 });
      expect(clock.pending).toBe(0);
    });

    it('AN-14 F05 admits with a copy, which the authenticator can change no more', async () => {
      const answer = { ...ALICE, key: 'somebody else', roles: ['member'] };
      const { decide } = setUpHandshake({ authenticators: [new StubAuthenticator(() => Promise.resolve(answer))] });
      const decision = await decide();
      Object.assign(answer, { id: 'mallory' }).roles.push('admin');
      expect(decision).toMatchObject({ admitted: true, principal: { ...ALICE, roles: ['member'] } });
      if (decision.admitted) expect(Object.isFrozen(decision.principal)).toBe(true);
    });

    it('F05 refuses an identity that has ended, with the answer of every failed authentication', async () => {
      const ended = new StubAuthenticator(() => Promise.resolve({ ...ALICE, expiresAt: 1 }));
      expect(await setUpHandshake({ authenticators: [ended] }).decide()).toMatchObject({
        status: 401,
        failure: 'expired',
      });
    });

    it('AN-03 refuses when an authenticator throws while it is chosen', () => {
      const authenticator = new StubAuthenticator();
      vi.spyOn(authenticator, 'accepts').mockImplementation(() => {
        throw new Error('bug');
      });
      expect(setUpHandshake({ authenticators: [authenticator] }).decide()).toMatchObject({
        status: 500,
        reason: 'internal',
      });
    });
  });

  describe('deadline', () => {
    it.each<[string, () => Promise<Principal>]>([
      ['a late principal', () => Promise.resolve(ALICE)],
      ['a late failure', () => Promise.reject(new AuthenticationError('expired'))],
    ])('HS-15 answers 503 when the time is up, and ignores %s', async (_, late) => {
      let settle = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        settle = resolve;
      });
      const authenticator = new StubAuthenticator(() => gate.then(late));
      const { decide, guard, clock } = setUpHandshake({ authenticators: [authenticator] });
      const decision = decide();
      expect(guard.counts).toEqual({ pending: 1, open: 0 });
      clock.advance(5_000);
      await expect(decision).resolves.toMatchObject({ status: 503, reason: 'timeout' });
      expect(guard.counts).toEqual({ pending: 0, open: 0 });
      // Vitest fails the run on an unhandled rejection.
      settle();
      await vi.waitFor(() => {
        expect(clock.pending).toBe(0);
      });
    });

    it('HS-15 refuses beyond the cap of pending handshakes, and admits again below it', async () => {
      const settle: (() => void)[] = [];
      const authenticator = new StubAuthenticator(
        () =>
          new Promise((resolve) => {
            settle.push(() => {
              resolve(ALICE);
            });
          }),
      );
      const { decide } = setUpHandshake({
        authenticators: [authenticator],
        options: { limits: { ...ROOMY_LIMITS, maxPending: 2 } },
      });
      const waiting = [Promise.resolve(decide()), Promise.resolve(decide())];
      expect(decide()).toMatchObject({ status: 503, reason: 'overloaded' });
      for (const run of settle) run();
      await expect(Promise.all(waiting)).resolves.toMatchObject([{ admitted: true }, { admitted: true }]);
      const next = decide();
      settle.at(-1)?.();
      await expect(next).resolves.toMatchObject({ admitted: true });
    });
  });

  it.each<RequestChange>([
    { url: '/%' },
    { url: '/%zz' },
    { url: '/\u0080' },
    { url: '' },
    { fields: { Host: '[' } },
    { fields: { Host: '[::1' } },
    { fields: { Host: '\u0080' } },
    { fields: { Origin: 'https://[' } },
    { fields: { Origin: '%' } },
    { fields: { 'Sec-WebSocket-Protocol': '\u0080' } },
    { fields: { Cookie: '%zz=\u0080;;;=', Origin: undefined } },
    { fields: { Authorization: '\u0080' } },
    { fields: { Authorization: 'Bearer' } },
  ])('HS-23 refuses %j without a throw', async (change) => {
    const decision = await setUpHandshake().decide(change);
    expect(decision).toMatchObject({ admitted: false });
    expect(decision).not.toMatchObject({ reason: 'internal' });
  });

  it.each<RequestChange>([
    { url: '/marker-7f3a' },
    { url: '/chat?marker-7f3a', encrypted: false },
    { fields: { Host: 'marker-7f3a.example@' } },
    { fields: { Origin: 'https://marker-7f3a.example' } },
    { fields: { Upgrade: 'marker-7f3a' } },
    { fields: { 'Sec-WebSocket-Protocol': 'marker-7f3a' } },
    { fields: { Authorization: 'marker-7f3a x' } },
  ])('HS-22 puts nothing of %j into the answer', async (change) => {
    const decision = await setUpHandshake().decide(change);
    if (decision.admitted) throw new Error('It must be refused.');
    expect(refusalResponse(decision)).not.toContain('marker-7f3a');
  });

  it('TR-02 redirects to the public address, never to Host', async () => {
    const { decide } = setUpHandshake({ options: { publicUrl: 'wss://chat.example.com', hosts: ['evil.example'] } });
    const fields = { Host: 'evil.example', Authorization: undefined };
    const decision = await decide({ encrypted: false, fields });
    expect(decision).toMatchObject({ status: 308, headers: { Location: 'https://chat.example.com/chat' } });
  });

  it.each<[string, Authenticate]>([
    ['throws', () => thrown(UNREADABLE)],
    ['rejects with', () => Promise.reject(UNREADABLE)],
  ])('DR-14 AN-03 refuses, and keeps nothing, when an authenticator %s what cannot be read', async (_, verify) => {
    const { decide, guard, clock } = setUpHandshake({ authenticators: [new StubAuthenticator(verify)] });
    expect(await decide()).toMatchObject({ admitted: false, reason: 'internal' });
    expect(guard.counts).toEqual({ pending: 0, open: 0 });
    expect(clock.pending).toBe(0);
  });

  it('AN-03 HS-23 turns a throw in the state of the application into a refusal', () => {
    const isReady = (): boolean => {
      throw new Error('bug');
    };
    expect(setUpHandshake({ isReady }).decide()).toMatchObject({ status: 500, reason: 'internal' });
  });
});

/** Even `instanceof` throws, and what it throws is no better. */
const UNREADABLE: object = new Proxy({}, { getPrototypeOf: () => thrown(UNREADABLE) });

function thrown(error: unknown): never {
  throw error;
}
