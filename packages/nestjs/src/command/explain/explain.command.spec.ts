import { describe, expect, it } from 'vitest';
import { type CompiledAppShape, compileApp } from '../../../../../test/support/compiled-app.js';

const GATEWAYS = `
  import { Injectable } from '@nestjs/common';
  import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
  import { IsInt, IsPositive, IsString } from 'class-validator';
  import { anyOf, deny, grant, WsAuthorize, WsPublic, WsThrottle } from '@secure-ws/nestjs';
  import { appendFileSync } from 'node:fs';

  class Order {
    @IsString() accountId;
    @IsInt() @IsPositive() quantity;
  }
  Reflect.defineMetadata('design:type', String, Order.prototype, 'accountId');
  Reflect.defineMetadata('design:type', Number, Order.prototype, 'quantity');

  @Injectable()
  export class Accounts {
    accounts = undefined;
    onModuleInit() { this.accounts = new Map([['a', 'alice'], ['b', 'bob']]); }
  }
  Injectable()(Accounts);

  @Injectable()
  export class AccountOwner {
    constructor(private readonly accounts: Accounts) {}
    async authorize({ data, principal }) {
      return this.accounts.accounts.get(data.accountId) === principal.id ? grant(data.accountId) : deny();
    }
  }

  @Injectable()
  export class Forgets { authorize() { grant('x'); } }
  @Injectable()
  export class Denies { authorize() { return deny(); } }
  @Injectable()
  export class DeniesToo { authorize() { return deny(); } }
  @Injectable()
  export class Hangs { authorize() { return new Promise(() => undefined); } }
  @Injectable()
  export class Throws { authorize() { throw new Error('no \\u001b[31mdatabase'); } }
  @Injectable()
  export class Closes { authorize({ connection }) { connection.close('BANNED'); return true; } }

  @WebSocketGateway({ path: '/orders' })
  export class OrdersGateway {
    @WsThrottle({ limit: 1, ttl: 60_000 })
    @WsAuthorize({ roles: ['trader'] }, AccountOwner)
    @SubscribeMessage('order.place')
    place(@MessageBody() order: Order) { appendFileSync('called', 'place'); return { order }; }

    @WsAuthorize({ scopes: ['orders.purge'] })
    @SubscribeMessage('order.purge')
    purge() { appendFileSync('called', 'purge'); }

    @WsAuthorize(anyOf(Denies, DeniesToo)) @SubscribeMessage('order.either') either() {}
    @WsAuthorize(Hangs) @SubscribeMessage('order.hang') hang() {}
    @WsAuthorize(Throws) @SubscribeMessage('order.throw') throws() {}
    @WsAuthorize(Closes) @SubscribeMessage('order.close') close() {}
    @WsAuthorize(Forgets) @SubscribeMessage('order.forget') forget() {}
    @WsAuthorize() @SubscribeMessage('order.list') list() {}
  }

  @WebSocketGateway({ path: '/news' })
  export class NewsGateway {
    @WsAuthorize() @SubscribeMessage('order.list') list() {}
    @WsAuthorize(anyOf(Throws, { roles: ['reader'] })) @SubscribeMessage('news.any') any() {}
  }
`;

const MODULE = `
  import { Module } from '@nestjs/common';
  import { SecureWsModule, SecurityEventSink } from '@secure-ws/nestjs';
  import { appendFileSync } from 'node:fs';
  import * as all from './gateways.js';

  class Sink extends SecurityEventSink {
    write(event) { appendFileSync('audited', event.type); }
  }

  @Module({
    imports: [
      SecureWsModule.forRoot({
        handshake: { origins: ['https://app.example.com'] },
        authentication: { jwt: { secret: 'v'.repeat(11) + 'Jf8_wq7Zk2Lm5Tn0Rb3Xd6Yh', algorithms: ['HS256'], issuer: 'https://id.example.com', audience: 'a' } },
        authorization: { policyTimeoutMs: 300 },
        events: { sinks: [new Sink()] },
        throttling: { storage: { increment: async () => { appendFileSync('charged', 'x'); return { totalHits: 1e6, isBlocked: true, timeToExpire: 9, timeToBlockExpire: 9 }; } } },
      }),
    ],
    providers: [all.Accounts, all.AccountOwner, all.Forgets, all.Denies, all.DeniesToo, all.Hangs, all.Throws, all.Closes, all.OrdersGateway, all.NewsGateway],
  })
  export class AppModule {}
`;

