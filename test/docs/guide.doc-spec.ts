import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WsCsrfTokens } from '@secure-ws/nestjs';
import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { EchoGateway } from '../support/echo.gateway.js';
import { around, boot, example, examplesFolder, runMain } from './example.js';

const ALICE = testIdentity({ id: 'alice' });
const ID = '7f6f1f0a-6d0f-4f3b-9f57-0f6d1c1d2a3b';
const codeOf = ({ data }: { readonly data?: unknown }): unknown => (data as { readonly code?: unknown }).code;

describe('F45 every example of the guide runs: authentication', () => {
  it.each(['identity-provider.ts', 'issuers.ts', 'key-set.ts', 'devices.ts', 'sessions.ts'])(
    '%s boots',
    async (name) => {
      const { authentication } = await example(`authentication/${name}`, 'authentication');
      const app = await boot(around([EchoGateway], { authentication }));
      await expect(connect(app, { path: '/echo', as: 'x.y.z' })).rejects.toMatchObject({ status: 401 });
    },
  );

  it('sessions.ts issues a token that belongs to the session', async () => {
    const { authentication, CsrfController, Sessions } = await example(
      'authentication/sessions.ts',
      'authentication',
      'CsrfController',
      'Sessions',
    );
    const app = await boot(around([EchoGateway, Sessions], { authentication }, [CsrfController]));
    expect(new (CsrfController as new (tokens: WsCsrfTokens) => object)(app.get(WsCsrfTokens))).toHaveProperty(
      'csrfToken',
    );
  });

  it('ticker.gateway.ts tells the public from traders', async () => {
    const { TickerGateway } = await example('authentication/ticker.gateway.ts', 'TickerGateway');
    const app = await boot(around([TickerGateway]));
    await using client = await connect(app, { path: '/ticker', origin: 'https://app.example.com' });
    expect(await client.request('ticker.latest')).toMatchObject({ data: { acme: 12.5 } });
    expect(codeOf(await client.request('ticker.depth'))).toBe('FORBIDDEN');
  });

  it('paid-plan.ts asks in the handshake', async () => {
    const { PremiumGateway, PaidPlan } = await example('authentication/paid-plan.ts', 'PremiumGateway', 'PaidPlan');
    const app = await boot(around([PremiumGateway, PaidPlan]));
    await expect(connect(app, { path: '/premium', as: ALICE })).rejects.toMatchObject({ status: 403 });
    await using client = await connect(app, { path: '/premium', as: testIdentity({ roles: ['paid'] }) });
    expect(client.protocol).toBe('');
  });
});

