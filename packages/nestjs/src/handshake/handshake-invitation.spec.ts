import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AuthenticationError } from '../authentication/authenticator.js';
import {
  ALICE,
  type Authenticate,
  type GuardSetup,
  setUpHandshake,
  StubAuthenticator,
} from '../../../../test/support/stub-handshake.js';
import { deferred } from '../../../../test/support/deferred.js';
import type { HandshakeInvitation } from './handshake-context.js';

const credential = { scheme: 'bearer', value: 'a.b.c', source: 'message' } as const;

/** A client that has its `101`, and has still to say who it is. */
async function invite(authenticate?: Authenticate, setup: GuardSetup = {}) {
  const authenticator = new StubAuthenticator(authenticate);
  const endpoint = { admitsFirstMessage: true, ...setup.endpoint };
  const made = setUpHandshake({ authenticators: [authenticator], ...setup, endpoint });
  const open = async (socket = new Socket()) => {
    const fields = { Authorization: undefined, 'Sec-WebSocket-Protocol': 'secure-ws.v1' };
    const decision = await made.decide({ fields, socket });
    if (!decision.admitted || decision.principal !== undefined) throw new Error('There is no invitation.');
    return decision;
  };
  return { ...made, authenticator, open, invitation: await open() };
}

const ended = (invitation: HandshakeInvitation) => Promise.resolve(invitation.authenticate(credential));

describe('an invitation', () => {
  it('AN-01 admits nobody, and counts as a handshake that waits', async () => {
    const { invitation, guard, authenticator } = await invite();
    expect(invitation).toMatchObject({
      path: '/chat',
      url: 'https://chat.example.com/chat',
      subprotocol: 'secure-ws.v1',
      fields: [],
      principal: undefined,
    });
    expect(authenticator.seen).toEqual([]);
    expect(guard.counts).toEqual({ pending: 1, open: 0 });
    invitation.release();
    expect(guard.counts).toEqual({ pending: 0, open: 0 });
  });

  it('AN-01 becomes a connection with a good credential', async () => {
    const { invitation, guard, authenticator } = await invite();
    expect(await ended(invitation)).toMatchObject({
      admitted: true,
      principal: ALICE,
      credentialKind: 'message',
      subprotocol: 'secure-ws.v1',
    });
    expect(authenticator.seen).toEqual([credential]);
    expect(guard.counts).toEqual({ pending: 0, open: 1 });
  });

  it.each<[string, Authenticate | undefined, object, object]>([
    [
      'a bad one',
      () => Promise.reject(new AuthenticationError('bad-signature')),
      credential,
      { reason: 'unauthenticated', failure: 'bad-signature' },
    ],
    [
      'one of no kind',
      undefined,
      { ...credential, scheme: 'x' },
      { reason: 'unauthenticated', failure: 'unsupported-scheme' },
    ],
    [
      'one that nobody can verify',
      () => Promise.reject(new Error('down')),
      credential,
      { reason: 'authenticator-unavailable' },
    ],
  ])('AN-01 is over with %s, and holds nothing', async (_, authenticate, sent, refusal) => {
    const { invitation, guard } = await invite(authenticate);
    expect(await invitation.authenticate(sent as never)).toMatchObject({ admitted: false, ...refusal });
    expect(guard.counts).toEqual({ pending: 0, open: 0 });
  });

  it('AN-03 is over where an authenticator throws while it is chosen', async () => {
    const { invitation, authenticator, guard } = await invite();
    authenticator.accepts = () => {
      throw new Error('broken');
    };
    expect(await ended(invitation)).toMatchObject({ admitted: false, reason: 'internal' });
    expect(guard.counts).toEqual({ pending: 0, open: 0 });
  });

  it('AN-01 names who is refused for what', async () => {
    const { invitation, guard } = await invite();
    const refusal = invitation.refuse('first-message-timeout');
    expect(refusal).toMatchObject({ admitted: false, reason: 'first-message-timeout', status: 401 });
    expect(refusal.facts).toEqual({ clientAddress: '203.0.113.9', path: '/chat' });
    invitation.release();
    expect(guard.counts).toEqual({ pending: 0, open: 0 });
  });

  it('AN-01 takes no place for a client that was refused while its credential was verified', async () => {
    const verdict = deferred<typeof ALICE>();
    const { invitation, guard } = await invite(() => verdict.promise);
    const outcome = ended(invitation);
    invitation.refuse('first-message-timeout');
    invitation.release();
    verdict.resolve(ALICE);
    expect(await outcome).toMatchObject({ admitted: false, reason: 'client-gone' });
    expect(guard.counts).toEqual({ pending: 0, open: 0 });
  });

  it('AN-01 HS-15 is over where its credential is verified for too long', async () => {
    const { invitation, clock } = await invite(() => new Promise(() => {}));
    const outcome = ended(invitation);
    clock.advance(60_000);
    expect(await outcome).toMatchObject({ admitted: false, reason: 'timeout' });
  });

  it('DR-04 gives the place of who is silent to the next one of an address, and not that of who speaks', async () => {
    const verdict = deferred<typeof ALICE>();
    const { invitation, open } = await invite(() => verdict.promise);
    const outcome = ended(invitation);
    const lost: number[] = [];
    const others = [];
    for (let i = 1; i < 5; i++) others.push(await open());
    for (const [index, other] of others.entries()) other.whenLost(() => lost.push(index));
    invitation.whenLost(() => lost.push(-1));
    await open();
    expect(lost).toEqual([0]);
    verdict.resolve(ALICE);
    expect(await outcome).toMatchObject({ admitted: true });
  });

  it('DR-04 HS-18 is refused where there is no place', async () => {
    const { open, authenticator, invitation } = await invite(() => new Promise(() => {}));
    const all = [invitation];
    for (let i = 1; i < 5; i++) all.push(await open());
    for (const one of all) void one.authenticate(credential);
    expect(authenticator.seen).toHaveLength(5);
    await expect(open()).rejects.toThrow('There is no invitation.');
  });

  it('AN-01 runs what comes after the verification, and nothing before it again', async () => {
    const order: string[] = [];
    const { guard, open } = await invite();
    guard.steps = guard.steps.map((step) => ({
      name: step.name,
      run: (context) => {
        order.push(step.name);
        return step.run(context);
      },
    }));
    const invitation = await open();
    const before = order.splice(0);
    await ended(invitation);
    expect(before.at(-1)).toBe('principal-limits');
    expect(order).toEqual(['verification', 'rights', 'gateway-guards', 'principal-limits']);
  });
});

