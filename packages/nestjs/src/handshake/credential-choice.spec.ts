import { RevokedCertificates } from '../authentication/client-certificate/revoked-certificates.js';
import { createSecretKey, randomBytes } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AuthenticatorBlock } from '../authentication/authenticator-block.js';
import type { AuthenticationFailure } from '../authentication/authentication-failures.js';
import { AuthenticationError, WsAuthenticator, type WsCredential } from '../authentication/authenticator.js';
import { WsCsrfTokens } from '../authentication/csrf-tokens.js';
import { ANONYMOUS_KIND, createPrincipal, type Principal } from '../core/principal.js';
import { SessionAuthenticator } from '../authentication/session/session.authenticator.js';
import { type SessionIdentity, WsSessionVerifier } from '../authentication/session/ws-session-verifier.js';
import { FakeClock } from '../testing/fake-clock.js';
import { chooseCredential } from './credential-choice.js';
import { verifyCredential } from './credential-verification.js';
import { handshakePrincipal } from './guards/handshake-principal.js';
import { HandshakeContext } from './handshake-context.js';
import type { HandshakeRefusal } from './handshake-refusal.js';
import { readRequestHead } from './request-head.js';

const csrfKey = createSecretKey(randomBytes(32));
const clock = new FakeClock();
const csrf = (sessionId: string): string => `csrf.${new WsCsrfTokens([csrfKey]).issue(sessionId)}`;

class Tokens extends WsAuthenticator {
  override readonly kind = 'jwt';
  readonly seen: string[] = [];

  override accepts({ scheme }: WsCredential): boolean {
    return scheme === 'bearer';
  }

  override authenticate({ value }: WsCredential): Promise<Principal> {
    this.seen.push(value);
    if (value !== 'alice') return Promise.reject(new AuthenticationError('bad-signature'));
    return Promise.resolve(createPrincipal({ kind: 'jwt', issuer: 'https://id', id: value, authenticatedAt: 0 }));
  }
}

/** The value of a cookie names its session: `alice` is hers, `s-alice` its id. */
class Sessions extends WsSessionVerifier {
  readonly seen: string[] = [];

  override verify(cookie: string): Promise<SessionIdentity | undefined> {
    this.seen.push(cookie);
    if (cookie === 'broken') return Promise.reject(new Error('db down'));
    return Promise.resolve(cookie.startsWith('unknown') ? undefined : { id: cookie, sessionId: `s-${cookie}` });
  }
}

interface Case {
  readonly bearer?: string;
  readonly cookie?: string;
  readonly authorization?: string;
  readonly subprotocols?: readonly string[];
  readonly origin?: 'allowed' | 'absent';
  readonly admitsAnonymous?: boolean;
}

async function decide({ bearer, cookie, authorization, subprotocols = [], origin = 'allowed', ...more }: Case) {
  const tokens = new Tokens();
  const sessions = new Sessions();
  const authenticators = [
    new AuthenticatorBlock(tokens, 'authentication.jwt', clock),
    new AuthenticatorBlock(
      new SessionAuthenticator({ cookie: '__Host-sid', csrfKeys: [csrfKey] }, sessions),
      'authentication.session',
      clock,
    ),
  ];
  const request = new IncomingMessage(new Socket());
  const field = bearer === undefined ? authorization : `Bearer ${bearer}`;
  if (field !== undefined) request.rawHeaders.push('Authorization', field);
  if (cookie !== undefined) request.rawHeaders.push('Cookie', cookie);
  const observer = {
    onLimit: () => undefined,
    onForwardingIgnored: () => undefined,
    onCertificateIgnored: () => undefined,
  };
  const input = { request, socket: request.socket, endpointAt: () => undefined, observer };
  const context = new HandshakeContext(input, readRequestHead(request));
  context.endpoint = {
    gateways: [],
    subprotocols: [],
    authenticators,
    revokedCertificates: new RevokedCertificates(),
    admitsAnonymous: more.admitsAnonymous === true,
    admitsFirstMessage: false,
  };
  context.origin = origin === 'absent' ? { kind: origin } : { kind: origin, origin: undefined, text: 'https://app' };
  context.offeredSubprotocols = ['secure-ws.v1', ...subprotocols];
  const refusal: HandshakeRefusal | undefined = chooseCredential(context) ?? (await verifyCredential(context, clock));
  return { refusal, context, request, verified: { tokens: tokens.seen, sessions: sessions.seen } };
}

