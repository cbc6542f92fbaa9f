import { constants, createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { type Jwt, segment } from './jwt.js';
import type { ForgedToken } from './forged-tokens.js';

const HOUR = 3600;
const FOREIGN = 'https://secure-ws-scan.example';

/**
 * Tokens with a good signature that a server must refuse for what they say (RFC 8725 and RFC 7515 section 4.1.11), and first
 * the given one, signed once more: where that is refused, the key is not the right one.
 *
 * @param key a private key in PEM, or the secret of HS256 and its like.
 * @param now in seconds.
 * @returns `undefined` where the key does not fit the algorithm of the token.
 */
export function signedTokens(
  { header, claims }: Jwt,
  key: string,
  now: number,
): readonly [good: string, ...bad: ForgedToken[]] | undefined {
  const signer = signerFor(String(header['alg']), key);
  if (signer === undefined) return undefined;
  const token = (changes: object, more: object = {}): string => {
    const signed = `${segment({ ...header, ...more })}.${segment({ ...claims, ...changes })}`;
    return `${signed}.${signer(Buffer.from(signed)).toString('base64url')}`;
  };
  const { iss, aud } = claims;
  const bad: [id: string, what: string, token: string][] = [
    ['J11', 'exp an hour ago', token({ exp: now - HOUR })],
    ['J11', 'exp as a text', token({ exp: String(now + HOUR) })],
    ['J12', 'nbf in an hour', token({ nbf: now + HOUR })],
    ['J13', 'aud of another service', token({ aud: FOREIGN })],
    ...(aud === undefined ? [] : [['J13', 'no aud', token({ aud: undefined })] as [string, string, string]]),
    ['J14', 'iss of somebody else', token({ iss: FOREIGN })],
    ...(typeof iss === 'string'
      ? [['J14', 'iss with one more slash', token({ iss: `${iss}/` })] as [string, string, string]]
      : []),
    [
      'J17',
      'crit with an extension that there is not',
      token({}, { crit: ['secure-ws-scan'], 'secure-ws-scan': true }),
    ],
  ];
  return [token({}), ...bad.map(([id, what, bearer]) => ({ id, what, token: bearer }))];
}

type Signer = (bytes: Buffer) => Buffer;

function signerFor(algorithm: string, key: string): Signer | undefined {
  const [, family, bits] = /^(HS|RS|PS|ES)(256|384|512)$/.exec(algorithm) ?? [];
  if (family === 'HS') return (bytes) => createHmac(`sha${bits}`, key).update(bytes).digest();
  const hash = bits === undefined ? null : `sha${bits}`;
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(key);
  } catch {
    return undefined;
  }
  if (family === 'PS') {
    const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
    return (bytes) => sign(hash, bytes, { key: privateKey, padding, saltLength });
  }
  if (family === 'ES') return (bytes) => sign(hash, bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  if (family === 'RS' || algorithm === 'EdDSA') return (bytes) => sign(hash, bytes, privateKey);
  return undefined;
}
