import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, IncomingMessage } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { JwtService } from '@nestjs/jwt';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  attackedJwtOptions,
  AUDIENCE,
  type ForgeKeys,
  goodClaims,
  goodToken,
  ISSUERS,
  JWT_ATTACKS,
  JWT_CONTROLS,
  type JwtAttack,
  makeForgeKeys,
  RS_KID,
  signHs,
  signRs,
  tokenOfLength,
} from '../../../../../test/support/forge-jwt.js';
import { BootProblems } from '../../core/boot-problems.js';
import { SystemClock } from '../../core/clock.js';
import { OptionReader } from '../../core/option-reader.js';
import { resolveAuthenticationOptions } from '../authentication.options.js';
import { AuthenticatorBlock } from '../authenticator-block.js';
import type { AuthenticationFailure } from '../authentication-failures.js';
import { AuthenticationError, type WsCredential } from '../authenticator.js';
import type { Principal } from '../../core/principal.js';
import type { JwtIdentity, JwtPrincipalMapping } from './jwt-identity.js';
import { JwtAuthenticator } from './jwt.authenticator.js';
import { SenderConstraints } from '../sender-constraint/sender-constraints.js';
import { ClaimsAcceptance } from './claims-acceptance.js';
import { jwtIssuer } from './jwt-issuers.js';
import type { JwtOptions } from './jwt.options.js';

let keys: ForgeKeys;
let attacked: Verifier;

beforeAll(() => {
  keys = makeForgeKeys();
  attacked = authenticatorOf(attackedJwtOptions(keys));
});

/** The authenticator in its place: what the handshake calls. */
interface Verifier {
  accepts(credential: WsCredential): boolean;
  authenticate(credential: WsCredential): Promise<Principal>;
}

function authenticatorOf(jwt: JwtOptions | readonly JwtOptions[], clock = new SystemClock()): Verifier {
  const problems = new BootProblems();
  const options = resolveAuthenticationOptions(new OptionReader({ jwt }, 'authentication', problems));
  expect(problems.problems).toEqual([]);
  const block = new AuthenticatorBlock(
    new JwtAuthenticator(
      options.jwt.map((one) => jwtIssuer(one, clock, undefined)),
      new ClaimsAcceptance(clock, new SenderConstraints()),
    ),
    options.blocks.jwt,
    clock,
  );
  return {
    accepts: (credential) => block.accepts(credential),
    authenticate: async (credential) => block.authenticate(credential, new IncomingMessage(new Socket())),
  };
}

function bearer(value: string): WsCredential {
  return { scheme: 'bearer', value, source: 'authorization' };
}

async function refusalOf(work: Promise<Principal>): Promise<AuthenticationError> {
  const outcome: unknown = await work.catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(AuthenticationError);
  return outcome as AuthenticationError;
}

class ClockAt extends SystemClock {
  constructor(private readonly nowMs: number) {
    super();
  }

  override now(): number {
    return this.nowMs;
  }
}

/** The words that the audit may show, so that no attack is refused for the wrong reason. */
const EXPECTED: Readonly<Record<string, readonly AuthenticationFailure[]>> = {
  J01: ['bad-algorithm', 'malformed'],
  J02: ['bad-algorithm'],
  J03: ['bad-algorithm'],
  J04: ['bad-signature'],
  J05: ['bad-header'],
  J06: ['bad-signature'],
  J07: ['bad-header'],
  J08: ['unknown-key', 'bad-header', 'too-large'],
  J09: ['bad-signature'],
  J10: ['bad-signature', 'bad-algorithm'],
  // A number too large for a double is refused by the decoder, before any claim is looked at.
  J11: ['bad-claims', 'expired', 'malformed'],
  J12: ['bad-claims', 'not-yet-valid'],
  J13: ['bad-audience'],
  J14: ['bad-issuer', 'bad-algorithm', 'bad-signature'],
  J15: ['bad-type'],
  // Null characters and lone surrogates are refused by the decoder, before any claim is looked at.
  J16: ['bad-subject', 'too-large', 'malformed'],
  J17: ['bad-header'],
  J18: ['malformed', 'bad-header'],
  J19: ['bad-header', 'bad-algorithm'],
  J20: ['malformed'],
  J21: ['malformed'],
  J23: ['malformed'],
  J24: ['malformed'],
  J25: ['bad-claims'],
  J29: ['too-large'],
  J33: ['malformed'],
};

