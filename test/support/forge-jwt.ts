import {
  constants,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import type { JwtOptions } from '../../packages/nestjs/src/authentication/jwt/jwt.options.js';

/** A segment of a token: an object becomes JSON, text and bytes go in as they are. */
export type Segment = object | string | Buffer;

/** The private and public half of a key; the public one as PEM, as a server would have it. */
export interface ForgeKeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicPem: string;
}

/** The keys of the attacked server, made anew for each run. */
export interface ForgeKeys {
  /** HS256 of {@link ISSUERS}.hs. */
  readonly secret: string;
  /** RS256 of `ISSUERS.rs` under the kid `rs-1`. */
  readonly rsa: ForgeKeyPair;
  /** PS256 of `ISSUERS.ps`. */
  readonly pss: ForgeKeyPair;
  /** ES256 of `ISSUERS.es`. */
  readonly ec: ForgeKeyPair;
}

/** A token that must not be accepted, by the ids of the requirements page. */
export interface JwtAttack {
  readonly id: string;
  readonly name: string;
  readonly token: (keys: ForgeKeys) => string;
  /** Cannot be sent as a header field: too long, or with characters that HTTP takes away. */
  readonly inProcessOnly?: true;
}

/** The issuers that the attacked server trusts, one for each kind of key. */
export const ISSUERS = {
  hs: 'https://hs.example.com',
  rs: 'https://rs.example.com',
  ps: 'https://ps.example.com',
  es: 'https://es.example.com',
} as const;

export const AUDIENCE = 'chat';
export const RS_KID = 'rs-1';

/** Makes the keys of a server; takes a few hundred milliseconds. */
export function makeForgeKeys(): ForgeKeys {
  const rsa = (): ForgeKeyPair => pair(generateKeyPairSync('rsa', { modulusLength: 2048 }));
  return {
    secret: randomBytes(32).toString('base64'),
    rsa: rsa(),
    pss: rsa(),
    ec: pair(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
  };
}

/** `authentication.jwt` of the attacked server. */
export function attackedJwtOptions(keys: ForgeKeys): JwtOptions[] {
  const audience = AUDIENCE;
  return [
    { secret: keys.secret, algorithms: ['HS256'], issuer: ISSUERS.hs, audience },
    {
      keys: [{ kid: RS_KID, publicKey: keys.rsa.publicPem, algorithm: 'RS256' }],
      issuer: ISSUERS.rs,
      audience,
    },
    { publicKey: keys.pss.publicPem, algorithms: ['PS256'], issuer: ISSUERS.ps, audience },
    { publicKey: keys.ec.publicPem, algorithms: ['ES256'], issuer: ISSUERS.es, audience },
  ];
}

/** The same with the public keys in sets; a secret has no place in one. */
export function inKeySets(options: readonly JwtOptions[]): JwtOptions[] {
  return options.map(({ publicKey, keys = [], algorithms = [], ...rest }) => {
    if (rest.secret !== undefined) return { algorithms, ...rest };
    const listed = publicKey === undefined ? keys : [{ publicKey, algorithm: algorithms[0], kid: undefined }];
    const jwks = {
      keys: listed.map((key) => {
        const { kty, ...members } = createPublicKey(key.publicKey as string).export({ format: 'jwk' });
        return { kty, ...members, alg: key.algorithm, ...(key.kid !== undefined && { kid: key.kid }) };
      }),
    };
    return { ...rest, jwks, algorithms: listed.flatMap(({ algorithm }) => algorithm ?? []) };
  });
}

/** Claims that are accepted; `undefined` takes one away. */
export function goodClaims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const now = seconds();
  return { iss: ISSUERS.hs, aud: AUDIENCE, sub: 'alice', iat: now, exp: now + 300, ...changes };
}

/** A token that is accepted, unless `changes` are not. */
export function goodToken(keys: Pick<ForgeKeys, 'secret'>, changes: Record<string, unknown> = {}): string {
  return signHs({ alg: 'HS256', typ: 'JWT' }, goodClaims(changes), keys.secret);
}