describe('the credentials of a handshake', () => {
  it('HS-18 AN-08 admits a session cookie with its CSRF token', async () => {
    const { refusal, context, request } = await decide({ cookie: '__Host-sid=alice', subprotocols: [csrf('s-alice')] });
    expect(refusal).toBeUndefined();
    expect(context.principal).toMatchObject({ kind: 'session', id: 'alice', sessionId: 's-alice' });
    expect(context.credential).toMatchObject({ source: 'cookie' });
    expect(handshakePrincipal(request)).toBe(context.principal);
  });

  it.each<[string, readonly string[], number]>([
    ['no token', [], 0],
    ['two tokens', [csrf('s-alice'), csrf('s-alice')], 0],
    ['the token of another session', [csrf('s-bob')], 1],
    ['an empty token', ['csrf.'], 1],
    ['a token of its own making', [`csrf.${'A'.repeat(22)}.${'A'.repeat(43)}`], 1],
  ])('HS-18 refuses a session cookie with %s', async (_, subprotocols, verifications) => {
    const { refusal, context, request, verified } = await decide({ cookie: '__Host-sid=alice', subprotocols });
    expect(refusal).toMatchObject({ status: 403, reason: 'csrf' });
    expect(context.principal).toBeUndefined();
    expect(() => handshakePrincipal(request)).toThrow(TypeError);
    expect(verified.sessions).toHaveLength(verifications);
  });

  it('HS-04 refuses a session cookie without an Origin, whatever else there is', async () => {
    const subprotocols = [csrf('s-alice')];
    const alone = await decide({ cookie: '__Host-sid=alice', subprotocols, origin: 'absent' });
    const beside = await decide({ cookie: '__Host-sid=alice', subprotocols, origin: 'absent', bearer: 'alice' });
    for (const { refusal, verified } of [alone, beside]) {
      expect(refusal).toMatchObject({ status: 403, reason: 'origin-missing' });
      expect(verified).toEqual({ tokens: [], sessions: [] });
    }
  });

  it.each<[string, Case, AuthenticationFailure]>([
    ['two session cookies', { cookie: '__Host-sid=alice; __Host-sid=bob' }, 'ambiguous'],
    [
      'two session cookies beside a token',
      { cookie: '__Host-sid=alice; __Host-sid=alice', bearer: 'alice' },
      'ambiguous',
    ],
    ['a malformed session cookie beside a token', { cookie: '__Host-sid="alice"', bearer: 'alice' }, 'malformed'],
    ['Basic', { authorization: 'Basic YTpi' }, 'unsupported-scheme'],
    ['Basic beside a session', { authorization: 'Basic YTpi', cookie: '__Host-sid=alice' }, 'unsupported-scheme'],
    [
      'two tokens beside a session',
      { bearer: 'alice', subprotocols: ['bearer.alice'], cookie: '__Host-sid=alice' },
      'ambiguous',
    ],
    ['another cookie', { cookie: 'theme=dark' }, 'missing'],
    ['nothing', {}, 'missing'],
  ])('AN-04 AN-08 refuses %s unverified', async (_, change, failure) => {
    const subprotocols = [...(change.subprotocols ?? []), csrf('s-alice')];
    const { refusal, verified } = await decide({ ...change, subprotocols });
    expect(refusal).toMatchObject({ status: 401, reason: 'unauthenticated', failure });
    expect(verified).toEqual({ tokens: [], sessions: [] });
  });

  it('AN-04 lets the explicit credential decide, without a CSRF token', async () => {
    const { refusal, context } = await decide({ bearer: 'alice', cookie: '__Host-sid=alice' });
    expect(refusal).toBeUndefined();
    expect(context.principal).toMatchObject({ kind: 'jwt', id: 'alice' });
  });

  it('AN-04 refuses a valid session of another subject beside a token', async () => {
    const { refusal } = await decide({ bearer: 'alice', cookie: '__Host-sid=bob', subprotocols: [csrf('s-bob')] });
    expect(refusal).toMatchObject({ status: 401, failure: 'ambiguous' });
  });

  it('AN-04 never falls back from a bad token to a good session', async () => {
    const case_ = { bearer: 'forged', cookie: '__Host-sid=alice', subprotocols: [csrf('s-alice')] };
    const { refusal, verified } = await decide(case_);
    expect(refusal).toMatchObject({ status: 401, failure: 'bad-signature' });
    expect(verified).toEqual({ tokens: ['forged'], sessions: [] });
  });

  it('AN-04 takes a session that has ended beside a token for nothing', async () => {
    const { refusal, context } = await decide({ bearer: 'alice', cookie: '__Host-sid=unknown' });
    expect(refusal).toBeUndefined();
    expect(context.principal).toMatchObject({ kind: 'jwt' });
  });

  it.each<[string, Case]>([
    ['alone', { subprotocols: [csrf('s-broken')] }],
    ['beside a token', { bearer: 'alice' }],
  ])('AN-11 refuses a session that could not be looked up, %s', async (_, change) => {
    const { refusal } = await decide({ cookie: '__Host-sid=broken', ...change });
    expect(refusal).toMatchObject({ status: 503, reason: 'authenticator-unavailable' });
  });

  it('AN-09 answers an unknown session with one verification, like a forged token', async () => {
    const unknown = await decide({ cookie: '__Host-sid=unknown', subprotocols: [csrf('s-unknown')] });
    const forged = await decide({ bearer: 'forged' });
    expect(unknown.refusal).toMatchObject({ status: 401, reason: 'unauthenticated' });
    expect(forged.refusal).toMatchObject({ status: 401, reason: 'unauthenticated' });
    expect(unknown.verified.sessions).toHaveLength(1);
    expect(forged.verified.tokens).toHaveLength(1);
  });
});

