import { Controller, Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  createPrincipal,
  createTicketController,
  type Principal,
  type PrincipalInput,
  SecureGateway,
  WsAuthorize,
  WsHttpPrincipal,
  WsPrincipal,
  WsTicketService,
  type WsTicketOptions,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway, Text } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, type RunningApp, sharedApp, startApp, type TestOptions } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';
import { bootProblems } from '../support/boot-problems.js';
import { SystemClock } from '../../packages/nestjs/src/index.js';
import { MemoryStore } from '../../packages/nestjs/src/store/memory.store.js';
import { SecureWsStoreError } from '../../packages/nestjs/src/store/index.js';

const ALICE: PrincipalInput = { issuer: 'shop', id: 'alice', scopes: ['read', 'write'], sessionId: 's-1' };
const SECRET = 'Vb1nIv8mC3mN0q6cYf2dJ7sTgK4wLz9xRhEoAuPiBtQ';

@WebSocketGateway({ path: '/who' })
@WsAuthorize()
class WhoGateway {
  readonly seen: Principal[] = [];

  @SubscribeMessage('who')
  who(@MessageBody() _: Text, @WsPrincipal() principal: Principal): { readonly scopes: readonly string[] } {
    this.seen.push(principal);
    return { scopes: principal.scopes };
  }
}

@SecureGateway({ origins: ['http://localhost:4300'], authentication: { jwt: TEST_JWT, tickets: {} } })
@WebSocketGateway({ path: '/admin' })
@WsAuthorize()
class AdminGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() text: Text): Text {
    return text;
  }
}

const authentication = { jwt: TEST_JWT, tickets: {} };

function issue(app: RunningApp, options: Partial<WsTicketOptions> = {}, principal: Principal | PrincipalInput = ALICE) {
  return app.app.get(WsTicketService).issue(principal, { origin: APP_ORIGIN, ...options });
}

async function ticketOf(...args: Parameters<typeof issue>): Promise<string> {
  return (await issue(...args)).ticket;
}

const page = (ticket: string, more: ClientShape = {}): ClientShape => ({
  origin: APP_ORIGIN,
  protocols: ['json.v1', `ticket.${ticket}`],
  ...more,
});

const statusOf = async (result: ReturnType<typeof handshake>): Promise<unknown> => {
  const answer = await result;
  return answer === 'open' ? answer : answer.status;
};

