import { generateKeyPairSync, randomBytes } from 'node:crypto';
import * as jose from 'jose';
import { describe, expect, it } from 'vitest';
import { goodClaims, signEs, signHs } from '../../../../../test/support/forge-jwt.js';
import { BootProblems } from '../../core/boot-problems.js';
import { OptionReader } from '../../core/option-reader.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { JwkSetVerifier } from './key-set/jwk-set-verifier.js';
import { SenderConstraints } from '../sender-constraint/sender-constraints.js';
import { ClaimsAcceptance } from './claims-acceptance.js';
import { jwtIssuer } from './jwt-issuers.js';
import { JwtAuthenticator } from './jwt.authenticator.js';
import { type JwtOptions, resolveJwtOptions } from './jwt.options.js';
import { readTokenRules } from './token-rules.js';

const COMMON = { issuer: 'https://id.example.com', audience: 'chat' };
const SECRET = randomBytes(32).toString('base64url');
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { kty, ...members } = publicKey.export({ format: 'jwk' });
const JWKS = { keys: [{ kty, ...members, alg: 'ES256' }] };

function resolve(options: object) {
  const problems = new BootProblems();
  const resolved = resolveJwtOptions(new OptionReader({ ...COMMON, ...options }, 'jwt', problems));
  expect(problems.problems).toEqual([]);
  return resolved;
}

describe('jwtIssuer', () => {
  it.each([
    ['at hand', undefined],
    ['at hand, where jose is there', jose],
  ])('J03 J04 verifies with the keys %s', async (_, library) => {
    const options = resolve({ secret: SECRET, algorithms: ['HS256'] } satisfies Partial<JwtOptions>);
    const { rules, signatures } = jwtIssuer(options, new FakeClock(), library);
    expect(rules).toBe(options);
    const header = { alg: 'HS256', kid: undefined, typ: undefined };
    const verify = (token: string) => signatures.verify(token, header as Parameters<typeof signatures.verify>[1]);
    expect(await verify(signHs({ alg: 'HS256' }, goodClaims({ iss: COMMON.issuer }), SECRET))).toEqual({
      keyId: undefined,
    });
    expect(await verify(signHs({ alg: 'HS256' }, goodClaims({ iss: COMMON.issuer }), 'other'))).toBe('bad-signature');
  });

  it('J03 J04 verifies with a key set', async () => {
    const options = resolve({ jwks: JWKS, algorithms: ['ES256'] });
    const { rules, signatures } = jwtIssuer(options, new FakeClock(), jose);
    expect(rules).toBe(options);
    expect(signatures).toBeInstanceOf(JwkSetVerifier);
    const header = { alg: 'ES256', kid: undefined, typ: undefined } as Parameters<typeof signatures.verify>[1];
    expect(
      await signatures.verify(signEs({ alg: 'ES256' }, goodClaims({ iss: COMMON.issuer }), privateKey), header),
    ).toBeTypeOf('object');
  });

  it('DP-02 makes no key set without jose', () => {
    const options = resolve({ jwks: JWKS, algorithms: ['ES256'] });
    expect(() => jwtIssuer(options, new FakeClock(), undefined)).toThrow(TypeError);
  });
});

describe('readTokenRules', () => {
  const typesOf = (options: object, usual?: readonly string[]) =>
    readTokenRules(new OptionReader({ ...COMMON, ...options }, 'jwt', new BootProblems()), usual).typ;

  it('J15 takes the types of the options, or else the usual ones', () => {
    expect(typesOf({})).toBeUndefined();
    expect(typesOf({}, ['at+jwt'])).toEqual(new Set(['at+jwt']));
    expect(typesOf({ typ: ['x+jwt'] }, ['at+jwt'])).toEqual(new Set(['x+jwt']));
  });

  it('AN-15 asks for a key set where it lies, for the algorithms and in the times of its options', () => {
    const options = resolve({ jwksUri: 'https://id.example.com/jwks', algorithms: ['ES256'] });
    const { signatures } = jwtIssuer(options, new FakeClock(), jose);
    expect(signatures).toBeInstanceOf(JwkSetVerifier);
    // Another algorithm is refused before anything is asked for.
    const header = { alg: 'RS256', kid: undefined, typ: undefined } as Parameters<typeof signatures.verify>[1];
    return expect(signatures.verify('a.b.c', header)).resolves.toBe('bad-algorithm');
  });

  it.each<[string, string, boolean]>([
    ['of its issuer', signHs({ alg: 'HS256' }, goodClaims({ iss: COMMON.issuer }), SECRET), true],
    ['of its issuer, forged', signHs({ alg: 'HS256' }, goodClaims({ iss: COMMON.issuer }), 'other'), true],
    ['of another issuer', signHs({ alg: 'HS256' }, goodClaims({ iss: 'https://evil.example' }), SECRET), false],
    ['without an issuer', signHs({ alg: 'HS256' }, goodClaims({ iss: undefined }), SECRET), false],
    ['whose issuer is a list', signHs({ alg: 'HS256' }, goodClaims({ iss: [COMMON.issuer] }), SECRET), false],
    ['that is none', 'opaque', false],
    [
      'that is longer than one may be',
      signHs({ alg: 'HS256' }, goodClaims({ iss: COMMON.issuer, x: 'x'.repeat(9000) }), SECRET),
      false,
    ],
  ])('J14 knows a token %s', (_, token, isOne) => {
    const clock = new FakeClock();
    const issuer = jwtIssuer(resolve({ secret: SECRET, algorithms: ['HS256'] }), clock, undefined);
    const authenticator = new JwtAuthenticator([issuer], new ClaimsAcceptance(clock, new SenderConstraints()));
    expect(authenticator.isOfIssuer(token)).toBe(isOne);
  });
});
