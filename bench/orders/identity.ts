import { createSecretKey, type KeyObject } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';

/** Who connects in the benchmarks. */
export const TRADER_ID = 'trader-1';

/** The role that may place orders. */
export const TRADER_ROLE = 'trader';

/** The `iss` that every server demands. */
export const ISSUER = 'https://id.bench.example';

/** The `aud` that every server demands. */
export const AUDIENCE = 'orders';

/**
 * Key of the benchmark, of no worth anywhere else. A `KeyObject`: with a string, `jsonwebtoken` first tries to read a PEM
 * key out of it at each verification, and the baselines would look forty times slower than they have to be.
 */
export const BENCHMARK_KEY: KeyObject = createSecretKey(Buffer.from('benchmark-only-key-benchmark-only-key'));

/** How the hand-written servers verify a token, the way `@nestjs/jwt` is set up in the Nest documentation. */
export const tokens = new JwtService({
  secret: BENCHMARK_KEY,
  verifyOptions: { algorithms: ['HS256'], issuer: ISSUER, audience: AUDIENCE },
  signOptions: { algorithm: 'HS256', issuer: ISSUER, audience: AUDIENCE, expiresIn: '1h' },
});

/** The claims of a benchmark token. */
export interface TokenClaims {
  readonly sub: string;
  readonly roles: readonly string[];
}

/** Signs a token. */
export function traderToken(sub = TRADER_ID): string {
  return tokens.sign({ sub, roles: [TRADER_ROLE] });
}

/** Reads the token of an `Authorization: Bearer` header and verifies it. @throws when it is missing or refused. */
export function verifyHeader(authorization: string | undefined): TokenClaims {
  if (authorization?.startsWith('Bearer ') !== true) throw new Error('A bearer token is required.');
  return tokens.verify<TokenClaims>(authorization.slice('Bearer '.length));
}