describe('a ticket', () => {
  const app = sharedApp({ providers: [EchoGateway, WhoGateway, AdminGateway], options: { authentication } });
  const use = (ticket: string, more?: ClientShape, path = '/echo') =>
    statusOf(handshake(`${app().url}${path}`, page(ticket, more)));
  const failures = () =>
    app()
      .events.ofType('ws.handshake.refused')
      .map(({ failure }) => failure);

  it('AN-05 J26 opens one connection of its origin, and no second one', async () => {
    const ticket = await ticketOf(app());
    expect(ticket).toMatch(/^[\w-]{43}$/);
    expect(await use(ticket)).toBe('open');
    app().events.clear();
    expect(await use(ticket)).toBe(401);
    expect(app().events.ofType('ws.handshake.refused')).toMatchObject([
      { failure: 'spent', owasp: 'authn_token_reuse' },
    ]);
  });

  it('AN-05 J26 opens one connection of 50 that use it at once', async () => {
    const ticket = await ticketOf(app());
    const answers = await Promise.all(Array.from({ length: 50 }, () => use(ticket)));
    expect(answers.filter((answer) => answer === 'open')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 401)).toHaveLength(49);
  });

  it('AN-05 is taken from the Authorization field of a client that sends no Origin, if it was made for one', async () => {
    const outsider = { headers: {}, protocols: [] };
    const [own, pages] = [await ticketOf(app(), { origin: undefined }), await ticketOf(app())];
    const send = (ticket: string) =>
      statusOf(handshake(`${app().url}/echo`, { ...outsider, headers: { Authorization: `Ticket ${ticket}` } }));
    expect(await send(own)).toBe('open');
    expect(await send(pages)).toBe(401);
  });

  it.each<readonly [what: string, failure: string, more: ClientShape, options: Partial<WsTicketOptions>]>([
    ['without the Origin that it was made for', 'bad-origin', { origin: undefined as never }, {}],
    ['with an Origin that it was not made for', 'bad-origin', {}, { origin: undefined }],
    ['from another address', 'bad-address', { ws: { localAddress: '127.0.0.2' } }, { address: '127.0.0.1' }],
  ])('AN-05 %s is refused, and burned', async (_, failure, more, options) => {
    const ticket = await ticketOf(app(), options);
    app().events.clear();
    expect(await use(ticket, more)).toBe(401);
    expect(await use(ticket)).toBe(401);
    expect(failures()).toEqual([failure, 'spent']);
  });

  it('AN-05 of a page of another allowed origin is refused with 401, and burned', async () => {
    const other = 'http://localhost:4201';
    const handshakeOptions = { origins: [APP_ORIGIN, other], trustedProxies: 'none' as const };
    const two = await startApp({ providers: [EchoGateway], options: { authentication, handshake: handshakeOptions } });
    const ticket = await ticketOf(two);
    const send = (origin: string) => statusOf(handshake(`${two.url}/echo`, page(ticket, { origin })));
    expect(await send(other)).toBe(401);
    expect(await send(APP_ORIGIN)).toBe(401);
  });

  it('AN-05 opens from the address that it is bound to', async () => {
    expect(await use(await ticketOf(app(), { address: '127.0.0.1' }))).toBe('open');
    expect(await use(await ticketOf(app(), { address: '::ffff:127.0.0.1' }))).toBe('open');
    await expect(issue(app(), { address: 'unknown' })).rejects.toThrow('must be an IP address');
  });

  it.each(['short', 'A'.repeat(44), `${'A'.repeat(42)}~`, 'A'.repeat(43)])(
    'J26 made up (%s) is refused',
    async (made) => {
      expect(await use(made)).toBe(401);
    },
  );

  it('AN-05 is not read from the query string', async () => {
    const ticket = await ticketOf(app());
    const shape = { origin: APP_ORIGIN, protocols: ['json.v1'] };
    expect(await statusOf(handshake(`${app().url}/echo?ticket=${ticket}`, shape))).toBe(401);
    expect(await use(ticket)).toBe('open');
  });

  it('AN-04 J31 beside a token is refused unverified, whoever they are of', async () => {
    const ticket = await ticketOf(app());
    app().events.clear();
    expect(await use(ticket, { headers: { Authorization: `Bearer ${app().token()}` } })).toBe(401);
    expect(await use(ticket, { protocols: ['json.v1', `ticket.${ticket}`, `bearer.${app().token()}`] })).toBe(401);
    expect(failures()).toEqual(['ambiguous', 'ambiguous']);
  });

  it('AN-17 stands in no event and no line, used or refused', async () => {
    const ticket = await ticketOf(app());
    await use(ticket);
    await use(ticket);
    expect(JSON.stringify(app().events.events) + app().log.lines.join('\n')).not.toContain(ticket);
    expect(app().events.ofType('ws.ticket.issued').at(-1)).toMatchObject({ origin: APP_ORIGIN });
  });

  it('AN-05 gives the connection what the credential that paid for it was', async () => {
    const who = app().app.get(WhoGateway);
    const token = app().token({ sid: 's-7', jti: 't-7', scope: 'read write' });
    const first = await connect(`${app().url}/who`, { token });
    await first.request('who', { text: '' });
    const paid = who.seen.at(-1) as Principal;
    const second = await connect(`${app().url}/who`, page(await ticketOf(app(), {}, paid)));
    await second.request('who', { text: '' });
    expect(who.seen.at(-1)).toEqual(paid);
    expect(paid).toMatchObject({ sessionId: 's-7', tokenId: 't-7', block: 'authentication.jwt', kind: 'jwt' });
    expect(paid.expiresAt).toBeGreaterThan(0);
  });

  it('AN-05 AN-14 takes no block from a principal whose key it does not make', async () => {
    const who = app().app.get(WhoGateway);
    const forged = { ...ALICE, block: 'authentication.jwt', key: '["authentication.jwt","x","y"]' };
    const client = await connect(`${app().url}/who`, page(await ticketOf(app(), {}, forged)));
    await client.request('who', { text: '' });
    expect(who.seen.at(-1)).toMatchObject({ block: 'authentication.tickets', kind: 'ticket', id: 'alice' });
  });

  it('AN-05 narrows scopes, and never widens them', async () => {
    const client = await connect(`${app().url}/who`, page(await ticketOf(app(), { scopes: ['read'] })));
    expect(await client.request('who', { text: '' })).toMatchObject({ data: { scopes: ['read'] } });
    app().events.clear();
    await expect(issue(app(), { scopes: ['read', 'admin'] })).rejects.toMatchObject({ status: 403 });
    expect(app().events.ofType('ws.ticket.refused')).toMatchObject([{ reason: 'scopes', owasp: 'authz_fail' }]);
  });

  it('AN-05 for one gateway opens no other one', async () => {
    const admin = { origin: 'http://localhost:4300', gateway: AdminGateway };
    const forAdmin = await ticketOf(app(), admin);
    expect(await use(forAdmin, { origin: admin.origin }, '/admin')).toBe('open');
    const stray = await ticketOf(app());
    app().events.clear();
    const outsider = await ticketOf(app(), { origin: undefined });
    const headers = { Authorization: `Ticket ${outsider}` };
    expect(await statusOf(handshake(`${app().url}/admin`, { headers }))).toBe(401);
    expect(failures()).toEqual(['bad-audience']);
    expect(await use(stray, { origin: admin.origin }, '/admin')).toBe(401);
    await expect(issue(app(), { gateway: AdminGateway })).rejects.toMatchObject({ status: 403 });
  });

  it.each<readonly [what: string, options: Partial<WsTicketOptions>, principal: unknown]>([
    ['more than a minute', { ttlMs: 60_001 }, ALICE],
    ['no time', { ttlMs: 0 }, ALICE],
    ['half a millisecond', { ttlMs: 0.5 }, ALICE],
    ['nobody', {}, { issuer: 'anonymous', id: 'x', kind: 'anonymous' }],
    ['a principal without an id', {}, { issuer: 'shop' }],
    ['nothing', {}, {}],
    ['a principal of 20 KB', {}, { ...ALICE, claims: { text: 'x'.repeat(20_000) } }],
  ])('AN-05 AN-12 is not made for %s', async (_, options, principal) => {
    await expect(issue(app(), options, principal as Principal)).rejects.toThrow(TypeError);
  });

  it('HS-01 is not made for an origin that may not connect', async () => {
    await expect(issue(app(), { origin: 'https://evil.example' })).rejects.toMatchObject({ status: 403 });
  });

  it('AN-05 is made no oftener for one principal than handshakes may come, and for everybody else', async () => {
    const limits = { ratePerPrincipal: { limit: 3, ttl: 10_000 } };
    const options = { authentication, handshake: { origins: [APP_ORIGIN], trustedProxies: 'none', limits } } as const;
    const few = await startApp({ providers: [EchoGateway], options });
    for (let count = 0; count < 3; count += 1) await issue(few);
    await expect(issue(few)).rejects.toMatchObject({ status: 429 });
    expect(few.events.ofType('ws.ticket.refused')).toMatchObject([{ reason: 'rate' }]);
    await issue(few, {}, { ...ALICE, id: 'bob' });
  });

  it('needs the option', async () => {
    const without = await startApp({ providers: [EchoGateway] });
    await expect(issue(without)).rejects.toThrow('set authentication.tickets');
    expect(await statusOf(handshake(`${without.url}/echo`, page('A'.repeat(43))))).toBe(401);
  });
});