const ALICE = JSON.stringify({ issuer: 'https://id.example.com', id: 'alice', roles: ['trader'] });
const ORDER = JSON.stringify({ accountId: 'a', quantity: 3 });

const shape = (files: Readonly<Record<string, string>> = {}): CompiledAppShape => ({
  files: {
    'src/gateways.ts': GATEWAYS,
    'src/app.module.ts': MODULE,
    'alice.json': ALICE,
    'bob.json': ALICE.replace('alice', 'bob'),
    'nobody.json': '{"kind":"anonymous"}',
    'order.json': ORDER,
    ...files,
  },
});

const AT = ['--module', 'dist/app.module.js'];

/** Event, principal, payload; the step that refuses, its reason, and a line that would change it. */
const REFUSALS: readonly (readonly [string, string, string | undefined, string, string, string])[] = [
  ['order.place', 'bob.json', 'order.json', 'policies', 'policy', 'AccountOwner.authorize() denied'],
  [
    'order.forget',
    'alice.json',
    undefined,
    'policies',
    'policy',
    'Forgets.authorize() answered undefined, which denies',
  ],
  [
    'order.either',
    'alice.json',
    undefined,
    'policies',
    'policy',
    '-> Denies.authorize() and DeniesToo.authorize() denied',
  ],
  ['order.place', 'alice.json', 'more.json', 'validate', 'payload', 'data.*: leave it out, or declare it in the DTO'],
  ['order.purge', 'alice.json', undefined, 'claims', 'claims', '"scopes": ["orders.purge"]'],
  ['order.place', 'nobody.json', 'order.json', 'claims', 'claims', '@WsPublic() at OrdersGateway.place'],
  ['order.throw', 'alice.json', undefined, 'policies', 'policy-failed', 'Error: no \\u001b[31mdatabase'],
  ['order.hang', 'alice.json', undefined, 'policies', 'policy-timeout', 'Hangs.authorize() did not answer'],
  ['order.nope', 'alice.json', undefined, 'route', 'unknown-event', "@SubscribeMessage('order.nope')"],
  ['order.place', 'alice.json', 'bad.json', 'validate', 'payload', 'data.quantity: make it pass isPositive'],
  ['order.place', 'alice.json', 'proto.json', 'decode', 'json-forbidden-key', 'Rename the key'],
  ['order.place', 'alice.json', 'large.json', 'frame', 'message-size', 'maxMessageBytes'],
  ['order.list', 'ended.json', undefined, 'alive', 'identity-expired', 'ended.json an "expiresAt"'],
];

const PRINCIPALS: readonly (readonly [what: string, file: string, problem: string])[] = [
  ['a role that is a text', ALICE.replace('["trader"]', '"trader"'), 'roles is not a list'],
  ['a prototype key', ALICE.replace('}', ',"__proto__":{"roles":["admin"]}}'), 'forbidden-key'],
  ['two equal keys', ALICE.replace('}', ',"roles":["admin"]}'), 'duplicate-key'],
  ['a misspelt field', ALICE.replace('roles', 'role'), '"role" is not a field'],
  ['a field that is made', ALICE.replace('}', ',"key":"x"}'), '"key" is not a field'],
  ['another block', ALICE.replace('}', ',"block":"authentication.oauth"}'), 'authentication.jwt'],
  ['a foreign issuer', ALICE.replace('id.example', 'other.example'), 'of authentication.jwt is https://id.example.com'],
  ['nobody with a role', '{"kind":"anonymous","roles":["trader"]}', 'nobody has no other field'],
  ['a list', '[]', 'is not an object'],
  ['no JSON', '{', 'syntax'],
  ['a control character', ALICE.replace('alice', 'a\\u001b[2J'), 'id is not an identifier'],
  ['too many bytes', JSON.stringify({ claims: { x: 'y'.repeat(70_000) } }), 'larger than 65536'],
];