describe('a gateway with anonymous access', () => {
  it('AN-12 admits a page without a credential, each time as somebody else', async () => {
    const [one, two] = [await decide({ admitsAnonymous: true }), await decide({ admitsAnonymous: true })];
    expect(one.context.principal).toMatchObject({ kind: ANONYMOUS_KIND });
    expect(two.context.principal?.key).not.toBe(one.context.principal?.key);
  });

  it('AN-12 admits a page whose visitor has a session that it does not use', async () => {
    const { context, verified } = await decide({ admitsAnonymous: true, cookie: '__Host-sid=alice' });
    expect(context.principal).toMatchObject({ kind: ANONYMOUS_KIND });
    expect(verified.sessions).toEqual([]);
  });

  it.each<[string, Case, number]>([
    ['a forged token', { bearer: 'forged' }, 401],
    ['a malformed token', { authorization: 'Bearer' }, 401],
    ['Basic', { authorization: 'Basic YTpi' }, 401],
    ['two session cookies', { cookie: '__Host-sid=a; __Host-sid=b' }, 401],
    ['the CSRF token of another session', { cookie: '__Host-sid=alice', subprotocols: [csrf('s-bob')] }, 403],
    ['a CSRF token without a session', { subprotocols: [csrf('s-bob')] }, 401],
    ['a missing Origin', { origin: 'absent' }, 401],
    ['a missing Origin and a cookie', { origin: 'absent', cookie: 'theme=dark' }, 403],
  ])('HS-04 AN-12 never falls back to it from %s', async (_, change, status) => {
    const { refusal, context } = await decide({ admitsAnonymous: true, ...change });
    expect(refusal).toMatchObject({ status });
    expect(context.principal).toBeUndefined();
  });

  it('AN-12 is what a gateway has to ask for', async () => {
    expect((await decide({})).refusal).toMatchObject({ status: 401, failure: 'missing' });
  });
});