describe('a ticket and time', () => {
  const start = (clock: FakeClock) => startApp({ clock, providers: [EchoGateway], options: { authentication } });

  it('AN-05 lapses after 30 s', async () => {
    const clock = new FakeClock();
    const app = await start(clock);
    const [first, second] = [await ticketOf(app), await ticketOf(app)];
    clock.advance(29_999);
    expect(await statusOf(handshake(`${app.url}/echo`, page(first)))).toBe('open');
    clock.advance(1);
    expect(await statusOf(handshake(`${app.url}/echo`, page(second)))).toBe(401);
  });

  it('AN-05 SL-01 ends with the identity that paid for it, before and after the handshake', async () => {
    const clock = new FakeClock();
    const app = await start(clock);
    const brief = { ...ALICE, expiresAt: clock.now() + 20_000 };
    const [early, late] = [await ticketOf(app, {}, brief), await ticketOf(app, {}, brief)];
    const client = await connect(`${app.url}/echo`, page(early));
    clock.advance(20_500);
    await client.expectClose(4001);
    expect(await statusOf(handshake(`${app.url}/echo`, page(late)))).toBe(401);
    await expect(issue(app, {}, brief)).rejects.toMatchObject({ status: 401 });
  });
});

/** Shared by nodes, and open to whoever has its address. */
class OpenStore extends MemoryStore {
  readonly values = new Map<string, string>();
  isAway = false;

  override get isShared(): boolean {
    return true;
  }