// Each test starts Node and loads an application: no expectation, on a busy machine that takes a while.
describe('secure-ws explain', { timeout: 60_000 }, () => {
  it('AZ-01 tells each step of a message that its handler would get, and calls, charges and audits nothing', async () => {
    const app = await compileApp(shape());
    const args = ['explain', ...AT, '--event', 'order.place', '--as', 'alice.json', '--data', 'order.json'];
    // Twice, and its limit is one: each run has windows of its own.
    await app.secureWs(...args);
    const { status, out, notes } = await app.secureWs(...args, '--json');
    expect([status, notes]).toEqual([0, '']);
    const told = JSON.parse(out) as Record<string, unknown>;
    expect(told['outcome']).toBe('allowed');
    expect(told['policies']).toEqual([{ name: 'AccountOwner', outcome: 'granted' }]);
    const names = ['alive', 'frame', 'throttle', 'slot', 'alive', 'decode', 'route'];
    const steps = [...names, 'claims', 'event-throttle', 'validate', 'policies', 'handler'];
    expect(told['steps']).toEqual(steps.map((step) => ({ step, outcome: 'passed' })));
    expect(await app.written()).not.toEqual(expect.arrayContaining([expect.stringMatching(/called|charged|audited/)]));
  });

  it('AZ-02 says what would change each refusal: roles, scopes, policies, payloads, sizes, keys and dates', async () => {
    const app = await compileApp(
      shape({
        'bad.json': '{"accountId":"a","quantity":-77123}',
        'more.json': '{"accountId":"a","quantity":3,"more":1}',
        'proto.json': '{"accountId":"a","__proto__":{"quantity":3}}',
        'large.json': JSON.stringify('x'.repeat(70_000)),
        'ended.json': ALICE.replace('}', ',"expiresAt":1000}'),
      }),
    );
    const at = ['--gateway', 'OrdersGateway'];
    const ends = await app.secureWsEach(
      REFUSALS.map(([event, as, data]) => {
        const payload = data === undefined ? [] : ['--data', data];
        return ['explain', ...AT, ...at, '--event', event, '--as', as, ...payload];
      }),
    );
    for (const [index, { status, out }] of ends.entries()) {
      const [, , , step, reason, line] = REFUSALS[index] as (typeof REFUSALS)[number];
      const lines = out.split('\n');
      const found = lines.findIndex((text) => text.includes('REFUSED'));
      expect([reason, status, lines.at(-1)]).toEqual([reason, 3, 'Refused.']);
      expect(lines[found]).toMatch(new RegExp(`${step} .*\\(${reason}\\)`));
      expect(lines[found + 1]).toContain('->');
      expect(out).toContain(line);
      // Paths and rules, never what was sent; and nothing that a terminal would obey.
      expect(out).not.toContain('77123');
      expect(out).not.toContain('\u001b');
    }
  });

  it('AZ-15 says that a message is dropped where its policy closes the connection', async () => {
    const app = await compileApp(shape());
    const { status, out } = await app.secureWs('explain', ...AT, '--event', 'order.close', '--as', 'alice.json');
    expect([status, out]).toEqual([3, expect.stringContaining('Dropped without an answer')]);
  });

  it('asks which handler is meant where an event has two, and takes the name or the path', async () => {
    const app = await compileApp(shape());
    const ask = ['explain', ...AT, '--event', 'order.list', '--as', 'alice.json'];
    const [which, byName, byPath, nowhere] = await app.secureWsEach([
      ask,
      [...ask, '--gateway', 'NewsGateway'],
      [...ask, '--path', '/orders'],
      [...ask, '--path', '/nowhere'],
    ]);
    expect(which).toMatchObject({ status: 2, out: '' });
    expect(which?.notes).toContain('OrdersGateway on /orders, NewsGateway on /news');
    expect([byName?.status, byPath?.status, nowhere?.status]).toEqual([0, 0, 2]);
  });

  it('refuses a principal that no authenticator could answer, and judges nothing', async () => {
    const files = Object.fromEntries(PRINCIPALS.map(([, principal], index) => [`${index}.json`, principal]));
    const app = await compileApp(shape(files));
    const runs = Object.keys(files).map((as) => ['explain', ...AT, '--event', 'order.purge', '--as', as]);
    for (const [index, { status, out, notes }] of (await app.secureWsEach(runs)).entries()) {
      const [what, , problem] = PRINCIPALS[index] as (typeof PRINCIPALS)[number];
      expect([what, status, out]).toEqual([what, 2, '']);
      expect(notes).toContain(problem);
      expect(notes).not.toContain('\u001b');
    }
  });

  it('refuses a payload that could write members of its own into the message, has no end or is no file', async () => {
    const app = await compileApp(shape({ 'order.json': `${ORDER},"id":"1"` }));
    const runs = ['order.json', '/dev/zero', 'missing.json', '.'].map((data) => {
      return ['explain', ...AT, '--event', 'order.place', '--as', 'alice.json', '--data', data];
    });
    for (const end of await app.secureWsEach(runs)) expect(end).toMatchObject({ status: 2, out: '' });
  });
});

