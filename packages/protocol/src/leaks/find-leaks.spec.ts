import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findLeaks } from './find-leaks.js';
import { LEAK_RULES, type LeakRuleId } from './leak-rules.js';

/** Put together here, so that no scanner of this repository takes an example for the real thing. */
const b64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const JWT = `${b64({ alg: 'HS256' })}.${b64({ sub: 'alice' })}.c2lnbmF0dXJl`;
const JWE = `${b64({ alg: 'dir', enc: 'A256GCM' })}..aXY.Y2lwaGVy.dGFn`;
const BCRYPT = `$2b$12$${'a'.repeat(53)}`;
const PEM = `-----BEGIN ${'RSA PRIVATE'} KEY-----\nMIIE`;

const FOUND: Readonly<Record<LeakRuleId, readonly (string | object)[]>> = {
  'stack-trace': [
    new Error('boom').stack ?? '',
    'TypeError\n    at new Promise (<anonymous>)',
    'at OrdersService.find (/app/dist/orders.service.js:12:34)',
    'at processTicksAndRejections (node:internal/process/task_queues:95:5)',
    'at com.acme.Orders.find(Orders.java:12)',
    'Traceback (most recent call last):\n  File "x.py"',
  ],
  'runtime-error': [
    "TypeError: Cannot read properties of undefined (reading 'id')",
    'this.orders.find is not a function',
    'connect ECONNREFUSED',
    "ENOENT: no such file or directory, open 'x'",
  ],
  'file-path': [
    '/usr/src/app/index',
    'cannot open /etc/passwd',
    '/home/deploy/orders/.env',
    'C:\\inetpub\\wwwroot',
    'file:///srv/orders',
    '../node_modules/pg/lib',
    { path: '/app/dist/main' },
  ],
  database: [
    'SELECT * FROM users WHERE id = 1',
    'select failed: SQLSTATE 23505',
    'duplicate key value violates unique constraint "users_email_key"',
    'relation "users" does not exist',
    'E11000 duplicate key error collection',
    'QueryFailedError',
    'PrismaClientKnownRequestError',
    'ER_DUP_ENTRY',
    'UPDATE "users" SET name = $1',
  ],
  'connection-string': [
    'postgres://app@db/orders',
    'mongodb+srv://cluster0',
    'https://user:hunter2@intra/',
    'jdbc:oracle:thin',
    'REDIS://cache',
  ],
  'private-address': [
    '10.0.0.5',
    'upstream 172.16.4.1:8080',
    '192.168.1.20',
    '172.20.0.1',
    '172.31.255.254',
    '127.0.0.1',
    '169.254.169.254',
    '100.64.0.1',
    'fd12:3456::1',
    'fe80::1ff:fe23',
    '[::1]',
    // The first that looks like it is none.
    '10.999.0.5 and 10.0.0.5',
  ],
  'internal-host': [
    'localhost:5432',
    'orders.default.svc.cluster.local',
    'http://db.internal/x',
    'redis.corp:6379',
    'ip-10-0-0-1.ec2',
  ],
  token: [JWT, JWE, `Bearer ${'abcdefgh'.repeat(3)}`, { ticket: JWT }],
  'private-key': [PEM, `-----BEGIN ${'OPENSSH PRIVATE'} KEY-----`, `-----BEGIN ${'PRIVATE'} KEY-----`],
  'service-key': [
    `AKIA${'A1'.repeat(8)}`,
    `AIza${'x'.repeat(35)}`,
    `ghp_${'a'.repeat(36)}`,
    `xoxb-${'1'.repeat(12)}`,
    `sk_live_${'a'.repeat(24)}`,
    `sk-proj-${'a'.repeat(40)}`,
    `npm_${'a'.repeat(36)}`,
    `acme_live_${'0a'.repeat(8)}_${'1b'.repeat(36)}`,
  ],
  'password-hash': [BCRYPT, '$argon2id$v=19$m=65536', `$6$salt$${'a'.repeat(86)}`, { note: BCRYPT }],
  'secret-field': [
    { password: 'hunter2' },
    { user: { password_hash: 'x' } },
    { users: [{ hashedPassword: 'x' }] },
    { 'Client-Secret': 'x' },
    { refreshToken: 'x' },
    { apiKey: 7 },
    { password: Buffer.from('x') },
    'password=hunter2',
    new Map([['password', 'hunter2']]),
  ],
  'card-number': [
    '4111111111111111',
    '4111 1111 1111 1111',
    'card 378282246310005',
    '4111111111111112 4111111111111111',
  ],
  'server-software': ['nginx/1.25.3', 'Express/4.18'],
  'markup-comment': ['<b>x</b><!-- only for the staff -->'],
};