  override put(key: string, value: string, ttlMs: number): boolean {
    if (this.isAway) throw new SecureWsStoreError('unavailable');
    this.values.set(key, value);
    return super.put(key, value, ttlMs);
  }

  override take(key: string): string | undefined {
    if (this.isAway) throw new SecureWsStoreError('unavailable');
    return super.take(key) === undefined ? undefined : this.values.get(key);
  }
}

describe('a ticket in a shared store', () => {
  const start = async (
    secret: readonly string[] = [SECRET],
    shared = new OpenStore(new SystemClock(), { maxKeys: 1000 }),
  ) => {
    const options: TestOptions = { authentication: { jwt: TEST_JWT, tickets: { secret } }, store: { shared } };
    return { app: await startApp({ providers: [EchoGateway], options }), shared };
  };
  const use = (app: RunningApp, ticket: string) => statusOf(handshake(`${app.url}/echo`, page(ticket)));

  it('AN-05 opens a connection of another node, also while the secret changes', async () => {
    const next = SECRET.split('').reverse().join('');
    const { app: one, shared } = await start();
    const { app: other } = await start([next, SECRET], shared);
    expect(await use(other, await ticketOf(one))).toBe('open');
    const { app: third } = await start([next], shared);
    expect(await use(third, await ticketOf(other))).toBe('open');
    expect(await use(third, await ticketOf(one))).toBe(401);
  });

  it('AN-05 AN-17 stands nowhere in it, nor does whose it is', async () => {
    const { app, shared } = await start();
    const ticket = await ticketOf(app);
    const [[key, value]] = [...shared.values] as [[string, string]];
    expect(key).not.toContain(ticket);
    const plain = Buffer.from(value, 'base64').toString('latin1');
    for (const secret of [ticket, 'alice', 's-1']) expect(value + plain).not.toContain(secret);
  });

  it('AN-05 cannot be made, moved or changed by whoever writes to it', async () => {
    const { app, shared } = await start();
    const [mine, hers] = [await ticketOf(app, {}, { ...ALICE, id: 'mallory' }), await ticketOf(app)];
    const [[myKey, myValue], [herKey, herValue]] = [...shared.values] as [[string, string], [string, string]];
    shared.values.set(myKey, herValue);
    expect(await use(app, mine)).toBe(401);
    const flipped = Buffer.from(herValue, 'base64');
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    shared.values.set(herKey, flipped.toString('base64'));
    expect(await use(app, hers)).toBe(401);
    for (const value of [myValue, '{"principal":{"issuer":"shop","id":"root"}}', '', '=']) {
      const ticket = await ticketOf(app);
      shared.values.set([...shared.values.keys()].at(-1) ?? '', value);
      expect(await use(app, ticket)).toBe(401);
    }
  });

  it('AN-11 is neither made nor taken while it is away', async () => {
    const { app, shared } = await start();
    const ticket = await ticketOf(app);
    shared.isAway = true;
    expect(await use(app, ticket)).toBe(503);
    await expect(issue(app)).rejects.toMatchObject({ status: 503 });
    expect(app.events.ofType('ws.ticket.refused')).toMatchObject([{ reason: 'unavailable' }]);
  });

  it('needs a secret', async () => {
    const shared = new OpenStore(new SystemClock(), { maxKeys: 1000 });
    const shape = { providers: [EchoGateway], options: { authentication, store: { shared } } };
    expect(await bootProblems(shape)).toMatchObject([{ where: 'authentication.tickets.secret' }]);
  });
});

const PAGE = { Origin: APP_ORIGIN };

