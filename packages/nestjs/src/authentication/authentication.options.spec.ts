import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { BootProblems, type BootProblem } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { resolveAuthenticationOptions, type ResolvedAuthenticationOptions } from './authentication.options.js';
import { WsAuthenticator } from './authenticator.js';
import type { Principal } from '../core/principal.js';

const SECRET = randomBytes(32).toString('base64');
const BASE = { issuer: 'https://id.example.com', audience: 'chat' };
const HS = { ...BASE, secret: SECRET, algorithms: ['HS256'] };

interface Outcome {
  readonly options: ResolvedAuthenticationOptions;
  readonly problems: readonly BootProblem[];
}

function resolve(options: unknown): Outcome {
  const problems = new BootProblems();
  const resolved = resolveAuthenticationOptions(new OptionReader(options, 'authentication', problems));
  return { options: resolved, problems: problems.problems };
}

function problemsOf(jwt: unknown): string[] {
  return resolve({ jwt }).problems.map(({ where, problem }) => `${where} ${problem}`);
}

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

let rsa: Pair;
let shortRsa: Pair;
let ec: Pair;
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string;

beforeAll(() => {
  rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  shortRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
  ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
});

class MyAuthenticator extends WsAuthenticator {
  override readonly kind = 'mine';

  override accepts(): boolean {
    return false;
  }

  override async authenticate(): Promise<Principal> {
    throw new Error('never');
  }
}