describe('F45 every example of the guide runs: messages', () => {
  it('authorization/reports.gateway.ts asks for scope and role', async () => {
    const { ReportsGateway } = await example('authorization/reports.gateway.ts', 'ReportsGateway');
    const app = await boot(around([ReportsGateway]));
    const auditor = testIdentity({ scopes: ['reports'], roles: ['auditor'] });
    await using client = await connect(app, { path: '/reports', as: auditor });
    expect(await client.request('report.all')).toMatchObject({ data: { reports: 12 } });
    await using other = await connect(app, { path: '/reports', as: ALICE });
    expect(codeOf(await other.request('report.all'))).toBe('FORBIDDEN');
  });

  it('authorization/account-owner.ts and authorization/accounts.gateway.ts know whose object it is', async () => {
    const { AccountOwner, AccountsService } = await example(
      'authorization/account-owner.ts',
      'AccountOwner',
      'AccountsService',
    );
    const { AccountsGateway } = await example('authorization/accounts.gateway.ts', 'AccountsGateway');
    const app = await boot(around([AccountsGateway, AccountOwner, AccountsService]));
    await using alice = await connect(app, { path: '/accounts', as: ALICE });
    expect(await alice.request('account.close', { accountId: ID })).toMatchObject({ data: { closed: ID } });
    await using bob = await connect(app, { path: '/accounts', as: testIdentity({ id: 'bob', roles: ['support'] }) });
    expect(codeOf(await bob.request('account.close', { accountId: ID }))).toBe('FORBIDDEN');
    expect(await bob.request('account.freeze', { accountId: ID })).toMatchObject({ data: { frozen: ID } });
  });

  it('authorization/documents.gateway.ts judges several documents at once', async () => {
    const { DocumentsGateway, OwnDocuments, DocumentsService } = await example(
      'authorization/documents.gateway.ts',
      'DocumentsGateway',
      'OwnDocuments',
      'DocumentsService',
    );
    const app = await boot(around([DocumentsGateway, OwnDocuments, DocumentsService]));
    await using alice = await connect(app, { path: '/documents', as: ALICE });
    const documentIds = [ID, ID.replace('7', '8')];
    expect(await alice.request('document.delete', { documentIds })).toMatchObject({ data: { deleted: documentIds } });
    expect(codeOf(await alice.request('document.delete', { documentIds: [ID, ID] }))).toBe('FORBIDDEN');
    await using bob = await connect(app, { path: '/documents', as: testIdentity({ id: 'bob' }) });
    expect(codeOf(await bob.request('document.delete', { documentIds }))).toBe('FORBIDDEN');
  });

  it('authorization/closing.gateway.ts asks for a recent log-in', async () => {
    const { ClosingGateway } = await example('authorization/closing.gateway.ts', 'ClosingGateway');
    const app = await boot(around([ClosingGateway]));
    await using recent = await connect(app, { path: '/closing', as: testIdentity({ loggedInMsAgo: 60_000 }) });
    expect(await recent.request('account.close')).toMatchObject({ data: { closed: true } });
    await using stale = await connect(app, { path: '/closing', as: testIdentity({ loggedInMsAgo: 3_600_000 }) });
    expect(codeOf(await stale.request('account.close'))).toBe('STEP_UP_REQUIRED');
  });

  it('rule-table/rules.ts, rule-table/invoices.gateway.ts and rule-table/app.module.ts decide together', async () => {
    const { rules } = await example('rule-table/rules.ts', 'rules');
    const { InvoicesGateway, InvoiceOwner } = await example(
      'rule-table/invoices.gateway.ts',
      'InvoicesGateway',
      'InvoiceOwner',
    );
    const app = await boot(around([InvoicesGateway, InvoiceOwner], { authorization: { rules } }));
    const reader = testIdentity({ id: 'alice', scopes: ['invoices:read'] });
    await using alice = await connect(app, { path: '/invoices', as: reader });
    expect(await alice.request('invoice.read', { invoiceId: ID })).toMatchObject({ data: { id: ID } });
    expect(codeOf(await alice.request('invoice.latest'))).toBe('FORBIDDEN');
    const admin = testIdentity({ roles: ['admin', 'accountant'], loggedInMsAgo: 1000 });
    await using root = await connect(app, { path: '/invoices', as: admin });
    expect(await root.request('invoice.latest')).toMatchObject({ data: { total: 12 } });
    expect(await root.request('admin.close')).toMatchObject({ data: { closed: true } });
    const { AppModule } = await example('rule-table/app.module.ts', 'AppModule');
    await boot(AppModule);
  });

  it('authorization/shadowed.gateway.ts obeys the old rule', async () => {
    const { LoungeGateway, MembersOnly } = await example(
      'authorization/shadowed.gateway.ts',
      'LoungeGateway',
      'MembersOnly',
    );
    await using client = await connect(await boot(around([LoungeGateway, MembersOnly])), {
      path: '/lounge',
      as: ALICE,
    });
    expect(await client.request('lounge.enter')).toMatchObject({ data: { welcome: true } });
  });

  it('authorization/lists.gateway.ts narrows the query', async () => {
    const { OrdersGateway, OwnOrders } = await example('authorization/lists.gateway.ts', 'OrdersGateway', 'OwnOrders');
    await using client = await connect(await boot(around([OrdersGateway, OwnOrders])), { path: '/orders', as: ALICE });
    expect(await client.request('order.list')).toMatchObject({ data: { values: ['alice'] } });
  });

  it('validation/orders.gateway.ts and validation/references.gateway.ts check what messages carry', async () => {
    const { OrdersGateway } = await example('validation/orders.gateway.ts', 'OrdersGateway');
    const { ReferencesGateway } = await example('validation/references.gateway.ts', 'ReferencesGateway');
    const app = await boot(around([OrdersGateway, ReferencesGateway]));
    await using orders = await connect(app, { path: '/orders', as: ALICE });
    const lines = [{ symbol: 'ACME', quantity: 3 }];
    expect(await orders.request('order.place', { accountId: ID, lines })).toMatchObject({ data: { lines: 1 } });
    expect(codeOf(await orders.request('order.place', { accountId: ID, lines, isAdmin: true }))).toBe(
      'VALIDATION_FAILED',
    );
    await using references = await connect(app, { path: '/references', as: ALICE });
    expect(await references.request('reference.many', [{ id: ID }])).toMatchObject({ data: 1 });
    expect(codeOf(await references.request('reference.many', [{ id: 3 }]))).toBe('VALIDATION_FAILED');
    expect(await references.request('reference.search', 'acme')).toMatchObject({ data: { found: true } });
  });

  it('throttling/chat.gateway.ts limits how much is sent', async () => {
    const { ChatGateway } = await example('throttling/chat.gateway.ts', 'ChatGateway');
    await using client = await connect(await boot(around([ChatGateway])), { path: '/chat', as: ALICE });
    expect(await client.request('message.send')).toMatchObject({ data: true });
    expect(codeOf(await client.request('message.send'))).toBe('THROTTLED');
  });

  it('throttling/uploads.gateway.ts limits bytes by plan', async () => {
    const { UploadsGateway } = await example('throttling/uploads.gateway.ts', 'UploadsGateway');
    const app = await boot(around([UploadsGateway]));
    await using client = await connect(app, { path: '/uploads', as: ALICE });
    const text = 'x'.repeat(4000);
    expect(await client.request('note.save', { text })).toMatchObject({ data: 4000 });
    expect(codeOf(await client.request('note.save', { text }))).toBe('THROTTLED');
    await using pro = await connect(app, { path: '/uploads', as: testIdentity({ id: 'bob', roles: ['pro'] }) });
    for (let i = 0; i < 4; i++) expect(await pro.request('note.save', { text })).toMatchObject({ data: 4000 });
  });
});