const RECORD = {
  type: 'ws.message.refused',
  time: '2026-11-05T09:30:00.000Z',
  code: 'FORBIDDEN',
  reason: 'claims',
  missing: 'role admin',
  path: '/orders',
  event: 'order.purge',
  principal: 'hash',
  correlationId: 'dGhlIHNhbWUgaW4gdGhlIG',
};

describe('secure-ws explain --correlation', { timeout: 60_000 }, () => {
  const line = JSON.stringify(RECORD);
  const colours = `\u001b[33m[Nest] 7  - \u001b[39m11/05/2026 \u001b[33mWARN\u001b[39m [SecureWs] ${line}\u001b[39m`;

  it('MO-05 finds a refusal in the lines of a sink, of the loggers of Nest and of pino, and counts what is none', async () => {
    const lines = [
      line,
      colours,
      JSON.stringify({ level: 'warn', context: 'SecureWs', message: line }),
      JSON.stringify({ level: 40, msg: line }),
    ];
    const noise = ['', 'Starting', '{"type":"ws.message.ref', `{"x":"${'y'.repeat(2_000_000)}"}`, 'null'];
    const app = await compileApp({
      files: Object.fromEntries(lines.map((text, index) => [`${index}`, [...noise, text, '{"a":1}'].join('\n')])),
    });
    const runs = lines.map((_, index) => ['explain', '--audit', `${index}`, '--correlation', RECORD.correlationId]);
    for (const { status, out, notes } of await app.secureWsEach(runs)) {
      expect([status, notes]).toEqual([3, '5 lines are no event, and skipped.']);
      expect(out).toContain('event: order.purge');
      expect(out).toContain('REFUSED  claims');
      expect(out).toContain('Add the role admin to "roles" of the principal');
      expect(out).toContain('the handler of order.purge on /orders');
    }
  });

  it('shows what stands in a forged line as text', async () => {
    const forged = { ...RECORD, missing: 'role \u001b]0;owned\u0007\u202e', reason: 'constructor', code: { a: 1 } };
    const app = await compileApp({ files: { audit: JSON.stringify(forged) } });
    const { status, out } = await app.secureWs('explain', '--audit', 'audit', '--correlation', RECORD.correlationId);
    expect([status, out]).toEqual([3, expect.stringContaining('does not know the reason')]);
    expect(out).not.toMatch(/[\u001b\u0007\u202e]/);
  });

  it('says so where nothing has the id, and refuses half of the question', async () => {
    const app = await compileApp({ files: { audit: line } });
    const [none, ...halves] = await app.secureWsEach([
      ['explain', '--audit', 'audit', '--correlation', 'other'],
      ['explain', '--audit', 'audit'],
      ['explain', '--correlation', 'a b', '--audit', 'audit'],
      ['explain', '--correlation', 'a', '--audit', 'missing'],
      ['explain', '--correlation', 'a', '--audit', 'audit', '--event', 'x'],
      ['explain', '--event', 'x'],
    ]);
    expect(none).toMatchObject({ status: 1, out: '' });
    for (const half of halves) expect(half).toMatchObject({ status: 2, out: '' });
  });
});
