import { createSecretKey, randomBytes } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { AuthenticatorBlock } from '../authenticator-block.js';
import { WsCsrfTokens } from '../csrf-tokens.js';
import { createPrincipal, type PrincipalInput } from '../../core/principal.js';
import { SessionAuthenticator } from './session.authenticator.js';
import { type SessionIdentity, WsSessionVerifier } from './ws-session-verifier.js';

const csrfKey = createSecretKey(randomBytes(32));
const clock = new FakeClock();
const request = new IncomingMessage(new Socket());

class StubSessions extends WsSessionVerifier {
  readonly seen: string[] = [];

  constructor(private readonly answer: () => unknown) {
    super();
  }

  override verify(cookie: string): Promise<SessionIdentity | undefined> {
    this.seen.push(cookie);
    return Promise.resolve(this.answer() as SessionIdentity | undefined);
  }
}

function setUp(answer: unknown) {
  const verifier = new StubSessions(() => answer);
  const authenticator = new SessionAuthenticator({ cookie: '__Host-sid', csrfKeys: [csrfKey] }, verifier);
  const block = new AuthenticatorBlock(authenticator, 'authentication.session', clock);
  const credential = { scheme: 'session', value: 'abc', source: 'cookie' } as const;
  return { verifier, authenticator, verify: async () => block.authenticate(credential, request) };
}

const ALICE = { id: 'alice', sessionId: 's-1' };

describe('SessionAuthenticator', () => {
  it('AN-08 AN-14 makes a frozen principal of a session', async () => {
    const principal = await setUp({ ...ALICE, roles: ['member'] }).verify();
    expect(principal).toMatchObject({ kind: 'session', issuer: 'session', id: 'alice', sessionId: 's-1' });
    expect(Object.isFrozen(principal)).toBe(true);
  });

  it.each<[string, unknown, string]>([
    ['an unknown session', undefined, 'refused: ended-session'],
    ['a null of a store', null, 'refused: ended-session'],
    ['a session that has ended', { ...ALICE, expiresAt: clock.now() }, 'refused: expired'],
    ['F05 a session that ends at no time', { ...ALICE, expiresAt: Number.NaN }, 'whose expiresAt'],
    ['F05 a session whose end is a Date', { ...ALICE, expiresAt: new Date(Date.now() + 60_000) }, 'whose expiresAt'],
    ['a session without an id', { id: 'alice' }, 'must answer'],
    ['a session with an empty id', { ...ALICE, sessionId: '' }, 'must answer'],
    ['nobody’s session', { ...ALICE, id: '' }, 'whose id'],
    ['true', true, 'must answer'],
  ])('AN-08 AN-09 refuses %s after one verification', async (_, answer, message) => {
    const { verify, verifier } = setUp(answer);
    await expect(verify()).rejects.toThrow(message);
    expect(verifier.seen).toEqual(['abc']);
  });

  it('HS-18 binds a CSRF token to the session', async () => {
    const { authenticator, verify } = setUp(ALICE);
    const principal = await verify();
    const tokens = new WsCsrfTokens([csrfKey]);
    expect(authenticator.isCsrfTokenOf(tokens.issue('s-1'), principal)).toBe(true);
    expect(authenticator.isCsrfTokenOf(tokens.issue('s-2'), principal)).toBe(false);
  });

  it('takes nothing but a cookie', () => {
    const { authenticator } = setUp(ALICE);
    expect(authenticator.accepts({ scheme: 'bearer', value: 'a', source: 'authorization' })).toBe(false);
    expect(authenticator.accepts({ scheme: 'session', value: 'a', source: 'cookie' })).toBe(true);
  });
});

describe('isSameSubject', () => {
  const of = (issuer: string, id: string, tenant?: string) => {
    const input: PrincipalInput = {
      kind: 'any',
      issuer,
      id,
      authenticatedAt: 0,
      ...(tenant !== undefined && { tenant }),
    };
    return createPrincipal(input);
  };

  it.each([
    [of('https://id', 'alice'), of('session', 'alice'), true],
    [of('https://id', 'alice'), of('https://id', 'alice'), true],
    [of('https://id', 'alice', 't1'), of('session', 'alice', 't1'), true],
    [of('https://id', 'alice'), of('session', 'bob'), false],
    [of('https://id', 'alice'), of('https://other', 'alice'), false],
    [of('https://id', 'alice', 't1'), of('session', 'alice', 't2'), false],
    [of('https://id', 'alice', 't1'), of('session', 'alice'), false],
  ])('AN-04 compares issuer, tenant and id (%#)', (explicit, session, expected) => {
    expect(setUp(ALICE).authenticator.isSameSubject(explicit, session)).toBe(expected);
  });
});