describe.each(['express', 'fastify'] as const)('the route for tickets on %s', (platform) => {
  @Injectable()
  class HttpPrincipal extends WsHttpPrincipal {
    static readonly answers: Record<string, () => unknown> = {
      alice: () => ALICE,
      nobody: () => undefined,
      null: () => null,
      text: () => 'alice',
      broken: () => {
        throw new Error('the database is away');
      },
      hangs: () => new Promise(() => undefined),
    };

    override resolve({ headers }: { headers: NodeJS.Dict<string | string[]> }): PrincipalInput | undefined {
      return HttpPrincipal.answers[String(headers['x-user'])]?.() as PrincipalInput | undefined;
    }
  }

  @Controller()
  class Other {}

  const clock = new FakeClock();
  const app = sharedApp({
    platform,
    clock,
    providers: [EchoGateway, HttpPrincipal],
    controllers: [createTicketController({ principal: HttpPrincipal }), Other],
    options: { authentication },
  });
  const ask = (user: string, headers: Record<string, string> = PAGE, method = 'POST') =>
    fetch(`${app().httpUrl}/ws-ticket`, { method, headers: { 'X-User': user, ...headers } });

  it('AN-05 answers a ticket that no cache keeps', async () => {
    const response = await ask('alice');
    expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store']);
    const { ticket, expiresInMs } = (await response.json()) as { ticket: string; expiresInMs: number };
    expect(expiresInMs).toBe(30_000);
    expect(await statusOf(handshake(`${app().url}/echo`, page(ticket)))).toBe('open');
  });

  it.each<readonly [what: string, status: number, user: string, headers: Record<string, string>, method: string]>([
    ['HS-01 a page of another origin', 403, 'alice', { Origin: 'https://evil.example' }, 'POST'],
    ['HS-04 a request without an Origin', 403, 'alice', {}, 'POST'],
    ['HS-03 a sandboxed frame', 403, 'alice', { Origin: 'null' }, 'POST'],
    ['AN-05 whoever is not logged in', 401, 'nobody', PAGE, 'POST'],
    ['AN-05 an answer of null', 401, 'null', PAGE, 'POST'],
    ['AN-05 an answer that is no principal', 401, 'text', PAGE, 'POST'],
    ['AN-03 AN-11 a resolver that throws', 500, 'broken', PAGE, 'POST'],
    ['AN-05 a GET', 404, 'alice', PAGE, 'GET'],
  ])('%s gets none: %d', async (_, status, user, headers, method) => {
    app().events.clear();
    const response = await ask(user, headers, method);
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain('database');
    expect(app().events.ofType('ws.ticket.refused')).toHaveLength(status === 404 ? 0 : 1);
    expect(app().events.ofType('ws.ticket.issued')).toHaveLength(0);
  });

  it('AN-11 a resolver that does not answer gets 503 after 5 s', async () => {
    const before = clock.pending;
    const answer = ask('hangs');
    await expect.poll(() => clock.pending).toBe(before + 1);
    clock.advance(5000);
    expect((await answer).status).toBe(503);
  });
});

it('AN-05 keeps the key of a principal that the module made, and when it was proved', async () => {
  const app = await startApp({ providers: [WhoGateway], options: { authentication } });
  const ticket = await ticketOf(app, {}, createPrincipal({ kind: 'jwt', issuer: 'x', id: 'y', authenticatedAt: 1 }));
  const client = await connect(`${app.url}/who`, page(ticket));
  await client.request('who', { text: '' });
  expect(app.app.get(WhoGateway).seen[0]).toMatchObject({ authenticatedAt: 1, block: 'jwt', key: '["jwt","x","y"]' });
});

it.each<readonly [what: string, tickets: object, where: string]>([
  ['more than a minute', { ttlMs: 60_001 }, 'authentication.tickets.ttlMs'],
  ['no time', { ttlMs: 0 }, 'authentication.tickets.ttlMs'],
  ['a short secret', { secret: 'short' }, 'authentication.tickets.secret'],
  ['a list with a short secret', { secret: [SECRET, 'short'] }, 'authentication.tickets.secret[1]'],
  ['no secret in its list', { secret: [] }, 'authentication.tickets.secret'],
  ['an option that there is not', { path: 'x' }, 'authentication.tickets.path'],
])('DP-02 AN-13 tickets of %s stop the boot', async (_, tickets, where) => {
  const shape = { providers: [EchoGateway], options: { authentication: { tickets: tickets as never } } };
  expect((await bootProblems(shape)).map((problem) => problem.where)).toContain(where);
});

it.each<
  readonly [what: string, module: typeof authentication | { jwt: typeof TEST_JWT }, gateway: object, where: string]
>([
  ['the module takes none', { jwt: TEST_JWT }, {}, 'OwnGateway @SecureGateway.authentication.tickets'],
  ['it sets a time', authentication, { ttlMs: 1 }, 'OwnGateway @SecureGateway.authentication.tickets.ttlMs'],
])('DP-02 tickets of a gateway stop the boot where %s', async (_, module, gateway, where) => {
  @SecureGateway({ authentication: { tickets: gateway } })
  @WebSocketGateway({ path: '/own' })
  @WsAuthorize()
  class OwnGateway {
    @SubscribeMessage('echo')
    echo(@MessageBody() text: Text): Text {
      return text;
    }
  }

  const problems = await bootProblems({ providers: [OwnGateway], options: { authentication: module } });
  expect(problems.map((problem) => problem.where)).toContain(where);
});
