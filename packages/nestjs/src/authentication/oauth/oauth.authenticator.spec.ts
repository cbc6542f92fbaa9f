import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import type { WsCredential } from '../authenticator.js';
import { ClaimsAcceptance } from '../jwt/claims-acceptance.js';
import { SenderConstraints } from '../sender-constraint/sender-constraints.js';
import { OAuthAuthenticator } from './oauth.authenticator.js';

const ISSUER = 'https://id.example.com';
const SECONDS = Date.UTC(2026, 0, 1) / 1000;
const rules = {
  issuer: ISSUER,
  audience: ['chat'],
  typ: undefined,
  maxTokenBytes: 256,
  clockToleranceMs: 30_000,
  maxAgeMs: undefined,
  maxLifetimeMs: 86_400_000,
  principal: undefined,
};
const CLAIMS = { sub: 'alice', aud: 'chat', iat: SECONDS, exp: SECONDS + 600, active: true };
const request = {} as IncomingMessage;
const credential = (value: string, scheme = 'bearer'): WsCredential => ({ scheme, value, source: 'authorization' });

interface Shape {
  readonly said?: object;
  readonly isInactive?: boolean;
  readonly isOpaque?: boolean;
  readonly isAlone?: boolean;
}

function setUp({ said = CLAIMS, isInactive = false, isOpaque = true, isAlone = true }: Shape = {}) {
  const asked: string[] = [];
  const tokens = {
    isOfIssuer: (token: string) => token.startsWith('own.'),
    authenticate: ({ value }: WsCredential) => ({ issuer: ISSUER, id: `of ${value}` }),
  };
  const introspection = {
    introspect: (token: string) => {
      asked.push(token);
      return Promise.resolve(isInactive ? undefined : said);
    },
  };
  const acceptance = new ClaimsAcceptance(new FakeClock(SECONDS * 1000), new SenderConstraints());
  const opaque = isOpaque ? { rules, introspection: introspection as never } : undefined;
  return { asked, authenticator: new OAuthAuthenticator(tokens as never, opaque, acceptance, isAlone) };
}

async function outcome(value: string, shape?: Shape, scheme?: string): Promise<unknown> {
  const { authenticator } = setUp(shape);
  try {
    return await authenticator.authenticate(credential(value, scheme), request);
  } catch (error) {
    return (error as { readonly failure?: unknown }).failure;
  }
}

describe('OAuthAuthenticator', () => {
  it.each<[string, string, string, Shape, boolean]>([
    ['every token where it is alone', 'x', 'bearer', {}, true],
    ['no API key', 'x', 'apikey', {}, false],
    ['no DPoP token where no proof is checked', 'x', 'dpop', {}, false],
    ['tokens of its issuers beside others', 'own.b.c', 'bearer', { isAlone: false }, true],
    ['no token of another issuer beside others', 'a.b.c', 'bearer', { isAlone: false }, false],
    ['opaque tokens beside others', 'opaque', 'bearer', { isAlone: false }, true],
    [
      'no opaque token that nobody can read beside others',
      'opaque',
      'bearer',
      { isAlone: false, isOpaque: false },
      false,
    ],
    ['two segments as an opaque token', 'a.b', 'bearer', { isAlone: false }, true],
    ['four segments as an opaque token', 'a.b.c.d', 'bearer', { isAlone: false }, true],
  ])('AN-06 accepts %s', (_, value, scheme, shape, accepted) => {
    expect(setUp(shape).authenticator.accepts(credential(value, scheme))).toBe(accepted);
  });

  it('AN-06 sends no JSON Web Token to anybody, and nothing where nobody is to be asked', async () => {
    const { authenticator, asked } = setUp();
    expect(await authenticator.authenticate(credential('a.b.c'), request)).toEqual({ issuer: ISSUER, id: 'of a.b.c' });
    expect(await outcome('opaque', { isOpaque: false })).toEqual({ issuer: ISSUER, id: 'of opaque' });
    expect(asked).toEqual([]);
  });

  it('AN-06 makes the identity of what the server says', async () => {
    const { authenticator, asked } = setUp();
    const found = await authenticator.authenticate(credential('opaque'), request);
    expect(asked).toEqual(['opaque']);
    expect(found).toMatchObject({ issuer: ISSUER, id: 'alice', expiresAt: (SECONDS + 600) * 1000 });
    expect(found.claims).toEqual({ ...CLAIMS, iss: ISSUER });
  });

  it.each<[string, string, Shape, string | undefined, string]>([
    ['a token that is not active', 'opaque', { isInactive: true }, undefined, 'inactive'],
    ['another issuer', 'opaque', { said: { ...CLAIMS, iss: 'https://evil.example' } }, undefined, 'bad-issuer'],
    ['another audience', 'opaque', { said: { ...CLAIMS, aud: 'other' } }, undefined, 'bad-audience'],
    ['an end that is past', 'opaque', { said: { ...CLAIMS, exp: SECONDS } }, undefined, 'expired'],
    ['a token that is too long', 'x'.repeat(257), {}, undefined, 'too-large'],
    ['another scheme', 'opaque', {}, 'apikey', 'unsupported-scheme'],
    ['the longest token, once the server has said so', 'x'.repeat(256), { isInactive: true }, undefined, 'inactive'],
  ])('AN-06 refuses %s', async (_, value, shape, scheme, failure) => {
    expect(await outcome(value, shape, scheme)).toBe(failure);
  });
});
