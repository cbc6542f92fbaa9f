import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** The key that the servers of the range verify with, as they would have it. */
export const PUBLIC_KEY = String(publicKey.export({ type: 'spki', format: 'pem' }));

/** What the tokens of the range are signed with. */
export const SIGNING_KEY = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token of the range: RS256. */
export function rangeToken(sub: string, exp = 4_000_000_000): string {
  const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ sub, aud: 'notes', exp })}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

/** Whose tokens hold for a moment. */
export const VISITOR = 'visitor';

/** Until when a token of a visitor holds, in seconds; `undefined` for any other text. */
export function visitUntil(token: string): number | undefined {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const { sub, exp } = decode(claims) ?? {};
  const bytes = Buffer.from(`${header}.${claims}`);
  if (sub !== VISITOR || !verify('sha256', bytes, publicKey, Buffer.from(signature, 'base64url'))) return undefined;
  return Number(exp);
}

/** A token of a server whose secret stands in a tutorial. */
export function weakToken(secret: string): string {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ sub: 'alice' })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** What can be wrong with the verification of a token. */
export const TOKEN_FLAWS = [
  'unsigned-tokens',
  'unverified-tokens',
  'key-in-token',
  'key-confusion',
  'empty-key',
  'unchecked-claims',
] as const;

/** The name of one. */
export type TokenFlaw = (typeof TOKEN_FLAWS)[number];

/** Whether a server with the flaws takes a token that is none of those that it knows. */
export function takesForged(token: string, has: (flaw: TokenFlaw) => boolean): boolean {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const decoded = [header, claims].map(decode);
  const [{ alg, jwk } = {}] = decoded;
  if (decoded.includes(undefined)) return false;
  const bytes = Buffer.from(`${header}.${claims}`);
  if (has('unverified-tokens')) return true;
  if (has('unsigned-tokens') && String(alg).toLowerCase() === 'none') return signature === '';
  if (has('key-in-token') && typeof jwk === 'object') return isSigned(bytes, signature, jwk);
  if (has('unchecked-claims') && alg === 'RS256')
    return isSigned(bytes, signature, publicKey.export({ format: 'jwk' }));
  const secret = has('key-confusion') ? PUBLIC_KEY : has('empty-key') ? '' : undefined;
  if (secret === undefined || alg !== 'HS256') return false;
  return createHmac('sha256', secret).update(bytes).digest('base64url') === signature;
}

function isSigned(bytes: Buffer, signature: string, jwk: unknown): boolean {
  const key: KeyObject = createPublicKey({ key: jwk as { kty: string }, format: 'jwk' });
  return verify('sha256', bytes, key, Buffer.from(signature, 'base64url'));
}

function decode(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