/** A token with any third segment. */
export function unsigned(header: Segment, claims: Segment, signature = ''): string {
  return `${segment(header)}.${segment(claims)}.${signature}`;
}

/** Signs with HMAC, whatever `alg` the header names. */
export function signHs(header: Segment, claims: Segment, secret: string | Buffer, hash = 'sha256'): string {
  return seal(header, claims, (input) => createHmac(hash, secret).update(input).digest());
}

/** Signs with RSASSA-PKCS1-v1_5. */
export function signRs(header: Segment, claims: Segment, key: KeyObject, hash = 'sha256'): string {
  return seal(header, claims, (input) => sign(hash, Buffer.from(input), key));
}

/** Signs with RSASSA-PSS. */
export function signPs(header: Segment, claims: Segment, key: KeyObject, hash = 'sha256'): string {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return seal(header, claims, (input) => sign(hash, Buffer.from(input), { key, padding, saltLength }));
}

/** Signs with ECDSA; JSON Web Tokens use the `ieee-p1363` form of a signature. */
export function signEs(
  header: Segment,
  claims: Segment,
  key: KeyObject,
  hash = 'sha256',
  dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363',
): string {
  return seal(header, claims, (input) => sign(hash, Buffer.from(input), { key, dsaEncoding }));
}

/** Replaces the third segment. */
export function withSignature(token: string, change: (signature: Buffer) => Buffer): string {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return `${header}.${claims}.${change(Buffer.from(signature, 'base64url')).toString('base64url')}`;
}

/** The same bytes, spelt with another last character: its unused bits are not zero. */
export function nonCanonical(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(text.slice(-1));
  return text.slice(0, -1) + (alphabet[last + 1] ?? '');
}

const HS = { alg: 'HS256', typ: 'JWT' };
const RS = { alg: 'RS256', typ: 'JWT', kid: RS_KID };
const PS = { alg: 'PS256', typ: 'JWT' };
const ES = { alg: 'ES256', typ: 'JWT' };
const rsClaims = (changes: Record<string, unknown> = {}): object => goodClaims({ iss: ISSUERS.rs, ...changes });
const psClaims = (): object => goodClaims({ iss: ISSUERS.ps });
const esClaims = (): object => goodClaims({ iss: ISSUERS.es });
const goodRs = (keys: ForgeKeys): string => signRs(RS, rsClaims(), keys.rsa.privateKey);
const goodEs = (keys: ForgeKeys): string => signEs(ES, esClaims(), keys.ec.privateKey);

/** Tokens that must be accepted: a server that refuses everything would withstand every attack. */
export const JWT_CONTROLS: readonly JwtAttack[] = [
  { id: 'J01', name: 'HS256', token: (keys) => goodToken(keys) },
  { id: 'J02', name: 'RS256', token: goodRs },
  { id: 'J03', name: 'PS256', token: (keys) => signPs(PS, psClaims(), keys.pss.privateKey) },
  { id: 'J04', name: 'ES256', token: goodEs },
  { id: 'J08', name: 'a kid where the issuer has one key', token: (keys) => hs(keys, { ...HS, kid: 'any' }) },
  { id: 'J11', name: 'exp in 60 days', token: (keys) => goodToken(keys, { exp: seconds() + 60 * 86_400 }) },
  { id: 'J12', name: 'iat and nbf 20 s ahead', token: (keys) => goodToken(keys, { iat: ahead(20), nbf: ahead(20) }) },
  { id: 'J13', name: 'aud as a list with ours', token: (keys) => goodToken(keys, { aud: ['other', AUDIENCE] }) },
  { id: 'J15', name: 'typ at+jwt', token: (keys) => hs(keys, { ...HS, typ: 'at+jwt' }) },
  { id: 'J15', name: 'typ application/AT+JWT', token: (keys) => hs(keys, { ...HS, typ: 'application/AT+JWT' }) },
  { id: 'J15', name: 'no typ', token: (keys) => hs(keys, { alg: 'HS256' }) },
  { id: 'J25', name: 'lists of roles and scopes', token: (keys) => goodToken(keys, { roles: ['a'], scope: 'b c' }) },
];

