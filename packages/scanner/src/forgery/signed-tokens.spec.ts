import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Jwt, readJwt, segment } from './jwt.js';
import { signedTokens } from './signed-tokens.js';

const NOW = 1_700_000_000;
function parts(token: string): Jwt {
  const jwt = readJwt(token);
  if (jwt === undefined) throw new Error('It is no JWT.');
  return jwt;
}

const jwtWith = (alg: string): Jwt =>
  parts(`${segment({ alg })}.${segment({ sub: 'ann', iss: 'https://id', aud: 'a' })}.AA`);
const pem = (key: KeyObject): string => String(key.export({ type: 'pkcs8', format: 'pem' }));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');

describe('signedTokens', () => {
  it.each([
    ['RS256', pem(rsa.privateKey), rsa.publicKey, 'sha256'],
    ['ES256', pem(ec.privateKey), { key: ec.publicKey, dsaEncoding: 'ieee-p1363' }, 'sha256'],
    ['EdDSA', pem(ed.privateKey), ed.publicKey, null],
  ] as const)('AN-06 J13 J17 signs as %s does', (alg, key, publicKey, hash) => {
    const [good = '', ...bad] = signedTokens(jwtWith(alg), key, NOW) ?? [];
    const tokens = [good, ...bad.map(({ token }) => token)];
    expect(tokens).toHaveLength(9);
    for (const token of tokens) {
      const { signed, signature } = parts(token);
      expect(verify(hash, Buffer.from(signed), publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
    }
    expect(readJwt(good)?.claims).toEqual({ sub: 'ann', iss: 'https://id', aud: 'a' });
    expect(bad.map(({ token }) => readJwt(token)?.claims['aud'])).toContain(undefined);
    expect(bad.at(-1)?.id).toBe('J17');
    expect(readJwt(bad.at(-1)?.token ?? '')?.header['crit']).toEqual(['secure-ws-scan']);
  });

  it('has nothing to say of a key that does not fit', () => {
    expect(signedTokens(jwtWith('RS256'), 'a secret', NOW)).toBeUndefined();
    expect(signedTokens(jwtWith('none'), pem(rsa.privateKey), NOW)).toBeUndefined();
    expect(signedTokens(jwtWith('HS256'), 'a secret', NOW)).toHaveLength(9);
  });
});