describe('resolveAuthenticationOptions', () => {
  it.each([undefined, {}, { jwt: undefined }, { jwt: [] }, { authenticators: [] }, { jwt: [], authenticators: [] }])(
    'DP-01 AN-01 refuses to boot without an authenticator: %j',
    (options) => {
      const { problems } = resolve(options);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatchObject({ where: 'authentication' });
      expect(problems[0]?.fix).toContain('jwt: {');
    },
  );

  it('fills the defaults and freezes', () => {
    const { options, problems } = resolve({ jwt: HS });
    expect(problems).toEqual([]);
    expect(options.jwt).toHaveLength(1);
    expect(options.jwt[0]).toMatchObject({
      issuer: BASE.issuer,
      audience: ['chat'],
      typ: undefined,
      maxTokenBytes: 8_192,
      clockToleranceMs: 30_000,
      maxAgeMs: undefined,
      maxLifetimeMs: 31_622_400_000,
    });
    expect(options.jwt[0]?.keys).toMatchObject([{ kid: undefined, algorithm: 'HS256' }]);
    expect(Object.isFrozen(options)).toBe(true);
    expect(Object.isFrozen(options.jwt)).toBe(true);
    expect(Object.isFrozen(options.jwt[0])).toBe(true);
  });

  it('takes authenticators of the application, as a class or an instance', () => {
    const instance = new MyAuthenticator();
    const { options, problems } = resolve({ authenticators: [MyAuthenticator, instance] });
    expect(problems).toEqual([]);
    expect(options.authenticators).toEqual([MyAuthenticator, instance]);
  });

  it.each([[[{}]], [[null]], [[class Other {}]], [['x']], ['x'], [null]])(
    'DP-02 refuses the authenticators %j',
    (authenticators) => {
      const [first] = resolve({ authenticators, jwt: HS }).problems;
      expect(first?.where).toMatch(/^authentication\.authenticators/);
    },
  );

  it('DP-02 names the unknown keys of every level', () => {
    const { problems } = resolve({ jwt: [{ ...HS, audiance: 'chat' }], Jwt: HS });
    expect(problems.map(({ where }) => where)).toEqual(['authentication.jwt[0].audiance', 'authentication.Jwt']);
  });

  it.each([
    ['issuer', undefined],
    ['issuer', ''],
    ['issuer', ['https://id.example.com']],
    ['issuer', 'x'.repeat(257)],
    ['issuer', 'https://id.example.com\n'],
    ['audience', undefined],
    ['audience', ''],
    ['audience', []],
    ['audience', ['']],
    ['audience', /chat/],
    ['algorithms', undefined],
    ['algorithms', []],
    ['algorithms', 'HS256'],
    ['algorithms', ['none']],
    ['algorithms', ['None']],
    ['algorithms', ['hs256']],
    ['algorithms', ['EdDSA']],
    ['algorithms', ['toString']],
    ['algorithms', ['HS256', 'HS384']],
    ['algorithms', ['HS256', 'RS256']],
    ['typ', []],
    ['typ', 'at+jwt'],
    ['maxTokenBytes', 0],
    ['maxTokenBytes', Infinity],
    ['maxTokenBytes', 1e6],
    ['clockToleranceMs', -1],
    ['clockToleranceMs', 60_001],
    ['maxAgeMs', 0],
    ['maxAgeMs', NaN],
    ['maxLifetimeMs', Infinity],
    ['principal', 'sub'],
  ])('AN-13 DP-02 refuses %s: %j', (name, value) => {
    const problems = problemsOf({ ...HS, [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`authentication.jwt.${name} `);
  });

  it('SL-14 takes clocks that are a minute apart, and none further', () => {
    expect(problemsOf({ ...HS, clockToleranceMs: 60_000 })).toEqual([]);
    expect(problemsOf({ ...HS, clockToleranceMs: 60_001 })).toHaveLength(1);
  });

  it('J34 says that whoever has the public key could sign when HMAC and RSA are mixed', () => {
    expect(problemsOf({ ...HS, algorithms: ['HS256', 'RS256'] })[0]).toContain('mixes HMAC with public keys');
  });

  it.each([
    ['no secret', undefined, 'is missing'],
    ['a blank secret', '', 'is empty'],
    ['an empty Buffer', Buffer.alloc(0), 'is empty'],
    ['null', null, 'must be a string'],
    ['a number', 1, 'must be a string'],
  ])('J10 AN-13 refuses to boot with %s', (_, secret, text) => {
    const problems = problemsOf({ ...HS, secret });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`authentication.jwt.secret ${text}`);
  });

  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ])('AN-13 J34 demands a secret as long as the hash for %s: %i bytes', (algorithm, length) => {
    const algorithms = [algorithm];
    expect(problemsOf({ ...HS, algorithms, secret: randomBytes(length) })).toEqual([]);
    expect(problemsOf({ ...HS, algorithms, secret: createSecretKey(randomBytes(length)) })).toEqual([]);
    expect(problemsOf({ ...HS, algorithms, secret: randomBytes(length - 1) })[0]).toContain('is too short');
    expect(problemsOf({ ...HS, algorithms, secret: createSecretKey(randomBytes(length - 1)) })[0]).toContain(
      'too short',
    );
  });

  it('AN-13 refuses placeholder secrets and never quotes them', () => {
    const secret = 'your-256-bit-secret-please-change-me';
    const { problems } = resolve({ jwt: { ...HS, secret } });
    expect(problems[0]?.problem).toContain('placeholder');
    expect(JSON.stringify(problems)).not.toContain(secret);
  });

  it('J02 J34 refuses an asymmetric key as an HMAC secret, in every form', () => {
    const { publicKey, privateKey } = rsa;
    const forms = [
      pem(publicKey),
      Buffer.from(pem(publicKey)),
      publicKey.export({ type: 'spki', format: 'der' }),
      publicKey.export({ type: 'pkcs1', format: 'der' }),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
      pem(ec.publicKey),
      privateKey.export({ type: 'pkcs8', format: 'pem' }),
      publicKey,
      privateKey,
    ];
    for (const secret of forms) {
      const problems = problemsOf({ ...HS, secret });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain('is an asymmetric key');
    }
  });

  it('takes public keys in every form', () => {
    const { publicKey } = rsa;
    for (const key of [
      pem(publicKey),
      Buffer.from(pem(publicKey)),
      publicKey,
      publicKey.export({ type: 'spki', format: 'der' }),
    ]) {
      expect(problemsOf({ ...BASE, publicKey: key, algorithms: ['RS256'] })).toEqual([]);
      expect(problemsOf({ ...BASE, publicKey: key, algorithms: ['PS512'] })).toEqual([]);
    }
    expect(problemsOf({ ...BASE, publicKey: ec.publicKey, algorithms: ['ES256'] })).toEqual([]);
  });

  it('J34 AN-13 refuses public keys that are weak or do not fit their algorithm', () => {
    const pss = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      hashAlgorithm: 'sha256',
      mgf1HashAlgorithm: 'sha256',
    });
    const cases: readonly (readonly [unknown, string, string])[] = [
      [pem(shortRsa.publicKey), 'RS256', 'is too short'],
      [rsa.publicKey, 'ES256', 'does not fit ES256'],
      [ec.publicKey, 'RS256', 'does not fit RS256'],
      [ec.publicKey, 'ES384', 'does not fit ES384'],
      [pss.publicKey, 'RS256', 'does not fit RS256'],
      [pss.publicKey, 'PS384', 'is an RSA-PSS key for another hash'],
      [rsa.privateKey, 'RS256', 'must be a public key'],
      [rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }), 'RS256', 'is a private key'],
      ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'RS256', 'cannot be read'],
      [SECRET, 'RS256', 'cannot be read'],
      [Buffer.alloc(40), 'RS256', 'cannot be read'],
      ['', 'RS256', 'cannot be read'],
      [1, 'RS256', 'must be a PEM text'],
    ];
    for (const [publicKey, algorithm, text] of cases) {
      const problems = problemsOf({ ...BASE, publicKey, algorithms: [algorithm] });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(`authentication.jwt.publicKey ${text}`);
    }
    expect(problemsOf({ ...BASE, publicKey: pss.publicKey, algorithms: ['PS256'] })).toEqual([]);
  });

  it('J34 refuses an RSA key with an exponent of 1', () => {
    const { n } = rsa.publicKey.export({ format: 'jwk' });
    const publicKey = createPublicKey({ key: { kty: 'RSA', n: n ?? '', e: 'AQ' }, format: 'jwk' });
    expect(problemsOf({ ...BASE, publicKey, algorithms: ['RS256'] })[0]).toContain('exponent');
  });

  it.each([
    ['a secret for RS256', { ...HS, algorithms: ['RS256'] }, 'jwt.secret does not go with RS256'],
    ['two sources of keys', { ...HS, publicKey: 'x' }, 'jwt.publicKey stands beside secret'],
    ['an empty list of keys', { ...BASE, keys: [] }, 'jwt.keys must be a list'],
    [
      'a key without kid',
      { ...BASE, keys: [{ secret: SECRET, algorithm: 'HS256' }] },
      'jwt.keys[0].kid must be the kid',
    ],
    [
      'a key without algorithm',
      { ...BASE, keys: [{ kid: 'a', secret: SECRET }] },
      'jwt.keys[0].algorithm must be one of',
    ],
    ['a key without material', { ...BASE, keys: [{ kid: 'a', algorithm: 'HS256' }] }, 'jwt.keys[0].secret is missing'],
    ['a blank key', { ...BASE, keys: [{ kid: 'a', algorithm: 'HS256', secret: '' }] }, 'jwt.keys[0].secret is empty'],
    [
      'an algorithm that is not listed',
      { ...BASE, algorithms: ['HS512'], keys: [{ kid: 'a', algorithm: 'HS256', secret: SECRET }] },
      'jwt.keys[0].algorithm is HS256',
    ],
    [
      'one kid twice',
      { ...BASE, keys: [SECRET, randomBytes(32)].map((secret) => ({ kid: 'a', secret, algorithm: 'HS256' })) },
      'jwt.keys[1].kid occurs twice',
    ],
  ])('J34 DP-02 refuses %s', (_, jwt, text) => {
    const problems = problemsOf(jwt);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(text);
  });

  it('J34 refuses one key for two algorithms', () => {
    const keys = ['RS256', 'PS256'].map((algorithm, index) => ({
      kid: `k${index}`,
      publicKey: pem(rsa.publicKey),
      algorithm,
    }));
    expect(problemsOf({ ...BASE, keys })[0]).toContain('gives one key a second algorithm');
  });

  it('J14 refuses issuers that cannot be told apart, by name or by key', () => {
    const other = { ...HS, issuer: 'https://other.example.com' };
    expect(problemsOf([HS, { ...other, secret: randomBytes(32) }])).toEqual([]);
    expect(problemsOf([HS, other])[0]).toContain('authentication.jwt[1] shares a key with another issuer');
    expect(problemsOf([HS, { ...HS, secret: randomBytes(32) }])[0]).toContain(
      'authentication.jwt[1].issuer occurs twice',
    );
  });

  it('AN-17 never quotes key material in a problem', () => {
    const canary = 'canary-5b1f';
    const shapes: unknown[] = [
      { ...HS, secret: canary },
      { ...BASE, publicKey: canary, algorithms: ['RS256'] },
      { ...BASE, secret: canary, publicKey: canary },
      { ...BASE, keys: [{ kid: 'a', secret: canary, algorithm: 'HS256' }] },
      { ...BASE, keys: canary },
      { ...HS, secret: { canary } },
    ];
    for (const jwt of shapes) {
      const { problems } = resolve({ jwt });
      expect(problems.length).toBeGreaterThan(0);
      expect(JSON.stringify(problems)).not.toContain(canary);
    }
  });

  it('reads a private PEM as private whatever its kind', () => {
    for (const type of ['pkcs1', 'pkcs8'] as const) {
      const text = rsa.privateKey.export({ type, format: 'pem' });
      expect(createPrivateKey(text).type).toBe('private');
      expect(problemsOf({ ...BASE, publicKey: text, algorithms: ['RS256'] })[0]).toContain('is a private key');
    }
  });
});