/** Tokens that must be refused, each with the same answer. */
export const JWT_ATTACKS: readonly JwtAttack[] = [
  ...['none', 'None', 'NONE', 'nOnE', 'none ', '', null, ['none'], undefined].flatMap((alg) => [
    attack('J01', `alg ${show(alg)} unsigned`, () => unsigned({ alg }, goodClaims())),
    attack('J01', `alg ${show(alg)} with the old signature`, (keys) =>
      unsigned({ alg }, goodClaims({ sub: 'admin' }), goodToken(keys).split('.')[2]),
    ),
  ]),
  attack('J01', 'alg none with two segments', () => `${segment({ alg: 'none' })}.${segment(goodClaims())}`),
  attack('J01', 'alg none for an issuer with RS256', () => unsigned({ alg: 'none', kid: RS_KID }, rsClaims())),

  ...keyConfusions('J02'),

  attack('J03', 'RS384 for an RS256 key', ({ rsa }) =>
    signRs({ ...RS, alg: 'RS384' }, rsClaims(), rsa.privateKey, 'sha384'),
  ),
  attack('J03', 'PS256 for an RS256 key', ({ rsa }) => signPs({ ...RS, alg: 'PS256' }, rsClaims(), rsa.privateKey)),
  attack('J03', 'RS256 for a PS256 key', ({ pss }) => signRs({ ...PS, alg: 'RS256' }, psClaims(), pss.privateKey)),
  attack('J03', 'HS512 for an HS256 secret', ({ secret }) => signHs({ alg: 'HS512' }, goodClaims(), secret, 'sha512')),
  attack('J03', 'ES384 for an ES256 key', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    return signEs({ ...ES, alg: 'ES384' }, esClaims(), privateKey, 'sha384');
  }),
  attack('J03', 'EdDSA with a key of its own', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    return seal({ alg: 'EdDSA' }, esClaims(), (input) => sign(null, Buffer.from(input), privateKey));
  }),
  attack('J03', 'the name in lower case', ({ secret }) => signHs({ alg: 'hs256' }, goodClaims(), secret)),

  ...signatureEdits('J04'),

  attack('J05', 'an embedded jwk', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return signRs({ ...RS, jwk: publicKey.export({ format: 'jwk' }) }, rsClaims(), privateKey);
  }),
  ...['jku', 'x5u'].map((name) =>
    attack('J06', `${name} to a key of its own`, () =>
      signRs({ ...RS, [name]: 'http://127.0.0.1:9/keys' }, rsClaims(), strangerRsa()),
    ),
  ),
  attack('J07', 'x5c with a certificate of its own', () =>
    signRs({ ...RS, x5c: [randomBytes(64).toString('base64')] }, rsClaims(), strangerRsa()),
  ),

  ...['../../../../dev/null', "x' UNION SELECT '1';--", '|sleep 10', '__proto__', 'constructor', 'toString'].flatMap(
    (kid) => [
      attack('J08', `kid ${kid} with an empty key`, () => signHs({ ...HS, kid }, rsClaims(), '')),
      attack('J08', `kid ${kid} with the key 1`, () => signHs({ ...HS, kid }, rsClaims(), '1')),
      attack('J08', `kid ${kid} with the right key`, (keys) => signRs({ ...RS, kid }, rsClaims(), keys.rsa.privateKey)),
    ],
  ),
  ...[1, {}, null, ['rs-1'], true, ''].map((kid) =>
    attack('J08', `kid ${show(kid)}`, (keys) => signRs({ ...RS, kid }, rsClaims(), keys.rsa.privateKey)),
  ),
  attack('J08', 'no kid where there are several keys', (keys) =>
    signRs({ alg: 'RS256' }, rsClaims(), keys.rsa.privateKey),
  ),
  local('J08', 'kid of 1 MB', (keys) => hs(keys, { ...HS, kid: 'k'.repeat(2 ** 20) })),

  ...['secret', 'changeme', 'password', 'your-256-bit-secret', 'jwt', '1234'].map((secret) =>
    attack('J09', `signed with "${secret}"`, () => signHs(HS, goodClaims(), secret)),
  ),
  ...(['256', '384', '512'] as const).map((bits) =>
    attack('J10', `HS${bits} with a blank key`, () => signHs({ alg: `HS${bits}` }, goodClaims(), '', `sha${bits}`)),
  ),
  attack('J10', 'HS256 with a blank key for an issuer with RS256', () =>
    signHs({ ...HS, kid: RS_KID }, rsClaims(), ''),
  ),

  ...claimCases('J11', 'exp', [
    undefined,
    null,
    'later',
    String(seconds() + 300),
    Date.now() + 300_000,
    seconds() + 300.5,
    -1,
    0,
    true,
    [seconds() + 300],
    {},
    1e15,
    Number.MAX_SAFE_INTEGER,
    seconds() + 20 * 365 * 86_400,
  ]),
  attack('J11', 'expired by a second', (keys) => goodToken(keys, { exp: ahead(-1) })),
  attack('J11', 'expired by the tolerance and a second', (keys) => goodToken(keys, { exp: ahead(-31) })),
  attack('J11', 'exp 1e999', (keys) =>
    signHs(HS, JSON.stringify(goodClaims()).replace(/"exp":\d+/, '"exp":1e999'), keys.secret),
  ),

  attack('J12', 'nbf in two minutes', (keys) => goodToken(keys, { nbf: ahead(120) })),
  attack('J12', 'iat in two minutes', (keys) => goodToken(keys, { iat: ahead(120) })),
  ...claimCases('J12', 'nbf', ['0', null, 1.5, -1, {}]),
  ...claimCases('J12', 'iat', ['0', null, 1.5, -1, []]),

  ...claimCases('J13', 'aud', [
    undefined,
    null,
    '',
    'other',
    'cha',
    'chat2',
    'CHAT',
    'chat ',
    [],
    ['other'],
    [['chat']],
    ['chat', 1],
    { chat: true },
    { 0: 'chat', length: 1 },
    true,
  ]),

  ...claimCases('J14', 'iss', [
    undefined,
    null,
    '',
    'https://evil.example',
    `${ISSUERS.hs}/`,
    ISSUERS.hs.toUpperCase(),
    [ISSUERS.hs],
    ISSUERS.es,
    '__proto__',
  ]),
  attack('J14', 'claims of one issuer signed with the secret of another', ({ secret }) =>
    signHs({ ...HS, kid: RS_KID }, rsClaims(), secret),
  ),
  attack('J14', 'claims of one issuer signed with the RSA key of another', ({ pss }) =>
    signRs(RS, rsClaims(), pss.privateKey),
  ),
  attack('J14', 'claims of the HS256 issuer signed with the RSA key of another', ({ rsa }) =>
    signRs(RS, goodClaims(), rsa.privateKey),
  ),

  ...['id+jwt', 'logout+jwt', 'refresh+jwt', 'dpop+jwt', 'secevent+jwt', 'email', 1, null].map((typ) =>
    attack('J15', `typ ${show(typ)}`, (keys) => hs(keys, { ...HS, typ })),
  ),
  attack('J15', 'a refresh token of Keycloak', (keys) => goodToken(keys, { typ: 'Refresh' })),
  attack('J15', 'an ID token of Keycloak', (keys) => goodToken(keys, { typ: 'ID' })),
  attack('J15', 'a refresh token by token_use', (keys) => goodToken(keys, { token_use: 'refresh' })),
  ...['email', 'email_verification', 'password-reset', 'magic link'].map((purpose) =>
    attack('J15', `a token of an e-mail by type ${purpose}`, (keys) => goodToken(keys, { type: purpose })),
  ),
  attack('J15', 'a log-out token with the typ JWT', (keys) =>
    goodToken(keys, { events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, sid: 's-1' }),
  ),
  attack('J15', 'a refresh token by type', (keys) => goodToken(keys, { type: 'refresh' })),

  ...claimCases('J16', 'sub', [
    undefined,
    null,
    '',
    1,
    {},
    ['alice'],
    'a\0b',
    'a\nb',
    '__proto__',
    'a'.repeat(300),
    '\ud800',
  ]),
  local('J16', 'sub of 1 MB', (keys) => goodToken(keys, { sub: 'a'.repeat(2 ** 20) })),

  attack('J17', 'an unknown crit', (keys) => hs(keys, { ...HS, crit: ['x'], x: 1 })),
  attack('J17', 'an empty crit', (keys) => hs(keys, { ...HS, crit: [] })),
  attack('J17', 'b64 false', (keys) => hs(keys, { ...HS, crit: ['b64'], b64: false })),
  attack('J17', 'b64 without crit', (keys) => hs(keys, { ...HS, b64: false })),

  attack('J18', 'the five segments of an encrypted token', () => {
    const part = (): string => randomBytes(16).toString('base64url');
    return `${segment({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.${part()}.${part()}.${part()}.${part()}`;
  }),
  attack('J18', 'enc in a signed token', (keys) => hs(keys, { ...HS, enc: 'A256GCM' })),
  attack('J19', 'a huge p2c', (keys) => hs(keys, { ...HS, p2c: 2_147_483_647 })),
  attack('J19', 'alg PBES2', (keys) => hs(keys, { alg: 'PBES2-HS256+A128KW', p2c: 2_147_483_647 })),
  attack('J19', 'zip', (keys) => hs(keys, { ...HS, zip: 'DEF' })),

  attack('J20', 'the flattened JSON serialization', (keys) => {
    const [header, payload, signature] = goodToken(keys).split('.');
    return JSON.stringify({ protected: header, payload, signature });
  }),
  attack('J20', 'the general JSON serialization', (keys) => {
    const [header, payload, signature] = goodToken(keys).split('.');
    return JSON.stringify({ payload, signatures: [{ protected: header, signature }] });
  }),
  attack('J20', 'four segments', (keys) => `${goodToken(keys)}.AAAA`),
  attack('J20', 'an empty segment behind', (keys) => `${goodToken(keys)}.`),
  attack('J20', 'quotes around', (keys) => `"${goodToken(keys)}"`),
  attack('J20', 'a scheme in front', (keys) => `Bearer ${goodToken(keys)}`),
  attack('J20', 'two tokens', (keys) => `${goodToken(keys)},${goodToken(keys)}`),

  ...[0, 1, 2].map((index) =>
    attack('J21', `padding in segment ${index}`, (keys) => editSegment(goodToken(keys), index, (text) => `${text}=`)),
  ),
  attack('J21', 'the alphabet of plain base64', (keys) => {
    const claims = Buffer.from(JSON.stringify(goodClaims({ note: '???>>>~~~' })))
      .toString('base64')
      .replaceAll('=', '');
    const input = `${segment(HS)}.${claims}`;
    return `${input}.${createHmac('sha256', keys.secret).update(input).digest('base64url')}`;
  }),
  attack('J21', 'other last bits of an HS256 signature', (keys) => editSegment(goodToken(keys), 2, nonCanonical)),
  attack('J21', 'other last bits of an RS256 signature', (keys) => editSegment(goodRs(keys), 2, nonCanonical)),
  attack('J21', 'other last bits of an ES256 signature', (keys) => editSegment(goodEs(keys), 2, nonCanonical)),
  local('J21', 'a line break behind', (keys) => `${goodToken(keys)}\n`),
  local('J21', 'a space in front', (keys) => ` ${goodToken(keys)}`),
  local('J21', 'a line break inside', (keys) => goodToken(keys).replace('.', '.\n')),

  ...rawClaims('J23', 'sub twice', (json) => json.replace('{', '{"sub":"bob",')),
  ...rawClaims('J23', 'sub twice, once escaped', (json) => json.replace('{', '{"s\\u0075b":"bob",')),
  ...rawClaims('J23', 'a nested member twice', (json) => json.replace('{', '{"x":{"a":1,"a":2},')),
  attack('J23', 'alg twice in the header', (keys) => hs(keys, '{"alg":"none","alg":"HS256"}')),
  ...['__proto__', 'constructor', 'prototype', '__pr\\u006fto__'].flatMap((name) => [
    ...rawClaims('J24', `a claim ${name}`, (json) => json.replace('{', `{"${name}":{"roles":["admin"]},`)),
    ...rawClaims('J24', `a nested claim ${name}`, (json) => json.replace('{', `{"x":[{"${name}":{}}],`)),
  ]),

  ...claimCases('J25', 'roles', ['admin', { 0: 'admin', length: 1 }, [['admin']], [1], [''], null, true]),
  ...claimCases('J25', 'scope', [{ read: true }, 1, [['read']], 'read  write', 'read\twrite', null]),
  ...claimCases('J25', 'scopes', ['read write', [['read']], { 0: 'read', length: 1 }]),

  attack('J29', '8 KiB and a byte', (keys) => tokenOfLength(keys, 8_193)),
  local('J29', '1 MB', (keys) => goodToken(keys, { pad: 'p'.repeat(2 ** 20) })),

  ...(
    [
      ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])],
      ['UTF-16', Buffer.from(JSON.stringify(goodClaims()), 'utf16le')],
      ['a byte order mark', `\ufeff${JSON.stringify(goodClaims())}`],
      ['a list', JSON.stringify([goodClaims()])],
      ['a text', JSON.stringify(JSON.stringify(goodClaims()))],
      ['null', 'null'],
      ['nothing', ''],
      ['cut JSON', '{"sub":"alice"'],
      ['deep nesting', `${'['.repeat(2_000)}${']'.repeat(2_000)}`],
    ] as const
  ).flatMap(([name, bytes]) => [
    attack('J33', `${name} as claims`, (keys) => signHs(HS, bytes, keys.secret)),
    attack('J33', `${name} as header`, (keys) => hs(keys, bytes)),
  ]),
  attack('J33', 'invalid UTF-8 in a claim', (keys) => {
    const [before = '', after = ''] = JSON.stringify(goodClaims({ note: '@@' })).split('@@');
    return signHs(HS, Buffer.concat([Buffer.from(before), Buffer.from([0xc3, 0x28]), Buffer.from(after)]), keys.secret);
  }),
];