/** What an ordinary application sends. */
const ORDINARY: readonly (string | object)[] = [
  '{"event":"error","id":7,"data":{"code":"INTERNAL","message":"Something went wrong.","correlationId":"AAAAAAAAAAAAAAAAAAAAAA"}}',
  '{"event":"error","id":7,"data":{"code":"VALIDATION_FAILED","issues":[{"path":"password","rule":"minLength"},{"path":"*","rule":"whitelistValidation"}]}}',
  { hasPassword: true, password: null, secret: '', apiKey: '****', passwordChangedAt: null },
  { nextToken: 'abc', csrf: 'x', token_type: 'Bearer', passwords: 3, keys: ['a'] },
  { id: '0192f0c1-8a4e-7c3b-9d2a-5f6e7a8b9c0d', at: '2026-01-01T00:00:00.000Z', price: 10.25, total: '10.10.10' },
  { ip: '203.0.113.7', other: '2001:db8::1', version: '1.10.0.1', public: '172.32.0.1', near: '100.128.0.1' },
  {
    href: 'https://app.example.com/home/alice/orders',
    next: '/orders/12?page=2',
    image: '/assets/main.js',
    cdn: 'https://cdn.example.com/etc/x.ts',
  },
  { text: 'Please select a seat from the list, update your data and delete it.' },
  { text: 'Wrong password: try again. Is the error at the bottom? The function is fine.' },
  { text: 'Meet me at 10:30:15 at the local cafe, 10.5.2026; my.settings.local is mine.' },
  { text: 'eyJ is how a token begins, AKIA a key and $2b$ a hash; -----BEGIN CERTIFICATE----- is public.' },
  {
    order: '4111111111111112',
    // Its sum ends with 5.
    parcel: '4111111111111116',
    tracking: '1Z999AA10123456784',
    snowflake: '1198765432109876543',
    iban: 'DE89370400440532013000',
  },
  { time: '12::1', emoji: '::1up', ratio: '1:1', drive: 'C: is full', html: '<b>hello</b>' },
  {
    hash: 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    ask: 'sk-learn',
    skip: 'task-force-of-the-whole-town',
  },
  { mail: 'alice@example.com', phone: '+49 30 901820', local: 'en.local', event: 'orders.internal' },
  Buffer.from([0, 1, 2, 255, 254, 10, 127, 0, 0, 1]),
  '',
  [],
];

const CASES = Object.entries(FOUND).flatMap(([id, examples]) => examples.map((example) => [id, example] as const));