const rows = (list: readonly JwtAttack[]): [string, string, JwtAttack['token']][] =>
  list.map(({ id, name, token }) => [id, name, token]);

describe('JwtAuthenticator', () => {
  it.each(JWT_CONTROLS)('accepts $name', async ({ token }) => {
    const principal = await attacked.authenticate(bearer(token(keys)));
    expect(principal.id).toBe('alice');
    expect(principal.kind).toBe('jwt');
  });

  it.each(rows(JWT_ATTACKS))('AN-06 %s refuses %s', async (id, _name, token) => {
    const error = await refusalOf(attacked.authenticate(bearer(token(keys))));
    expect(EXPECTED[id]).toContain(error.failure);
    expect(error.message).toBe(`The credential was refused: ${error.failure}.`);
    expect(error.cause).toBeUndefined();
  });

  it('J29 accepts a token of exactly 8 KiB', async () => {
    await expect(attacked.authenticate(bearer(tokenOfLength(keys, 8_192)))).resolves.toBeDefined();
  });

  it('J29 holds each issuer to its own limit', async () => {
    const issuers = attackedJwtOptions(keys).map((options) => ({
      ...options,
      maxTokenBytes: options.issuer === ISSUERS.hs ? 256 : 8_192,
    }));
    const error = await refusalOf(authenticatorOf(issuers).authenticate(bearer(tokenOfLength(keys, 300))));
    expect(error.failure).toBe('too-large');
  });

  it('J06 never asks the address in a token for keys', async () => {
    let requestCount = 0;
    const server = createServer(() => {
      requestCount += 1;
    });
    server.on('connection', () => {
      requestCount += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const header = { alg: 'RS256', kid: RS_KID, jku: `http://127.0.0.1:${port}/`, x5u: `http://127.0.0.1:${port}/` };
    await refusalOf(attacked.authenticate(bearer(signRs(header, goodClaims({ iss: ISSUERS.rs }), stranger))));
    await new Promise((resolve) => server.close(resolve));
    expect(requestCount).toBe(0);
  });

  it('J27 refuses the token of a key that was rotated out', async () => {
    const [old, current] = [makeSecret(), makeSecret()];
    const options = (kids: Record<string, string>): JwtOptions => ({
      keys: Object.entries(kids).map(([kid, secret]) => ({ kid, secret, algorithm: 'HS256' })),
      issuer: ISSUERS.hs,
      audience: AUDIENCE,
    });
    const token = bearer(signHs({ alg: 'HS256', kid: 'old' }, goodClaims(), old));
    const before = authenticatorOf(options({ old, current }));
    await expect(before.authenticate(token)).resolves.toMatchObject({ keyId: 'old' });
    const after = authenticatorOf(options({ current }));
    expect((await refusalOf(after.authenticate(token))).failure).toBe('unknown-key');
  });

  it('J08 uses the key that the kid names and no other', async () => {
    const secrets = [makeSecret(), makeSecret()];
    const authenticator = authenticatorOf({
      keys: secrets.map((secret, index) => ({ kid: `k${index}`, secret, algorithm: 'HS256' })),
      issuer: ISSUERS.hs,
      audience: AUDIENCE,
    });
    const swapped = signHs({ alg: 'HS256', kid: 'k0' }, goodClaims(), secrets[1] ?? '');
    expect((await refusalOf(authenticator.authenticate(bearer(swapped)))).failure).toBe('bad-signature');
  });

  it.each([
    ['a forged signature', (): string => signHs({ alg: 'HS256' }, goodClaims(), makeSecret()), 'bad-signature'],
    ['an expired token', (): string => goodToken(keys, { exp: 1 }), 'expired'],
    ['a token for others', (): string => goodToken(keys, { aud: 'other' }), 'bad-audience'],
    ['a token without a subject', (): string => goodToken(keys, { sub: '' }), 'bad-subject'],
    ['an unknown subject', (): string => goodToken(keys, { sub: 'nobody' }), 'bad-subject'],
  ])('AN-09 J35 verifies exactly once for %s', async (_, token, failure) => {
    const verify = vi.spyOn(JwtService.prototype, 'verify');
    try {
      const authenticator = authenticatorOf({ ...hsOptions(), principal: onlyAlice });
      const error = await refusalOf(authenticator.authenticate(bearer(token())));
      expect(error.failure).toBe(failure);
      expect(verify).toHaveBeenCalledTimes(1);
    } finally {
      verify.mockRestore();
    }
  });

  it.each([
    ['a missing algorithm', { typ: 'JWT' }, 'bad-algorithm'],
    ['an embedded key', { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } }, 'bad-header'],
    ['an embedded certificate', { alg: 'HS256', x5c: ['AAAA'] }, 'bad-header'],
  ])('AN-06 J01 J05 J07 refuses %s before any cryptography, though the signature fits', async (_, header, failure) => {
    const verify = vi.spyOn(JwtService.prototype, 'verify');
    try {
      const token = signHs(header, goodClaims(), keys.secret);
      expect((await refusalOf(authenticatorOf(hsOptions()).authenticate(bearer(token)))).failure).toBe(failure);
      expect(verify).not.toHaveBeenCalled();
    } finally {
      verify.mockRestore();
    }
  });

  it.each(['https://unknown.example', undefined, 7])('J14 verifies nothing for the issuer %j', async (iss) => {
    const verify = vi.spyOn(JwtService.prototype, 'verify');
    try {
      const token = signHs({ alg: 'HS256' }, { ...goodClaims(), iss }, keys.secret);
      expect((await refusalOf(authenticatorOf(hsOptions()).authenticate(bearer(token)))).failure).toBe('bad-issuer');
      expect(verify).not.toHaveBeenCalled();
    } finally {
      verify.mockRestore();
    }
  });

  it('AN-06 J04 refuses a token whose signature the library does not take, whatever it throws', async () => {
    const verify = vi.spyOn(JwtService.prototype, 'verify').mockImplementation(() => {
      throw new Error('jwt issuer invalid');
    });
    try {
      const authenticator = authenticatorOf(hsOptions());
      expect((await refusalOf(authenticator.authenticate(bearer(goodToken(keys))))).failure).toBe('bad-issuer');
    } finally {
      verify.mockRestore();
    }
  });

  it('SL-03 takes the time from the clock alone', async () => {
    const token = bearer(goodToken(keys, { iat: 1_000, exp: 2_000 }));
    const at = async (seconds: number): Promise<string> => {
      const authenticator = authenticatorOf(hsOptions(), new ClockAt(seconds * 1000));
      return authenticator.authenticate(token).then(
        () => 'accepted',
        (error: AuthenticationError) => error.failure,
      );
    };
    expect(await at(1_500)).toBe('accepted');
    expect(await at(1_999)).toBe('accepted');
    expect(await at(2_000)).toBe('expired');
    expect(await at(969)).toBe('not-yet-valid');
    expect(await at(970)).toBe('accepted');
  });

  it('AN-14 makes a frozen principal of the verified claims', async () => {
    const now = 1_800_000_000_000;
    const authenticator = authenticatorOf(hsOptions(), new ClockAt(now));
    const exp = now / 1000 + 60;
    const iat = now / 1000;
    const said = { auth_time: iat - 30, jti: 't-1', sid: 's-1', roles: ['admin'], scope: 'a b', scp: ['c'] };
    const principal = await authenticator.authenticate(bearer(goodToken(keys, { iat, exp, ...said })));
    expect(principal).toMatchObject({
      kind: 'jwt',
      issuer: ISSUERS.hs,
      id: 'alice',
      roles: ['admin'],
      scopes: ['a', 'b', 'c'],
      tokenId: 't-1',
      sessionId: 's-1',
      issuedAt: now,
      authenticatedAt: now - 30_000,
      expiresAt: exp * 1000,
      claims: { sub: 'alice', aud: AUDIENCE },
    });
    expect(Object.isFrozen(principal)).toBe(true);
    expect(Object.isFrozen(principal.claims)).toBe(true);
    expect(Object.isFrozen(principal.claims['roles'])).toBe(true);
  });

  it('maps the claims of any identity provider, and leaves out what the mapping leaves out', async () => {
    const authenticator = authenticatorOf({
      ...hsOptions(),
      principal: (claims) => ({ id: String(claims['oid']), tenant: 'acme', scopes: ['x'] }),
    });
    const token = goodToken(keys, { sub: undefined, oid: 'u-7', roles: ['admin'], sid: 's-1' });
    const principal = await authenticator.authenticate(bearer(token));
    expect(principal).toMatchObject({ id: 'u-7', tenant: 'acme', roles: [], scopes: ['x'], sessionId: 's-1' });
  });

  it.each<[string, JwtPrincipalMapping, AuthenticationFailure]>([
    [
      'throws',
      () => {
        throw new Error('canary');
      },
      'bad-mapping',
    ],
    [
      'throws nothing',
      () => {
        throw undefined;
      },
      'bad-mapping',
    ],
    ['rejects', () => Promise.reject(new Error('canary')), 'bad-mapping'],
    [
      'refuses by its own word',
      () => {
        throw new AuthenticationError('unavailable');
      },
      'unavailable',
    ],
    ['returns nothing', () => undefined as unknown as JwtIdentity, 'bad-subject'],
    ['returns an empty id', () => ({ id: '' }), 'bad-subject'],
    ['returns roles as text', () => ({ id: 'a', roles: 'admin' as unknown as string[] }), 'bad-claims'],
    ['returns a tenant that is no text', () => ({ id: 'a', tenant: 1 as unknown as string }), 'bad-claims'],
  ])('AN-03 refuses when the mapping %s', async (_, principal, failure) => {
    const authenticator = authenticatorOf({ ...hsOptions(), principal });
    const error = await refusalOf(authenticator.authenticate(bearer(goodToken(keys))));
    expect(error.failure).toBe(failure);
    expect(error.message).not.toContain('canary');
  });

  it('J15 demands the types that the options name', async () => {
    const authenticator = authenticatorOf({ ...hsOptions(), typ: ['at+jwt'] });
    const of = (header: object): string => signHs({ alg: 'HS256', ...header }, goodClaims(), keys.secret);
    await expect(authenticator.authenticate(bearer(of({ typ: 'application/at+jwt' })))).resolves.toBeDefined();
    for (const header of [{}, { typ: 'JWT' }]) {
      expect((await refusalOf(authenticator.authenticate(bearer(of(header))))).failure).toBe('bad-type');
    }
  });

  it('J12 refuses tokens that are older than maxAgeMs or do not say how old they are', async () => {
    const authenticator = authenticatorOf({ ...hsOptions(), maxAgeMs: 60_000 }, new ClockAt(1_000_000));
    const outcome = async (iat: number | undefined): Promise<string> =>
      authenticator.authenticate(bearer(goodToken(keys, { iat, exp: 2_000 }))).then(
        () => 'accepted',
        (error: AuthenticationError) => error.failure,
      );
    expect(await outcome(940)).toBe('accepted');
    expect(await outcome(939)).toBe('expired');
    expect(await outcome(undefined)).toBe('bad-claims');
  });

  it('is for bearer credentials only', async () => {
    const other: WsCredential = { scheme: 'apikey', value: goodToken(keys), source: 'authorization' };
    expect([attacked.accepts(bearer('x')), attacked.accepts(other)]).toEqual([true, false]);
    expect((await refusalOf(attacked.authenticate(other))).failure).toBe('unsupported-scheme');
  });
});

function hsOptions(): JwtOptions {
  return { secret: keys.secret, algorithms: ['HS256'], issuer: ISSUERS.hs, audience: AUDIENCE };
}

function makeSecret(): string {
  return randomBytes(32).toString('base64');
}

function onlyAlice(claims: Readonly<Record<string, unknown>>): JwtIdentity {
  if (claims['sub'] !== 'alice') throw new AuthenticationError('bad-subject');
  return { id: 'alice' };
}