function keyConfusions(id: string): JwtAttack[] {
  const shapes: readonly (readonly [string, (keys: ForgeKeys) => string | Buffer])[] = [
    ['PEM', ({ rsa }) => rsa.publicPem],
    ['PEM without its last line break', ({ rsa }) => rsa.publicPem.trimEnd()],
    ['PEM with CRLF', ({ rsa }) => rsa.publicPem.replaceAll('\n', '\r\n')],
    ['PKCS#1 PEM', ({ rsa }) => rsa.publicKey.export({ type: 'pkcs1', format: 'pem' })],
    ['DER', ({ rsa }) => rsa.publicKey.export({ type: 'spki', format: 'der' })],
    ['JWK', ({ rsa }) => JSON.stringify(rsa.publicKey.export({ format: 'jwk' }))],
  ];
  const rsaAttacks = shapes.flatMap(([name, key]) =>
    ['256', '384', '512'].map((bits) =>
      attack(id, `HS${bits} with the RSA public key as ${name}`, (keys) =>
        signHs({ ...RS, alg: `HS${bits}` }, rsClaims({ sub: 'admin' }), key(keys), `sha${bits}`),
      ),
    ),
  );
  return [
    ...rsaAttacks,
    attack(id, 'HS256 with the public key of an issuer with PS256', ({ pss }) => signHs(HS, psClaims(), pss.publicPem)),
    attack(id, 'HS256 with the EC public key', ({ ec }) => signHs(HS, esClaims(), ec.publicPem)),
  ];
}

