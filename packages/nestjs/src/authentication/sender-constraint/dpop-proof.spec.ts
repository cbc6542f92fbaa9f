import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { dpopKey } from '../../../../../test/support/dpop.js';
import { unsigned } from '../../../../../test/support/forge-jwt.js';
import { CLOCK_TOLERANCE_MS, type DpopExpectation, readDpopProof } from './dpop-proof.js';

const NOW_MS = Date.UTC(2026, 0, 1);
const NOW = NOW_MS / 1000;
const MAX_AGE_MS = 60_000;
const URL_OF_ALL = 'https://chat.example.com/live';
const TOKEN = 'the-access-token';
const { jwk, privateKey } = dpopKey();

const EXPECTED: DpopExpectation = {
  token: TOKEN,
  url: URL_OF_ALL,
  algorithms: ['ES256', 'RS256'],
  maxAgeMs: MAX_AGE_MS,
  nowMs: NOW_MS,
};
const HEADER = { alg: 'ES256', typ: 'dpop+jwt', jwk };
const CLAIMS = {
  jti: 'one',
  htm: 'GET',
  htu: URL_OF_ALL,
  iat: NOW,
  ath: createHash('sha256').update(TOKEN).digest('base64url'),
};

/** What differs from a good proof; `undefined` takes a member away. */
interface Change {
  readonly header?: object;
  readonly claims?: object;
  readonly expected?: Partial<DpopExpectation>;
}

const read = ({ header, claims, expected }: Change) =>
  readDpopProof(unsigned({ ...HEADER, ...header }, { ...CLAIMS, ...claims }, 'AAAA'), { ...EXPECTED, ...expected });

/** A proof of exactly so many bytes. */
function proofOf(bytes: number): string {
  for (const pad of ['', 'x', 'xx']) {
    const start = unsigned(HEADER, { ...CLAIMS, pad });
    const rest = bytes - start.length;
    // No base64url has that length.
    if (rest % 4 !== 1) return start + 'A'.repeat(rest);
  }
  throw new Error(`No proof has ${bytes} bytes.`);
}