describe('a guard that is observed', () => {
  it('MO-10 runs its steps inside of the trace from where address and origin are judged', async () => {
    const order: string[] = [];
    const observation = {
      begin: () => void order.push('begin'),
      run: <T>(work: () => T): T => {
        order.push('in');
        return work();
      },
    };
    const { guard, decide } = setUpHandshake({ observation });
    guard.observe();
    expect(await decide()).toMatchObject({ admitted: true });
    expect(order[0]).toBe('begin');
    const after = guard.steps.findIndex(({ name }) => name === 'client-address');
    expect(order.filter((word) => word === 'in')).toHaveLength(guard.steps.length - after - 1);
  });
});

describe('a refresh', () => {
  it('HS-15 DR-23 counts as a handshake that is verified, for as long as it goes on or a handshake may', async () => {
    const { guard, clock } = setUpHandshake({
      options: { limits: { maxPending: 2, ratePerAddress: { limit: 1000, ttl: 1000 } } },
    });
    const [one, two] = [deferred(), deferred()];
    guard.count(one.promise);
    expect(guard.isBusy).toBe(false);
    guard.count(two.promise);
    expect(guard.isBusy).toBe(true);
    one.resolve();
    await new Promise(setImmediate);
    expect(guard.isBusy).toBe(false);
    guard.count(new Promise(() => {}));
    expect(guard.isBusy).toBe(true);
    two.reject(new Error('x'));
    clock.advance(60_000);
    await new Promise(setImmediate);
    expect(guard.isBusy).toBe(false);
  });
});