function signatureEdits(id: string): JwtAttack[] {
  const flip = (signature: Buffer): Buffer => {
    const changed = Buffer.from(signature);
    changed[0] = (changed[0] ?? 0) ^ 1;
    return changed;
  };
  const edits: readonly (readonly [string, (signature: Buffer) => Buffer])[] = [
    ['stripped', () => Buffer.alloc(0)],
    ['cut by a byte', (signature) => signature.subarray(0, -1)],
    ['cut in half', (signature) => signature.subarray(0, signature.length / 2)],
    ['with a flipped bit', flip],
    ['all zero', (signature) => Buffer.alloc(signature.length)],
    ['with a byte behind', (signature) => Buffer.concat([signature, Buffer.alloc(1)])],
  ];
  const sources: readonly (readonly [string, (keys: ForgeKeys) => string])[] = [
    ['HS256', goodToken],
    ['RS256', goodRs],
    ['PS256', (keys) => signPs(PS, psClaims(), keys.pss.privateKey)],
    ['ES256', goodEs],
  ];
  return [
    ...sources.flatMap(([alg, token]) =>
      edits.map(([name, edit]) =>
        attack(id, `an ${alg} signature ${name}`, (keys) => withSignature(token(keys), edit)),
      ),
    ),
    attack(id, 'the signature of other claims', (keys) =>
      unsigned(HS, goodClaims({ sub: 'admin' }), goodToken(keys).split('.')[2]),
    ),
    attack(id, 'an ES256 signature as DER', ({ ec }) => signEs(ES, esClaims(), ec.privateKey, 'sha256', 'der')),
    attack(id, 'an RS256 signature by a stranger', () => signRs(RS, rsClaims(), strangerRsa())),
  ];
}