describe('findLeaks', () => {
  it.each(CASES)('OD-09 finds %s in %j', (id, example) => {
    for (const frame of [example, { event: 'x', data: { deep: [example] } }, JSON.stringify(encodable(example))]) {
      expect(findLeaks(frame).map(({ rule }) => rule)).toContain(id);
    }
  });

  it.each(ORDINARY.map((frame) => [frame]))('OD-09 finds nothing in %j', (frame) => {
    expect(findLeaks(frame)).toEqual([]);
    expect(findLeaks([frame, JSON.stringify(frame)])).toEqual([]);
  });

  it('says where it stands, and shows no more than the beginning of a secret', () => {
    const frames = ['{"event":"a"}', JSON.stringify({ event: 'b', data: { users: [{ note: `is ${JWT}` }] } })];
    expect(findLeaks(frames)).toEqual([{ rule: 'token', path: '1.data.users.0.note', found: `${JWT.slice(0, 6)}…` }]);
    expect(findLeaks({ password: 'hunter2-hunter2' })).toEqual([
      { rule: 'secret-field', path: 'password', found: 'hunter…' },
    ]);
    expect(findLeaks(`x${'y'.repeat(5)} SELECT ${'z'.repeat(150)} FROM t`)[0]?.found).toHaveLength(81);
  });

  it('OD-09 looks behind escapes, into JSON inside of JSON, names of fields and bytes', () => {
    expect(findLeaks('{"a":"\\u0031\\u0030.0.0.5"}')).toHaveLength(1);
    expect(findLeaks(JSON.stringify({ body: JSON.stringify({ password: 'x' }) }))).toMatchObject([
      { path: 'body.password' },
    ]);
    expect(findLeaks(JSON.stringify(JSON.stringify({ password: 'x' })))).toMatchObject([{ path: 'password' }]);
    expect(findLeaks({ '10.0.0.5': 1 })).toMatchObject([{ rule: 'private-address' }]);
    const view = new Uint8Array(Buffer.from('__10.0.0.5')).subarray(2);
    expect(findLeaks(view)).toMatchObject([{ rule: 'private-address', found: '10.0.0.5' }]);
    expect(findLeaks([view.slice().buffer, new Set(['10.0.0.5'])])).toHaveLength(2);
    const cyclic: Record<string, unknown> = { at: '10.0.0.5' };
    cyclic['self'] = cyclic;
    expect(findLeaks(cyclic)).toHaveLength(1);
  });

  it('leaves out what is excepted, and nothing else', () => {
    const frame = { ip: '10.0.0.5', password: 'x' };
    expect(findLeaks(frame, { except: ['private-address'] })).toMatchObject([{ rule: 'secret-field' }]);
    expect(() => findLeaks(frame, { except: ['private-adress' as LeakRuleId] })).toThrow(
      'findLeaks() has no rule "private-adress"; it has stack-trace, ',
    );
  });

  it.each([undefined, null, 7, true])('refuses to search %j, which would pass for ever', (nothing) => {
    expect(() => findLeaks(nothing as never)).toThrow('hand over client.frames');
  });

  it('has no rule without an example, and no stateful one; the guide lists each with its meaning', () => {
    expect(Object.keys(FOUND)).toEqual(LEAK_RULES.map(({ id }) => id));
    for (const { text } of LEAK_RULES) expect(text.flags).not.toMatch(/[gy]/);
    const page = readFileSync(new URL('../../../../docs/guide/testing.md', import.meta.url), 'utf8');
    const [, section = ''] = page.split('\n## What the server gives away\n');
    const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([a-z-]+)` +\| (.+?) +\|$/gm)].map(
      ([, id, means]) => [id, means],
    );
    expect(rows).toEqual(LEAK_RULES.map(({ id, means }) => [id, means]));
  });

  // Beginnings of each rule again and again: one that took quadratic time would not end within the time of a test.
  it.each([
    ...[
      'eyJ',
      'eyJ-',
      'eyJaaaaaa.',
      'eyJaaaaaa.eyJaaaaaa.',
      '10.',
      '127.0.0.',
      'fd00:',
      '::',
      'SELECT ',
      'UPDATE a ',
      'a.',
      'a-',
    ],
    ...[
      'a://',
      'a://a:',
      'postgres:/',
      '4111 ',
      '41111111',
      '\n    ',
      '\n  at',
      'node:a/',
      '-----BEGIN ',
      '$2b$12$',
      '$6$',
      '<!-',
    ],
    ...[
      'password',
      'password= ',
      'sk-',
      'SG.',
      '/home/a',
      '/usr/',
      'C:',
      'ip-1',
      '//a.',
      'Bearer ',
      ' ',
      'Unexpected token ',
      '{SHA}',
    ],
    ...['[', '{"a":', '["', '\\'],
  ])('DR-14 gets through a megabyte of %j', { timeout: 10_000 }, (piece) => {
    const frame = piece.repeat(Math.ceil(2 ** 20 / piece.length));
    expect(Array.isArray(findLeaks(frame))).toBe(true);
    expect(Array.isArray(findLeaks({ a: frame }))).toBe(true);
  });

  it('DR-14 tells both ends of a deep path, and the beginning of a long name', () => {
    const deep = (depth: number): unknown =>
      Array.from({ length: depth }).reduce((inner) => ({ a: inner }), { password: 'hunter2' });
    expect(findLeaks(deep(31) as object)[0]?.path).toBe(`${'a.'.repeat(31)}password`);
    expect(findLeaks(deep(32) as object)[0]?.path).toBe(`${'a.'.repeat(16)}….${'a.'.repeat(15)}password`);
    expect(findLeaks(deep(90_000) as object)[0]?.path).toBe(`${'a.'.repeat(16)}….${'a.'.repeat(15)}password`);
    expect(findLeaks({ ['b'.repeat(65)]: { password: 'hunter2' } })[0]?.path).toBe(`${'b'.repeat(64)}….password`);
  });

  it('DR-14 ends with a thousand findings, however many there are and however deep', { timeout: 10_000 }, () => {
    const count = 200_000;
    const chain = `${'{"password":"xyz","a":'.repeat(count)}1${'}'.repeat(count)}`;
    expect(findLeaks(chain)).toHaveLength(1000);
    expect(findLeaks(Array.from({ length: 5000 }, () => ({ password: 'xyz' })))).toHaveLength(1000);
    expect(
      findLeaks(Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`token${index}`, 'xyz']))).length,
    ).toBeLessThanOrEqual(1000);
  });
});

/** The same as JSON can say it. */
function encodable(example: string | object): unknown {
  if (example instanceof Map) return Object.fromEntries(example);
  return example !== null && typeof example === 'object' && Object.values(example).some(Buffer.isBuffer)
    ? { password: 'x' }
    : example;
}