describe('readDpopProof', () => {
  it('AN-06 takes a proof of this handshake, with its key for the algorithm that it names', () => {
    expect(read({})).toEqual({ jwk: { ...jwk, alg: 'ES256' }, jti: 'one', nonce: undefined });
  });

  it('AN-06 leaves the nonce to who knows it, whatever it is', () => {
    for (const nonce of ['n', '', 7, { a: 1 }]) expect(read({ claims: { nonce } })?.nonce).toEqual(nonce);
  });

  it('J29 AN-06 reads none of more than 4,096 bytes', () => {
    const [longest, longer] = [proofOf(4096), proofOf(4097)];
    expect([longest.length, longer.length]).toEqual([4096, 4097]);
    expect(readDpopProof(longest, EXPECTED)).toMatchObject({ jti: 'one' });
    expect(readDpopProof(longer, EXPECTED)).toBeUndefined();
  });

  it.each(['', 'a.b', 'a.b.c', `${unsigned(HEADER, CLAIMS, 'AAAA')}.`])('J20 AN-06 takes %j for no proof', (proof) => {
    expect(readDpopProof(proof, EXPECTED)).toBeUndefined();
  });

  it.each<readonly [what: string, header: object]>([
    ['another type', { typ: 'JWT' }],
    ['its type in another case', { typ: 'DPoP+jwt' }],
    ['no type', { typ: undefined }],
    ['no algorithm', { alg: undefined }],
    ['no algorithm by name', { alg: 'none' }],
    ['an algorithm in a list', { alg: ['ES256'] }],
    ['an algorithm that is not listed', { alg: 'ES384' }],
    ['a listed algorithm that its key does not fit', { alg: 'RS256' }],
    ['no key', { jwk: undefined }],
    ['no key but its thumbprint', { jwk: 'thumbprint' }],
    ['a key for another algorithm', { jwk: { ...jwk, alg: 'ES384' } }],
    ['its private key', { jwk: privateKey.export({ format: 'jwk' }) }],
    ['a secret', { alg: 'HS256', jwk: { kty: 'oct', k: 'A'.repeat(43) } }],
    ['a critical extension', { crit: ['b64'] }],
    ['an empty critical extension', { crit: null }],
  ])('J01 J03 J05 J17 AN-06 refuses a proof with %s', (_, header) => {
    expect(read({ header })).toBeUndefined();
  });

  it('J02 AN-06 refuses the algorithm of a secret even where it is listed', () => {
    const header = { alg: 'HS256', jwk: { kty: 'oct', k: 'A'.repeat(43) } };
    expect(read({ header, expected: { algorithms: ['HS256'] } })).toBeUndefined();
  });

  it.each<readonly [what: string, claims: object]>([
    ['no method', { htm: undefined }],
    ['another method', { htm: 'POST' }],
    ['its method in lower case', { htm: 'get' }],
    ['no hash of a token', { ath: undefined }],
    ['the token in place of its hash', { ath: TOKEN }],
    ['the hash of another token', { ath: createHash('sha256').update('other').digest('base64url') }],
    ['no date', { iat: undefined }],
    ['a date in a text', { iat: String(NOW) }],
    ['a date in a list', { iat: [NOW] }],
    ['no id', { jti: undefined }],
    ['an empty id', { jti: '' }],
    ['an id that is no text', { jti: 7 }],
    ['an id of 257 characters', { jti: 'x'.repeat(257) }],
    ['an id that reaches a prototype', { jti: '__proto__' }],
  ])('AN-06 refuses a proof with %s', (_, claims) => {
    expect(read({ claims })).toBeUndefined();
  });

  it.each<readonly [what: string, iat: number, isTaken: boolean]>([
    ['as old as it may be', NOW - 60, true],
    ['older by a millisecond', NOW - 60.001, false],
    ['as far ahead as a clock may be', NOW + 30, true],
    ['further ahead by a millisecond', NOW + 30.001, false],
    ['in milliseconds', NOW_MS, false],
    ['before 1970', -NOW, false],
    ['that no number holds', Number.MAX_VALUE, false],
  ])('AN-06 J11 J12 judges a date %s', (_, iat, isTaken) => {
    expect(CLOCK_TOLERANCE_MS).toBe(30_000);
    expect(read({ claims: { iat } }) !== undefined).toBe(isTaken);
  });

  it.each<readonly [htu: string, url: string]>([
    [URL_OF_ALL, URL_OF_ALL],
    ['wss://chat.example.com/live', URL_OF_ALL],
    ['WSS://CHAT.example.com:443/live', URL_OF_ALL],
    [URL_OF_ALL, 'wss://chat.example.com/live'],
    ['https://chat.example.com/live?room=1#top', URL_OF_ALL],
    [URL_OF_ALL, `${URL_OF_ALL}?room=1`],
    ['https://chat.example.com/a/../live', URL_OF_ALL],
    ['ws://localhost:80/live', 'http://localhost/live'],
    ['http://localhost:8080', 'http://localhost:8080/'],
  ])('AN-06 takes a proof of %s for %s', (htu, url) => {
    expect(read({ claims: { htu }, expected: { url } })).toMatchObject({ jti: 'one' });
  });

  it.each<readonly [htu: unknown, url: string]>([
    [undefined, URL_OF_ALL],
    [[URL_OF_ALL], URL_OF_ALL],
    ['', URL_OF_ALL],
    ['/live', URL_OF_ALL],
    ['http://chat.example.com/live', URL_OF_ALL],
    ['ws://chat.example.com/live', URL_OF_ALL],
    ['https://chat.example.com:8443/live', URL_OF_ALL],
    ['https://example.com/live', URL_OF_ALL],
    ['ftp://chat.example.com/live', URL_OF_ALL],
    ['https://chat.example.com/live/', URL_OF_ALL],
    ['https://chat.example.com/LIVE', URL_OF_ALL],
    ['https://alice@chat.example.com/live', URL_OF_ALL],
    ['https://:secret@chat.example.com/live', URL_OF_ALL],
    // Only what the URL begins with is rewritten.
    ['https://chat.example.com/ws:1', 'https://chat.example.com/http:1'],
    // Two that cannot be read are not equal.
    ['/live', '/live'],
    ['https://a@chat.example.com/live', 'https://b@chat.example.com/live'],
  ])('AN-06 refuses a proof of %j for %s', (htu, url) => {
    expect(read({ claims: { htu }, expected: { url } })).toBeUndefined();
  });
});
