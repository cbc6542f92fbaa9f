import { beforeAll, describe, expect, it } from 'vitest';
import {
  attackedJwtOptions,
  AUDIENCE,
  type ForgeKeys,
  goodToken,
  ISSUERS,
  JWT_ATTACKS,
  JWT_CONTROLS,
  makeForgeKeys,
} from '../../../../../test/support/forge-jwt.js';
import { BootProblems } from '../../internal/boot-problems.js';
import { SystemClock } from '../../internal/clock.js';
import { OptionReader } from '../../internal/option-reader.js';
import { resolveAuthenticationOptions } from '../authentication.options.js';
import { AuthenticationError, type WsCredential } from '../authenticator.js';
import type { Principal } from '../principal.js';
import { JwtAuthenticator } from './jwt.authenticator.js';
import type { JwtOptions } from './jwt.options.js';

let keys: ForgeKeys;
let attacked: JwtAuthenticator;

beforeAll(() => {
  keys = makeForgeKeys();
  attacked = authenticatorOf(attackedJwtOptions(keys));
});

function authenticatorOf(jwt: JwtOptions | readonly JwtOptions[], clock = new SystemClock()): JwtAuthenticator {
  const problems = new BootProblems();
  const options = resolveAuthenticationOptions(new OptionReader({ jwt }, 'authentication', problems));
  expect(problems.problems).toEqual([]);
  return new JwtAuthenticator(options.jwt, clock);
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

describe('JwtAuthenticator', () => {
  it.each(JWT_CONTROLS)('$id accepts $name', async ({ token }) => {
    const principal = await attacked.authenticate(bearer(token(keys)));
    expect(principal.id).toBe('alice');
    expect(principal.kind).toBe('jwt');
  });

  it.each(JWT_ATTACKS)('$id refuses $name', async ({ token }) => {
    const text = token(keys);
    const error = await refusalOf(attacked.authenticate(bearer(text)));
    expect(error.failure).not.toBe('unavailable');
    expect(error.message).toBe(`The credential was refused: ${error.failure}.`);
    expect(error.cause).toBeUndefined();
  });

  it('makes a frozen principal of the verified claims', async () => {
    const now = 1_800_000_000_000;
    const authenticator = authenticatorOf(attackedJwtOptions(keys), new ClockAt(now));
    const exp = now / 1000 + 60;
    const claims = { iat: now / 1000, exp, jti: 't-1', sid: 's-1', roles: ['admin'], scope: 'a b', scp: ['c'] };
    const principal = await authenticator.authenticate(bearer(goodToken(keys, claims)));
    expect(principal).toMatchObject({
      kind: 'jwt',
      issuer: ISSUERS.hs,
      id: 'alice',
      roles: ['admin'],
      scopes: ['a', 'b', 'c'],
      tokenId: 't-1',
      sessionId: 's-1',
      authenticatedAt: now,
      expiresAt: exp * 1000,
      claims: { sub: 'alice', aud: AUDIENCE },
    });
    expect(Object.isFrozen(principal)).toBe(true);
    expect(Object.isFrozen(principal.claims['roles'])).toBe(true);
  });
});