function attack(id: string, name: string, token: (keys: ForgeKeys) => string): JwtAttack {
  return { id, name, token };
}

function local(id: string, name: string, token: (keys: ForgeKeys) => string): JwtAttack {
  return { id, name, token, inProcessOnly: true };
}

/** One attack for each value of a claim, all correctly signed. */
function claimCases(id: string, claim: string, values: readonly unknown[]): JwtAttack[] {
  return values.map((value) =>
    attack(id, `${claim} ${show(value).slice(0, 40)}`, (keys) => goodToken(keys, { [claim]: value })),
  );
}

/** An attack by the text of the claims, correctly signed. */
function rawClaims(id: string, name: string, edit: (json: string) => string): JwtAttack[] {
  return [attack(id, name, (keys) => signHs(HS, edit(JSON.stringify(goodClaims())), keys.secret))];
}

function hs(keys: ForgeKeys, header: Segment): string {
  return signHs(header, goodClaims(), keys.secret);
}

/** A correctly signed token of exactly this length. */
export function tokenOfLength(keys: Pick<ForgeKeys, 'secret'>, length: number): string {
  for (let pad = Math.floor(length * 0.75); pad > 0; pad -= 1) {
    const token = goodToken(keys, { pad: 'p'.repeat(pad) });
    // Base64url has no texts of 4n + 1 characters, so that not every length can be hit with one claim.
    if (token.length <= length) return token.length === length ? token : goodTokenPaddedInHeader(keys, length);
  }
  throw new Error('The length is too small for a token.');
}

function goodTokenPaddedInHeader(keys: Pick<ForgeKeys, 'secret'>, length: number): string {
  for (let pad = length; pad > 0; pad -= 1) {
    for (const extra of ['', 'x', 'xx']) {
      const token = signHs({ ...HS, x: extra }, goodClaims({ pad: 'p'.repeat(pad) }), keys.secret);
      if (token.length === length) return token;
    }
  }
  throw new Error('The length cannot be hit.');
}

function editSegment(token: string, index: number, edit: (text: string) => string): string {
  return token
    .split('.')
    .map((text, at) => (at === index ? edit(text) : text))
    .join('.');
}

function seal(header: Segment, claims: Segment, signer: (input: string) => Buffer): string {
  const input = `${segment(header)}.${segment(claims)}`;
  return `${input}.${signer(input).toString('base64url')}`;
}

function segment(content: Segment): string {
  const bytes = typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content);
  return Buffer.from(bytes as string).toString('base64url');
}

function strangerRsa(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

function pair({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): ForgeKeyPair {
  return { privateKey, publicKey, publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string };
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

function ahead(by: number): number {
  return seconds() + by;
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