describe('F45 every example of the guide runs: the application', () => {
  it('events/alarms.ts hears of violations, and events/file-sink.ts writes every event', async () => {
    const post = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response());
    onTestFinished(() => {
      post.mockRestore();
    });
    const { Alarms } = await example('events/alarms.ts', 'Alarms');
    const { events } = await example('events/file-sink.ts', 'events');
    const options = { events, throttling: { violations: { budget: 1 } } };
    const app = await boot(around([EchoGateway, Alarms], options));
    await using client = await connect(app, { path: '/echo', as: ALICE });
    client.sendRaw('{');
    await client.expectClose(1008);
    await app.close();
    expect(post).toHaveBeenCalledWith('https://alerts.example.com', expect.objectContaining({ method: 'POST' }));
    expect(readFileSync(join(examplesFolder, 'audit.jsonl'), 'utf8')).toContain('"ws.violations.exceeded"');
  });

  it('events/figures.controller.ts answers with figures', async () => {
    const { WebSocketFiguresController } = await example('events/figures.controller.ts', 'WebSocketFiguresController');
    const app = await boot(around([EchoGateway], {}, [WebSocketFiguresController]));
    await using client = await connect(app, { path: '/echo', as: ALICE });
    expect(app.get<{ figures(): unknown }>(WebSocketFiguresController).figures()).toMatchObject({
      open: 1,
      byPath: { '/echo': 1 },
      sinksAreHealthy: true,
    });
    await client.close();
  });

  it('lifecycle/news.gateway.ts welcomes and answers', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch').mockResolvedValue(Response.json({ headline: 'none' }));
    onTestFinished(() => {
      fetched.mockRestore();
    });
    const { NewsGateway } = await example('lifecycle/news.gateway.ts', 'NewsGateway');
    await using client = await connect(await boot(around([NewsGateway])), { path: '/news', as: ALICE });
    expect(await client.next('welcome')).toMatchObject({ data: { name: 'alice' } });
    expect(await client.request('news.latest')).toMatchObject({ data: { headline: 'none' } });
  });

  it('lifecycle/presence.ts knows who is there', async () => {
    const { NewsGateway } = await example('lifecycle/news.gateway.ts', 'NewsGateway');
    const { Presence } = await example('lifecycle/presence.ts', 'Presence');
    const app = await boot(around([NewsGateway, Presence]));
    await using client = await connect(app, { path: '/news', as: ALICE });
    await client.next('welcome');
    const { online } = app.get<{ readonly online: ReadonlyMap<string, number> }>(Presence);
    expect([...online.values()]).toEqual([1]);
    await client.close();
    await vi.waitFor(() => {
      expect(online.size).toBe(0);
    });
  });

  it('lifecycle/operations.ts finds and disconnects', async () => {
    const { Operations } = await example('lifecycle/operations.ts', 'Operations');
    const app = await boot(around([EchoGateway, Operations]));
    const operations = app.get<{ reload(path: string): number; tell(key: string, text: string): void }>(Operations);
    await using client = await connect(app, { path: '/echo', as: testIdentity({ id: 'alice', sessionId: 's1' }) });
    operations.tell(ALICE.key, 'hello');
    expect(await client.next('notice')).toMatchObject({ data: { text: 'hello' } });
    expect(operations.reload('/echo')).toBe(1);
    await client.expectClose(4003);
  });

  it.each(['lifecycle/main.ts', 'local-development/main.ts'])('%s listens', async (path) => {
    const { bootstrap } = await example(path, 'bootstrap');
    expect((await runMain(bootstrap)).port).toBeGreaterThan(0);
  });

  it('local-development/origins.ts, proxies/proxies.ts and options/admin.gateway.ts boot', async () => {
    const { handshake: local } = await example('local-development/origins.ts', 'handshake');
    const { AdminGateway } = await example('options/admin.gateway.ts', 'AdminGateway');
    const app = await boot(around([EchoGateway, AdminGateway], { handshake: local }));
    const open = connect(app, { path: '/echo', as: ALICE, origin: 'http://localhost:5173' });
    await (await open).close();
    const { handshake: proxied } = await example('proxies/proxies.ts', 'handshake');
    const behind = await boot(around([EchoGateway], { handshake: proxied }));
    expect(behind.getHttpServer()).toHaveProperty('listening', true);
  });

  it('local-development/token.ts prints a token with which the message of that page is answered by the quick start', async () => {
    const printed = vi.spyOn(console, 'log').mockReturnValue(undefined);
    onTestFinished(() => {
      printed.mockRestore();
    });
    await example('local-development/token.ts');
    expect(printed).toHaveBeenCalledWith(expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/));
    const page = readFileSync(new URL('../../docs/guide/local-development.md', import.meta.url), 'utf8');
    const { event, data } = JSON.parse(/^> (\{.*\})$/m.exec(page)?.[1] ?? '') as { event: string; data: object };
    const { AppModule } = await example('README/app.module.ts', 'AppModule');
    await using client = await connect(await boot(AppModule), {
      path: '/orders',
      as: String(printed.mock.calls[0]?.[0]),
    });
    expect(await client.request(event, data)).toMatchObject({ data: { accepted: true, by: 'alice' } });
  });

  it('options/app.module.ts and migration/app.module.ts boot', async () => {
    const { AppModule: asynchronous } = await example('options/app.module.ts', 'AppModule');
    await boot(asynchronous);
    const { AppModule: migrating } = await example('migration/app.module.ts', 'AppModule');
    await using client = await connect(await boot(migrating), { path: '/legacy', as: ALICE });
    expect(await client.request('anything', { free: 'form' })).toMatchObject({ data: { free: 'form' } });
  });

  it('socket-io/chat.ts boots on the adapter of Socket.IO', async () => {
    const { AppModule } = await example('socket-io/chat.ts', 'AppModule');
    expect((await boot(AppModule)).getHttpServer()).toHaveProperty('listening', true);
  });

  it('browser-client/requests.ts and browser-client/reconnect.ts answer requests and plan', async () => {
    const { planReconnect } = await example('browser-client/reconnect.ts', 'planReconnect');
    const plan = planReconnect as (code: number, reason: string, attempt: number, refused: number) => unknown;
    expect(plan(1012, 'restart;retryAfterMs=500', 0, 0)).toMatchObject({ delayMs: expect.any(Number) as number });
    expect([plan(4504, '', 0, 0), plan(1008, '', 0, 0)]).toEqual(['log-in', 'stop']);
    for (const code of [4001, 4401]) {
      expect(plan(code, '', 9, 2)).toMatchObject({ delayMs: expect.any(Number) as number });
      expect(plan(code, '', 3, 3)).toBe('stop');
    }
    const { Requests } = await example('browser-client/requests.ts', 'Requests');
    const app = await boot(around([EchoGateway]));
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`, ['json.v1', `bearer.${ALICE.token}`]);
    await once(socket, 'open');
    const requests = new (
      Requests as new (socket: WebSocket) => { send(event: string, data: unknown): Promise<unknown> }
    )(socket);
    expect(await requests.send('echo', { text: 'tea' })).toEqual({ text: 'tea' });
    await expect(requests.send('no.such', 3)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  });
});

it('F45 no example is left out', () => {
  const specs = fileURLToPath(new URL('.', import.meta.url));
  const sources = readdirSync(specs).map((name) => readFileSync(join(specs, name), 'utf8'));
  const pages = readdirSync(examplesFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = pages.flatMap(({ name }) =>
    readdirSync(join(examplesFolder, name)).map((file) => [name, file] as const),
  );
  const isRun = ([page, file]: readonly [string, string]): boolean =>
    sources.some(
      (source) =>
        source.includes(`${page}/${file}`) || (source.includes(`${page}/\${name}`) && source.includes(`'${file}'`)),
    );
  expect(files.filter((file) => !isRun(file)).map((file) => file.join('/'))).toEqual([]);
});
