import { createSecretKey, generateKeyPairSync, KeyObject, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { NOT_SET } from '../../core/option-reader.js';
import type { JwtAlgorithm } from './jwt-algorithm.js';
import { readHmacSecret, readPublicKey } from './jwt-key.js';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ec384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
const pss384 = generateKeyPairSync('rsa-pss', {
  modulusLength: 2048,
  hashAlgorithm: 'sha384',
  mgf1HashAlgorithm: 'sha384',
});
const ed = generateKeyPairSync('ed25519');
const x = generateKeyPairSync('x25519');
const pem = (key: KeyObject): string => String(key.export({ type: 'spki', format: 'pem' }));
const der = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

/** What is wrong with a key; `undefined` where nothing is. */
const problemOf = (read: ReturnType<typeof readPublicKey>): string | undefined =>
  read instanceof KeyObject ? undefined : read.problem;

describe('readPublicKey', () => {
  it.each<readonly [algorithm: JwtAlgorithm, key: KeyObject, problem: string | undefined]>([
    ['ES256', ec.publicKey, undefined],
    ['ES384', ec384.publicKey, undefined],
    ['ES256', ec384.publicKey, 'does not fit ES256, which needs an EC key on the curve prime256v1.'],
    ['ES384', ec.publicKey, 'does not fit ES384, which needs an EC key on the curve secp384r1.'],
    ['ES256', rsa.publicKey, 'does not fit ES256, which needs an EC key on the curve prime256v1.'],
    ['EdDSA', ed.publicKey, undefined],
    ['Ed25519', ed.publicKey, undefined],
    ['EdDSA', x.publicKey, 'does not fit EdDSA, which needs an Ed25519 key.'],
    ['EdDSA', ec.publicKey, 'does not fit EdDSA, which needs an Ed25519 key.'],
    ['EdDSA', rsa.publicKey, 'does not fit EdDSA, which needs an Ed25519 key.'],
    ['RS256', rsa.publicKey, undefined],
    ['PS256', rsa.publicKey, undefined],
    ['PS256', pss.publicKey, undefined],
    ['PS384', pss384.publicKey, undefined],
    ['RS256', pss.publicKey, 'does not fit RS256, which needs an RSA key.'],
    ['RS256', ec.publicKey, 'does not fit RS256, which needs an RSA key.'],
    ['PS256', ec.publicKey, 'does not fit PS256, which needs an RSA key.'],
    ['PS256', pss384.publicKey, 'is an RSA-PSS key for another hash than that of PS256.'],
    ['RS256', short.publicKey, 'is too short: an RSA key needs at least 2048 bits.'],
    ['PS256', short.publicKey, 'is too short: an RSA key needs at least 2048 bits.'],
  ])('J34 J02 judges a key for %s', (algorithm, key, problem) => {
    for (const material of [key, pem(key), Buffer.from(pem(key)), der(key)]) {
      expect(problemOf(readPublicKey(material, algorithm))).toBe(problem);
    }
  });

  it.each<readonly [what: string, material: unknown, problem: string]>([
    ['a private key', ec.privateKey, 'must be a public key.'],
    ['a secret', createSecretKey(randomBytes(32)), 'must be a public key.'],
    ['nothing', undefined, 'must be a PEM text, a Buffer or a KeyObject of a public key.'],
    ['an object', {}, 'must be a PEM text, a Buffer or a KeyObject of a public key.'],
    ['an empty text', '', 'cannot be read as a public key in PEM form.'],
    ['other bytes', randomBytes(32), 'cannot be read as a public key in PEM or DER form.'],
    [
      'a private key as PEM',
      ec.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      'is a private key, which this server does not need and should not have.',
    ],
    [
      'a private key that is cut off',
      '-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----',
      'is a private key, which this server does not need and should not have.',
    ],
    [
      'PEM in one line',
      pem(ec.publicKey).replaceAll('\n', String.raw`\n`),
      'has "\\n" written out where its lines end, as some tools put a PEM text into one line.',
    ],
  ])('J10 J34 refuses %s', (_, material, problem) => {
    expect(problemOf(readPublicKey(material, 'ES256'))).toBe(problem);
  });
});

describe('readHmacSecret', () => {
  const asymmetric = 'is an asymmetric key, which is no secret: with HS256 everybody who has it could sign tokens.';

  it.each<readonly [what: string, material: unknown, problem: string | undefined]>([
    ['32 random bytes', randomBytes(32), undefined],
    ['a text of them', randomBytes(32).toString('base64'), undefined],
    ['a key of them', createSecretKey(randomBytes(32)), undefined],
    ['31 random bytes', randomBytes(31), 'is too short: it has 31 bytes, and HS256 needs at least 32.'],
    ['nothing', undefined, NOT_SET],
    ['null', null, 'must be a string, a Buffer or a KeyObject of a secret key.'],
    ['a list', [randomBytes(32)], 'must be a string, a Buffer or a KeyObject of a secret key.'],
    ['an empty text', '', 'is empty: everybody would have it. Is the variable of the environment set?'],
    ['no bytes', Buffer.alloc(0), 'is empty: everybody would have it. Is the variable of the environment set?'],
    ['a public key', ec.publicKey, asymmetric],
    ['a private key', ec.privateKey, asymmetric],
    ['a public key as PEM', pem(ec.publicKey), asymmetric],
    ['a public key as DER', der(ec.publicKey), asymmetric],
    ['a public key as PKCS#1', rsa.publicKey.export({ type: 'pkcs1', format: 'der' }), asymmetric],
    ['a private key as DER', ec.privateKey.export({ type: 'pkcs8', format: 'der' }), asymmetric],
    ['a public key as JWK', ` ${JSON.stringify(ec.publicKey.export({ format: 'jwk' }))}`, asymmetric],
    ['one byte 32 times', 'x'.repeat(32), 'is a placeholder or easy to guess.'],
  ])('J02 J09 J10 judges %s', (_, material, problem) => {
    expect(problemOf(readHmacSecret(material, 'HS256'))).toBe(problem);
  });

  it('J09 needs as many bytes as its hash has', () => {
    for (const [algorithm, bytes] of [
      ['HS384', 48],
      ['HS512', 64],
    ] as const) {
      expect(problemOf(readHmacSecret(randomBytes(bytes), algorithm))).toBeUndefined();
      expect(problemOf(readHmacSecret(randomBytes(bytes - 1), algorithm))).toContain('is too short');
    }
  });
});
