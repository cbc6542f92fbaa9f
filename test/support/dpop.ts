import { createHash, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';

/** The key of a client. */
export interface DpopKey {
  readonly privateKey: KeyObject;
  readonly jwk: Record<string, unknown>;
}

/** Makes a key. */
export function dpopKey(): DpopKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) };
}

/** What a proof says. */
export interface ProofShape {
  readonly url: string;
  /** The access token. */
  readonly token?: string;
  /** @default 'GET' */
  readonly method?: string;
  /** Milliseconds since 1970. @default the machine's time */
  readonly nowMs?: number;
  /** Over what the proof would say. `undefined` takes a member away. */
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
}

/** Makes a DPoP proof (RFC 9449 section 4.2). */
export async function dpopProof(key: DpopKey, shape: ProofShape): Promise<string> {
  const { url, token, method = 'GET', nowMs = Date.now(), claims, header } = shape;
  const ath = token === undefined ? undefined : createHash('sha256').update(token).digest('base64url');
  const said = { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(nowMs / 1000), ath, ...claims };
  const signed = JSON.parse(JSON.stringify(said)) as Record<string, unknown>;
  return new SignJWT(signed)
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.jwk, ...header })
    .sign(key.privateKey);
}
