import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import {
  SystemClock,
  WsConnectionLifecycleService,
  WsHttpPrincipal,
  WsRevalidator,
  WsRevocationService,
} from '@secure-ws/nestjs';
import { SecureWsOperationsModule } from '@secure-ws/nestjs/operations';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import {
  act,
  ask,
  askTicket,
  HeaderPrincipal,
  list,
  openOperations,
  operationsApp,
  type Row,
} from '../support/operations.js';
import { until } from '../support/patience.js';
import { RemoteStore } from '../support/remote-store.js';
import { type Client, connect } from '../support/queueing-client.js';
import { APP_ORIGIN, bootFailure, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const ECHO = { providers: [EchoGateway] };
const ADMIN = 'root admin';
const FILES = ['', '/main.js', '/page.css', '/nothing.js', '/..%2f..%2fpackage.json', '/index.html'];

const refusals = (app: RunningApp) => app.events.ofType('ws.operator.refused').map(({ reason }) => reason);

describe.each(['express', 'fastify'] as const)('the operations page over HTTP, %s', (platform) => {
  it('OD-10 is not there for anybody but an operator, in the same words as what nobody has', async () => {
    const app = await startApp(operationsApp({ ...ECHO, platform }));
    for (const user of [undefined, 'mallory', 'mallory Admin', 'mallory xadminx']) {
      for (const file of FILES) {
        const answer = await ask(app, `/operations${file}`, user);
        const missing = await ask(app, `/operationz${file}`, user);
        expect([answer.status, answer.headers.get('content-type')]).toEqual([404, missing.headers.get('content-type')]);
        expect((await answer.text()).replaceAll('operations', 'operationz')).toBe(await missing.text());
      }
      expect((await askTicket(app, user)).status).toBe(404);
    }
    expect(new Set(refusals(app))).toEqual(new Set(['unauthenticated', 'claims']));
    expect(app.events.ofType('ws.operator.refused').at(-1)).toMatchObject({
      owasp: 'authz_fail',
      address: '127.0.0.1',
    });
  });

  it('OD-10 shows by no method, body or spelling that it is there', async () => {
    const app = await startApp(operationsApp({ ...ECHO, platform }));
    const told = async (path: string, init: RequestInit) => {
      const answer = await ask(app, path, undefined, init);
      const fields = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'etag');
      return JSON.stringify([answer.status, fields, await answer.text()]).replaceAll('operations', 'operationz');
    };
    const requests: readonly RequestInit[] = [
      ...['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => ({ method })),
      { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{' },
      // Fastify answers 415 to any route that is there, before anything of the module runs.
      ...(platform === 'fastify'
        ? []
        : [{ method: 'POST', headers: { 'Content-Type': 'application/x-odd' }, body: 'x' }]),
      { method: 'OPTIONS', headers: { Origin: APP_ORIGIN, 'Access-Control-Request-Method': 'POST' } },
    ];
    for (const init of requests) {
      for (const file of ['', '/', '/main.js', '/ticket', '/main.js/', '/%zz', '/%00', '/MAIN.JS', '/ticket/x']) {
        const [there, missing] = [`/operations${file}`, `/operationz${file}`];
        expect([init.method, there, await told(there, init)]).toEqual([init.method, there, await told(missing, init)]);
      }
    }
  });

  it('OD-10 gives an operator the page and its files, and no other file', async () => {
    const app = await startApp(operationsApp({ ...ECHO, platform }));
    for (const [file, type] of [
      ['', 'text/html'],
      ['/main.js', 'text/javascript'],
      ['/page.css', 'text/css'],
    ] as const) {
      const answer = await ask(app, `/operations${file}`, ADMIN);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, `${type}; charset=utf-8`]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
      expect(answer.headers.get('content-security-policy')).not.toContain('unsafe');
    }
    for (const file of ['/nothing.js', '/..%2f..%2fpackage.json', '/index.html', '/__proto__', '/constructor']) {
      expect((await ask(app, `/operations${file}`, ADMIN)).status).toBe(404);
    }
    const html = await (await ask(app, '/operations', ADMIN)).text();
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|\{\{|https?:/);
  });

  it('OD-10 MO-03 tells of whoever hammers on it', async () => {
    const app = await startApp(operationsApp({ ...ECHO, platform, options: { alerts: {} } }));
    for (let i = 0; i < 30; i++) await ask(app, '/operations', 'mallory');
    await until(() => app.events.ofType('ws.alert.raised').length > 0, 'there is an alert');
    expect(app.events.ofType('ws.alert.raised')[0]).toMatchObject({ rule: 'forbidden-by-principal' });
  });

  it('OD-10 MO-03 blames no address for what a foreign page has the browsers of its visitors send', async () => {
    const app = await startApp(operationsApp({ ...ECHO, platform, options: { alerts: {} } }));
    for (let i = 0; i < 70; i++) await askTicket(app, ADMIN, 'https://evil.example');
    expect(refusals(app)).toHaveLength(70);
    expect(app.events.ofType('ws.alert.raised')).toEqual([]);
  });

  it('OD-10 gives no ticket to the page of a foreign origin, nor to a request of none', async () => {
    const app = await startApp(operationsApp({ ...ECHO, platform }));
    for (const origin of ['https://evil.example', 'null', '', 'http://localhost:4201']) {
      expect((await askTicket(app, ADMIN, origin)).status).toBe(404);
    }
    expect(refusals(app)).toEqual(Array(4).fill('origin-not-allowed'));
    expect((await askTicket(app, ADMIN)).status).toBe(200);
  });

  it('OD-10 MO-02 tells the log once where the page is served from an origin that may not connect', async () => {
    const app = await startApp(operationsApp({ providers: [EchoGateway] }));
    const told = (): readonly string[] =>
      app.log.lines.filter((line) => line.includes('operations page gets no ticket'));
    await askTicket(app, ADMIN, 'https://evil.example');
    expect(told()).toEqual([]);
    for (let i = 0; i < 3; i++) expect((await askTicket(app, ADMIN, app.httpUrl)).status).toBe(404);
    expect(told()).toEqual([expect.stringContaining('the origin that it is served from is not in handshake.origins.')]);
  });
});

describe('the operations page', () => {
  it('OD-10 is not in the OpenAPI document that an application may give to everybody', () => {
    const access = { roles: ['admin'] };
    const { controllers = [] } = SecureWsOperationsModule.forRoot({ principal: HeaderPrincipal, access });
    // What `@nestjs/swagger` looks at: its explorer skips a controller of which this is `[true]`.
    const marks = controllers.map((each) => Reflect.getMetadata('swagger/apiExcludeController', each) as unknown);
    expect(marks).toEqual([[true]]);
  });

  it('OD-10 is a problem of the boot while nothing says who may see it', async () => {
    const fixOf = async (options: object) => {
      const page = SecureWsOperationsModule.forRoot(options as never);
      const shape = operationsApp({ providers: [HeaderPrincipal, EchoGateway] });
      return (await bootProblems({ ...shape, imports: [page] })).map(({ where }) => where);
    };
    expect(await fixOf({})).toEqual(
      ['principal', 'access'].map((name) => `SecureWsOperationsModule.forRoot().${name}`),
    );
    const principal = HeaderPrincipal;
    class Policy {
      readonly roles = ['admin'];
    }
    const wrong = [{}, { roles: [] }, { roles: 'admin' }, { role: ['admin'] }, 'admin', () => true, new Policy(), null];
    for (const access of wrong) {
      expect(await fixOf({ principal, access })).toEqual(['SecureWsOperationsModule.forRoot().access']);
    }
    const access = { roles: ['admin'] };
    for (const more of [
      { path: '/ops' },
      { path: 'a b' },
      { guards: true },
      { refreshMs: 1 },
      { acess: 1 },
      { actions: {} },
    ]) {
      expect(await fixOf({ principal, access, ...more })).toHaveLength(1);
    }
    expect(await fixOf({ access, principal: class Nobody {} })).toEqual([
      'SecureWsOperationsModule.forRoot().principal',
    ]);
  });

  it('OD-10 is a problem of the boot where it is imported as a bare class, or its socket takes no tickets', async () => {
    expect(await bootProblems({ ...ECHO, imports: [SecureWsOperationsModule] })).toMatchObject([
      { where: 'imports: [SecureWsOperationsModule]' },
    ]);
    const { imports = [], providers = [] } = operationsApp(ECHO);
    const [problem] = await bootProblems({ imports, providers });
    expect(problem?.fix).toContain('tickets: {}');
    const other = { adapter: false, authentication: { tickets: {} } };
    expect(await bootProblems({ imports, providers, options: other })).toEqual([
      expect.objectContaining({ fix: 'remove it from the imports, or remove adapter: false' }),
    ]);
    @Module({})
    class Nothing {}
    expect(String(await bootFailure({ imports, providers, secureWs: { module: Nothing } }))).toContain(
      'SecureWsModule',
    );
  });

  it('OD-10 answers nobody where the application cannot say who asks, and lives on', async () => {
    class Broken extends WsHttpPrincipal {
      override resolve(): never {
        throw undefined;
      }
    }
    class Wrong extends WsHttpPrincipal {
      override resolve(): never {
        return { issuer: 'shop', id: '', roles: ['admin'] } as never;
      }
    }
    for (const principal of [Broken, Wrong]) {
      const app = await startApp(operationsApp(ECHO, { principal }));
      expect((await ask(app, '/operations', ADMIN)).status).toBe(404);
      expect(refusals(app)).toEqual(['unavailable']);
    }
  });

  it('OD-10 does not open its socket to a token without the role, to nobody, and to a foreign origin', async () => {
    const app = await startApp(operationsApp(ECHO));
    const url = `${app.url}/operations/socket`;
    expect(await handshake(url)).toMatchObject({ status: 401 });
    const { ticket } = (await (await askTicket(app, ADMIN)).json()) as { ticket: string };
    const evil = { origin: 'https://evil.example', protocols: ['secure-ws.v1', `ticket.${ticket}`] };
    expect(await handshake(url, evil)).toMatchObject({ status: 403 });
    const mallory = await connect(url, { token: app.token({ sub: 'mallory', roles: ['user'] }) });
    for (const event of ['ops.watch', 'ops.connections', 'ops.prepare', 'ops.confirm']) {
      expectError(await mallory.request(event, {}), 'FORBIDDEN');
    }
  });

  it('OD-10 can be kept from pages that may open the other gateways', async () => {
    const app = await startApp(operationsApp(ECHO, { origins: ['http://localhost:4300'] }));
    expect((await askTicket(app, ADMIN)).status).toBe(404);
    expect((await askTicket(app, ADMIN, 'http://localhost:4300')).status).toBe(200);
    const { ticket } = (await (await askTicket(app, ADMIN, 'http://localhost:4300')).json()) as { ticket: string };
    const page = (origin: string) => ({ origin, protocols: ['secure-ws.v1', `ticket.${ticket}`] });
    expect(await handshake(`${app.url}/operations/socket`, page(APP_ORIGIN))).toMatchObject({ status: 403 });
  });

  it('OD-10 ends its figures and refuses its actions as soon as the role is gone', async () => {
    let roles: readonly string[] = ['admin'];
    class Accounts extends WsRevalidator {
      override revalidate(): { readonly roles: readonly string[] } {
        return { roles };
      }
    }
    const lifecycle = { revalidation: { revalidator: Accounts } };
    const clock = new FakeClock(Date.now());
    const app = await startApp(operationsApp({ providers: [EchoGateway, Accounts], options: { lifecycle }, clock }));
    const operator = await openOperations(app);
    const victim = await connect(`${app.url}/echo`, { token: app.token() });
    operator.send('ops.watch', undefined, 'w');
    expect(await operator.next()).toMatchObject({ id: 'w', data: { connections: 2 } });
    clock.advance(2000);
    expect(await operator.next()).toMatchObject({ id: 'w', event: 'ops.watch' });
    const { rows } = await list(operator);
    const { connectionId } = rows.at(1) as Row;
    const asked = { action: 'disconnect', connectionId, reason: 'last' };
    const { confirmation } = (await operator.request('ops.prepare', asked)).data as Record<string, string>;

    roles = [];
    app.app.get(WsConnectionLifecycleService).revalidate();
    const ended = await operator.next();
    expect(ended.id).toBe('w');
    expectError(ended, 'FORBIDDEN');
    clock.advance(10_000);
    expectError(await operator.request('ops.confirm', { confirmation }), 'FORBIDDEN');
    expectError(await operator.request('ops.connections', { offset: 0, limit: 1, order: 'oldest' }), 'FORBIDDEN');
    expect(operator.unread).toEqual([]);
    expect(await victim.request('echo', { text: 'still here' })).toMatchObject({ event: 'echo' });
    expect(app.events.ofType('ws.operator.acted')).toEqual([]);
  });

  it('MO-01 lists who is connected, from where, and how much went both ways', async () => {
    const app = await startApp(operationsApp({ ...ECHO, https: true }));
    // The certificate of the test is its own.
    const victim = await connect(`${app.url}/echo`, { token: app.token({ sub: 'victim' }) });
    for (let i = 0; i < 3; i++) await victim.request('echo', { text: 'x'.repeat(100) });
    const operator = await connect(`${app.url}/operations/socket`, {
      token: app.token({ sub: 'root', roles: ['admin'] }),
    });
    const [row, ...others] = (await list(operator)).rows;
    expect(others).toHaveLength(1);
    expect(row).toMatchObject({ path: '/echo', address: '127.0.0.1', messagesReceived: 3, messagesSent: 3 });
    const sent = victim.frames.reduce((sum, frame) => sum + frame.length, 0);
    // Of each frame also its header, 4 bytes here.
    expect(row?.bytesSent).toBe(sent + 3 * 4);
    expect(row?.bytesReceived).toBeGreaterThan(300);
    // As a hash, the same that stands in the log.
    expect(row?.who).toBe(app.events.ofType('ws.connection.opened').at(0)?.principal);
    expect(JSON.stringify(row)).not.toContain('victim');
  });

  it('MO-06 shows ids where the option says so, the log stays as it is, and a search finds only what is shown', async () => {
    const hidden = await startApp(operationsApp(ECHO));
    const plain = await startApp(operationsApp(ECHO, { identifiers: 'plain' }));
    for (const app of [hidden, plain]) await connect(`${app.url}/echo`, { token: app.token({ sub: 'victim' }) });
    expect((await list(await openOperations(hidden), { search: 'victim' })).total).toBe(0);
    const found = await list(await openOperations(plain), { search: 'victim' });
    expect(found).toMatchObject({
      total: 1,
      rows: [{ who: '["authentication.jwt","https://id.example.com","victim"]' }],
    });
    expect(JSON.stringify(plain.events.events)).not.toContain('victim');
    expect(plain.events.ofType('ws.config.weak').map(({ option }) => option)).toContain(
      'SecureWsOperationsModule.forRoot().identifiers',
    );
  });

  it('MO-02 disconnects, revokes and bans after a second look, with a reason that is on record', async () => {
    const app = await startApp(operationsApp(ECHO));
    const operator = await openOperations(app);
    const open = () => connect(`${app.url}/echo`, { token: app.token({ sub: 'victim' }) });
    const victims = [await open(), await open()];
    const { rows } = await list(operator);
    const { connectionId, who } = rows[1] as Row;

    const prepared = await operator.request('ops.prepare', { action: 'revoke', connectionId, reason: 'stolen laptop' });
    expect(prepared.data).toMatchObject({
      action: 'revoke',
      who,
      connections: 2,
      path: '/echo',
      reason: 'stolen laptop',
    });
    expect(app.app.get(WsConnectionLifecycleService).count).toBe(3);

    expect(await act(operator, { action: 'disconnect', connectionId })).toEqual({ outcome: 'done', connections: 1 });
    expect(await victims[0]?.expectClose()).toMatchObject({ code: 1001 });
    const second = (rows[2] as Row).connectionId;
    expect(await act(operator, { action: 'ban', connectionId: second, minutes: 60 })).toEqual({
      outcome: 'done',
      connections: 1,
    });
    expect(await victims[1]?.expectClose()).toMatchObject({ code: 4505 });
    expect(await handshake(`${app.url}/echo`, { token: app.token({ sub: 'victim' }) })).toMatchObject({ status: 401 });

    operator.send('ops.watch', undefined, 'w');
    const { bans } = (await operator.next()).data as { bans: { number: number; who: string }[] };
    expect(bans).toMatchObject([{ who, reason: 'a test' }]);
    expect(await act(operator, { action: 'unban', banNumber: bans[0]?.number })).toMatchObject({ outcome: 'done' });
    await open();

    const acted = app.events.ofType('ws.operator.acted');
    const [opened] = app.events.ofType('ws.connection.opened');
    expect(acted).toMatchObject([
      { action: 'disconnect', connectionId, principal: who, outcome: 'done', connections: 1, reason: 'a test' },
      { action: 'ban', connectionId: second, principal: who, until: expect.stringMatching(/Z$/) as string },
      { action: 'unban', principal: who },
    ]);
    for (const event of acted) {
      expect(event).toMatchObject({
        operator: opened?.principal,
        operatorConnectionId: opened?.connectionId,
        owasp: 'authz_admin',
      });
    }
  });

  it('MO-02 does nothing without a reason, twice, late, of somebody else, or to whoever asks', async () => {
    const clock = new FakeClock(Date.now());
    const lifecycle = { pingIntervalMs: 86_400_000, idleTimeoutMs: Infinity };
    const app = await startApp(operationsApp({ ...ECHO, clock, options: { lifecycle } }));
    const [operator, other] = [await openOperations(app), await openOperations(app, 'second admin')];
    await connect(`${app.url}/echo`, { token: app.token({ sub: 'victim' }) });
    const { rows } = await list(operator);
    const [own, , victim] = rows.map(({ connectionId }) => connectionId);
    const ask = async (asked: object) =>
      operator.request('ops.prepare', { action: 'disconnect', connectionId: victim, ...asked });
    for (const reason of [undefined, '', ' ', 'x', '   \n ', 'x'.repeat(201), 7, { length: 3 }]) {
      expectError(await ask({ reason }), 'VALIDATION_FAILED');
      clock.advance(4000);
    }
    for (const [asked, reason] of [
      [{ action: 'ban', connectionId: own, minutes: 5 }, 'YOURSELF'],
      [{ action: 'revoke', connectionId: own }, 'YOURSELF'],
      [{ action: 'ban' }, 'INCOMPLETE'],
      [{ minutes: 5 }, 'INCOMPLETE'],
      [{ connectionId: 'nobody' }, 'GONE'],
      [{ connectionId: undefined }, 'GONE'],
      [{ action: 'unban' }, 'GONE'],
      [{ action: 'unban', banNumber: 1 }, 'GONE'],
    ] as const) {
      expect(expectError(await ask({ reason: 'because', ...asked }), 'APPLICATION').reason).toBe(reason);
      clock.advance(4000);
    }
    const confirmation = async () =>
      ((await ask({ reason: 'because' })).data as Record<string, string>)['confirmation'];
    const reasonOf = async (client: Client, text: unknown) =>
      expectError(await client.request('ops.confirm', { confirmation: text }), 'APPLICATION').reason;
    const first = await confirmation();
    expect(await reasonOf(other, first)).toBe('NOT_PREPARED');
    const second = await confirmation();
    expect(await reasonOf(operator, first)).toBe('NOT_PREPARED');
    clock.advance(60_000);
    expect(await reasonOf(operator, second)).toBe('TOO_LATE');
    const third = await confirmation();
    expect(await operator.request('ops.confirm', { confirmation: third })).toMatchObject({ data: { connections: 1 } });
    expect(await reasonOf(operator, third)).toBe('NOT_PREPARED');
    expect(app.events.ofType('ws.operator.acted')).toHaveLength(1);
  });

  it('MO-07 keeps what an operator writes on one line of the log', async () => {
    const app = await startApp(operationsApp(ECHO));
    const operator = await openOperations(app);
    await connect(`${app.url}/echo`, { token: app.token() });
    const { connectionId } = (await list(operator)).rows[1] as Row;
    await act(operator, { action: 'disconnect', connectionId, reason: 'a\r\n\u001b[31m\u2028{"type":"ws.forged"}' });
    const [event] = app.events.ofType('ws.operator.acted');
    expect(event?.reason).not.toMatch(/[\r\n\u001b\u2028]/);
  });

  it('MO-02 records an act that the store did not take, and one that fails', async () => {
    const app = await startApp(operationsApp(ECHO));
    const revocations = app.app.get(WsRevocationService);
    const operator = await openOperations(app);
    const { SecureWsStoreError } = await import('../../packages/nestjs/src/store/index.js');
    const outcomes: unknown[] = [];
    for (const error of [new SecureWsStoreError('unavailable'), undefined]) {
      await connect(`${app.url}/echo`, { token: app.token({ sub: 'victim' }) });
      const { connectionId } = (await list(operator)).rows.at(-1) as Row;
      revocations.ban = () => Promise.reject(error);
      const { confirmation } = (
        await operator.request('ops.prepare', { action: 'ban', connectionId, minutes: 1, reason: 'try' })
      ).data as Record<string, string>;
      outcomes.push((await operator.request('ops.confirm', { confirmation })).event);
    }
    expect(outcomes).toEqual(['ops.confirm', 'error']);
    expect(app.events.ofType('ws.operator.acted').map(({ outcome }) => outcome)).toEqual(['store-away', 'failed']);
  });

  it.each([
    ['revoke', {}, 4504],
    ['ban', { minutes: 5 }, 4505],
  ])('MO-02 tells how many connections a %s has closed here, though the store is away', async (action, more, code) => {
    const remote = new RemoteStore(new SystemClock());
    const tickets = { secret: randomBytes(32).toString('base64') };
    const options = { store: { shared: remote.store }, authentication: { jwt: TEST_JWT, tickets } };
    const app = await startApp(operationsApp({ ...ECHO, options }));
    const operator = await openOperations(app);
    const victims = [];
    for (let i = 0; i < 2; i++) {
      victims.push(await connect(`${app.url}/echo`, { token: app.token({ sub: 'victim' }) }));
    }
    const { connectionId } = (await list(operator)).rows.at(-1) as Row;
    remote.memory.revoke = () => {
      throw new Error('ECONNREFUSED');
    };

    expect(await act(operator, { action, connectionId, ...more })).toEqual({ outcome: 'store-away', connections: 2 });
    for (const victim of victims) await victim.expectClose(code);
    expect(app.events.ofType('ws.operator.acted')).toMatchObject([{ action, outcome: 'store-away', connections: 2 }]);
  });

  it('MO-02 drains after a second look: the operator gets the answer, and everybody is told to come back', async () => {
    const app = await startApp(operationsApp(ECHO));
    const operator = await openOperations(app);
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    expect(await act(operator, { action: 'drain' })).toEqual({ outcome: 'done', connections: 2 });
    for (const each of [client, operator]) expect(await each.expectClose()).toMatchObject({ code: 1012 });
    expect(app.events.ofType('ws.operator.acted')).toMatchObject([{ action: 'drain', connections: 2 }]);
  });

  it('MO-02 has no actions where the option says so, and other roles for them where it names them', async () => {
    const looking = await startApp(operationsApp(ECHO, { actions: 'none' }));
    expect(await (await askTicket(looking, ADMIN)).json()).toMatchObject({ mayAct: false });
    expectError(
      await (await openOperations(looking)).request('ops.prepare', { action: 'drain', reason: 'because' }),
      'FORBIDDEN',
    );
    const apart = await startApp(operationsApp(ECHO, { actions: { roles: ['chief'] } }));
    const chief = await openOperations(apart, 'root admin chief');
    expect(await chief.request('ops.prepare', { action: 'drain', reason: 'because' })).toMatchObject({
      event: 'ops.prepare',
    });
    const admin = await openOperations(apart);
    expectError(await admin.request('ops.prepare', { action: 'drain', reason: 'because' }), 'FORBIDDEN');
    expect((await admin.request('ops.connections', { offset: 0, limit: 5, order: 'newest' })).event).toBe(
      'ops.connections',
    );
  });
});
