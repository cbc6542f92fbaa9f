import { Injectable } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  createApiKey,
  type Principal,
  WsApiKeyStore,
  WsAuthorize,
  WsConnectionLifecycleService,
  WsPrincipal,
  WsRevocationService,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway, Text } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, type RunningApp, sharedApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const PREFIX = 'acme_live';
const [GOOD, EXPIRED, REVOKED, ODD, GONE, HANGING, UNKNOWN] = Array.from({ length: 7 }, () => createApiKey(PREFIX)) as [
  Key,
  Key,
  Key,
  Key,
  Key,
  Key,
  Key,
];
type Key = ReturnType<typeof createApiKey>;

const record = ({ hash }: Key, more: object = {}) => ({ hash, owner: 'billing', scopes: ['read'], ...more });

@Injectable()
class ApiKeys extends WsApiKeyStore {
  readonly records = new Map<string, unknown>([
    // What a table may have beside: no session comes of it.
    [GOOD.id, record(GOOD, { sessionId: 's-1', kind: 'jwt', issuer: 'https://id.example.com', keyId: 'other' })],
    [EXPIRED.id, record(EXPIRED, { expiresAt: 1000 })],
    [REVOKED.id, record(REVOKED, { revoked: true })],
    [ODD.id, record(ODD)],
  ]);

  override find(id: string): never {
    if (id === GONE.id) throw new Error('the database is away');
    if (id === HANGING.id) return new Promise(() => undefined) as never;
    return this.records.get(id) as never;
  }
}

@WebSocketGateway({ path: '/who' })
@WsAuthorize()
class WhoGateway {
  readonly seen: Principal[] = [];

  @WsAuthorize({ scopes: ['read'] })
  @SubscribeMessage('read')
  read(@MessageBody() { text }: Text, @WsPrincipal() principal: Principal): Text {
    this.seen.push(principal);
    return { text };
  }

  @WsAuthorize({ scopes: ['write'] })
  @SubscribeMessage('write')
  write(@MessageBody() text: Text): Text {
    return text;
  }
}

const authentication = { jwt: TEST_JWT, apiKeys: { store: ApiKeys, prefix: PREFIX } };
const withKey = (key: string, scheme = 'ApiKey'): ClientShape => ({ headers: { Authorization: `${scheme} ${key}` } });
const answer = (app: RunningApp, shape: ClientShape) => handshake(`${app.url}/echo`, shape);

describe('an API key', () => {
  const app = sharedApp({ providers: [EchoGateway, WhoGateway, ApiKeys], options: { authentication } });

  it.each(['ApiKey', 'apikey', 'Bearer'])('AN-07 opens a connection with the scheme %s', async (scheme) => {
    expect(await answer(app(), withKey(GOOD.key, scheme))).toBe('open');
    expect(app().events.ofType('ws.connection.opened').at(-1)).toMatchObject({ method: 'api-key:authorization' });
  });

  it('AN-07 stands beside tokens, which stay what they were', async () => {
    expect(await answer(app(), { token: app().token() })).toBe('open');
  });

  it('AN-07 can what its scopes say, and is the session of nobody', async () => {
    const client = await connect(`${app().url}/who`, withKey(GOOD.key));
    expect(await client.request('read', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
    expect(await client.request('write', { text: 'x' })).toMatchObject({ data: { code: 'FORBIDDEN' } });
    const [principal] = app().app.get(WhoGateway).seen;
    expect(principal).toMatchObject({ kind: 'api-key', issuer: 'api-keys', id: 'billing', keyId: GOOD.id });
    expect(principal?.sessionId).toBeUndefined();
    expect(principal?.block).toBe('authentication.apiKeys');
  });

  it('AN-07 SL-05 is revoked with the connections that it opened, and no other key with it', async () => {
    const keys = new ApiKeys();
    const other = createApiKey(PREFIX);
    keys.records.set(other.id, record(other, { owner: 'reports' }));
    const apiKeys = { store: keys, prefix: PREFIX };
    const node = await startApp({ providers: [EchoGateway], options: { authentication: { apiKeys } } });
    const clients = [
      await connect(`${node.url}/echo`, withKey(GOOD.key)),
      await connect(`${node.url}/echo`, withKey(GOOD.key)),
    ];
    const bystander = await connect(`${node.url}/echo`, withKey(other.key));
    expect(await node.app.get(WsRevocationService).revokeApiKey(GOOD.id)).toBe(2);
    for (const client of clients) await client.expectClose(4504);
    expect(await bystander.request('echo', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
    expect(await answer(node, withKey(GOOD.key))).toMatchObject({ status: 401 });
    expect(await answer(node, withKey(other.key))).toBe('open');
    expect(node.events.ofType('ws.handshake.refused')).toMatchObject([{ failure: 'revoked' }]);
  });

  it('AN-07 AN-09 gets the same answer revoked, expired, unknown, with another prefix or secret, as nonsense', async () => {
    app().events.clear();
    const other = createApiKey('acme_test').key;
    const answers = await Promise.all(
      [EXPIRED.key, REVOKED.key, UNKNOWN.key, other, 'nonsense', `${GOOD.key}0`, GOOD.key.toUpperCase()].map((key) =>
        answer(app(), withKey(key)),
      ),
    );
    answers.push(await answer(app(), { token: 'x.y.z' }));
    const [first] = answers;
    expect(first).toMatchObject({ status: 401 });
    for (const each of answers) expect(each).toEqual(first);
    expect(
      app()
        .events.ofType('ws.handshake.refused')
        .map(({ failure }) => failure),
    ).toEqual(expect.arrayContaining(['expired', 'revoked', 'bad-secret', 'malformed']));
  });

  it.each<readonly [what: string, shape: ClientShape]>([
    ['in the list of subprotocols', { origin: APP_ORIGIN, protocols: ['json.v1', `bearer.${GOOD.key}`] }],
    ['under a prefix of its own there', { origin: APP_ORIGIN, protocols: ['json.v1', `apikey.${GOOD.key}`] }],
    ['as a ticket', withKey(GOOD.key, 'Ticket')],
    ['as Basic', { ...withKey(GOOD.key, 'Basic'), origin: APP_ORIGIN }],
    ['in X-Api-Key', { headers: { 'X-Api-Key': GOOD.key } }],
    ['beside a token', { token: 'x', headers: { Authorization: `ApiKey ${GOOD.key}, Bearer x` } }],
  ])('AN-04 AN-07 is not taken %s', async (_, shape) => {
    expect(await answer(app(), shape)).toMatchObject({ status: 401 });
  });

  it('AN-05 AN-07 is not taken from the query string', async () => {
    expect(await handshake(`${app().url}/echo?key=${GOOD.key}`, {})).toMatchObject({ status: 401 });
  });

  it('HS-01 does not open a door for pages of other origins', async () => {
    const shape = { ...withKey(GOOD.key), origin: 'https://evil.example' };
    expect(await answer(app(), shape)).toMatchObject({ status: 403 });
  });

  it.each<readonly [what: string, status: number, answered: unknown]>([
    ['null', 401, null],
    ['a word', 401, 'alice'],
    ['no hash', 500, { owner: 'billing' }],
    ['the hash as a buffer', 500, { hash: Buffer.from(ODD.hash, 'hex'), owner: 'billing' }],
    ['another algorithm', 500, { hash: 'a'.repeat(32), owner: 'billing' }],
    ['a date of revocation', 401, { ...record(ODD), revoked: new Date() }],
    ['"false" for revoked', 401, { ...record(ODD), revoked: 'false' }],
    ['a date of expiry', 500, { ...record(ODD), expiresAt: new Date() }],
    ['NaN for its end', 500, { ...record(ODD), expiresAt: Number.NaN }],
    ['scopes as text', 500, { ...record(ODD), scopes: 'read' }],
    ['no owner', 500, { ...record(ODD), owner: undefined }],
  ])('AN-03 AN-07 is refused where the store answers %s: %d', async (_, status, answered) => {
    app().app.get(ApiKeys).records.set(ODD.id, answered);
    expect(await answer(app(), withKey(ODD.key))).toMatchObject({ status });
  });

  it('AN-11 is refused with 503 while the store is away', async () => {
    app().events.clear();
    expect(await answer(app(), withKey(GONE.key))).toMatchObject({ status: 503 });
    expect(app().events.ofType('ws.handshake.refused')).toMatchObject([{ failure: 'unavailable' }]);
  });

  it('AN-17 stands in no event and no line', async () => {
    await answer(app(), withKey(GOOD.key));
    await answer(app(), withKey(REVOKED.key));
    const written = JSON.stringify(app().events.events) + app().log.lines.join('\n');
    for (const { key, hash, id } of [GOOD, REVOKED]) {
      for (const part of [key, key.slice(-72), hash, id]) expect(written).not.toContain(part);
    }
  });
});

describe('an API key and its limits', () => {
  const start = (limits: object, clock?: FakeClock) =>
    startApp({
      providers: [EchoGateway, ApiKeys],
      options: { authentication, handshake: { origins: [], trustedProxies: 'none', limits } },
      ...(clock !== undefined && { clock }),
    });

  it('SL-05 ends with its owner where it says when it was made, and a later one does not', async () => {
    const clock = new FakeClock(Date.now());
    const keys = new ApiKeys();
    keys.records.set(GOOD.id, record(GOOD, { issuedAt: clock.now() }));
    keys.records.set(UNKNOWN.id, record(UNKNOWN, { issuedAt: clock.now() + 60_000 }));
    const options = {
      authentication: { apiKeys: { store: keys, prefix: PREFIX } },
      lifecycle: { pingIntervalMs: 600_000 },
    };
    const app = await startApp({ providers: [EchoGateway], clock, options });
    const client = await connect(`${app.url}/echo`, { headers: { Authorization: `ApiKey ${GOOD.key}` } });
    clock.advance(60_000);
    const [connection] = app.app.get(WsConnectionLifecycleService).find();
    await app.app
      .get(WsRevocationService)
      .revokePrincipal(connection?.principal.key ?? '', { before: new Date(clock.now() - 30_000) });
    await client.expectClose(4504);
    const open = ({ key }: Key) => handshake(`${app.url}/echo`, { headers: { Authorization: `ApiKey ${key}` } });
    expect(await open(GOOD)).toMatchObject({ status: 401 });
    expect(await open(UNKNOWN)).toBe('open');
  });

  it('DR-03 has a cap of its own', async () => {
    const app = await start({ maxOpenPerApiKey: 1 });
    await connect(`${app.url}/echo`, withKey(GOOD.key));
    expect(await answer(app, withKey(GOOD.key))).toMatchObject({ status: 429 });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ option: 'handshake.limits.maxOpenPerApiKey' }]);
  });

  it('AN-07 ends its connections when it ends', async () => {
    const clock = new FakeClock();
    const app = await start({}, clock);
    app.app.get(ApiKeys).records.set(ODD.id, record(ODD, { expiresAt: clock.now() + 10_000 }));
    const client = await connect(`${app.url}/echo`, withKey(ODD.key));
    clock.advance(10_500);
    expect(await client.expectClose(4001)).toMatchObject({ reason: 'token-expired' });
  });

  it('AN-11 is refused with 503 where the store does not answer in 5 s', async () => {
    const clock = new FakeClock();
    const app = await start({}, clock);
    const before = clock.pending;
    const refused = answer(app, withKey(HANGING.key));
    await expect.poll(() => clock.pending).toBeGreaterThan(before);
    clock.advance(5000);
    expect(await refused).toMatchObject({ status: 503 });
  });

  it('AN-10 that is guessed at keeps its owner in, at another address', async () => {
    const app = await start({ backoff: { freeFailures: 1, firstDelayMs: 60_000 } });
    const from = (localAddress: string, key: string) => answer(app, { ...withKey(key), ws: { localAddress } });
    const guesses: unknown[] = [];
    for (let count = 0; count < 6; count += 1) {
      const guess = await from('127.0.0.9', createApiKey(PREFIX).key);
      guesses.push(guess === 'open' ? guess : guess.status);
    }
    expect(guesses).toContain(429);
    expect(await from('127.0.0.1', GOOD.key)).toBe('open');
  });
});

it.each<readonly [what: string, apiKeys: object, where: string]>([
  ['no store', {}, 'authentication.apiKeys.store'],
  ['a function', { store: () => undefined }, 'authentication.apiKeys.store'],
  ['a prefix with a blank', { store: ApiKeys, prefix: 'a b' }, 'authentication.apiKeys.prefix'],
  ['another option', { store: ApiKeys, secret: 'x' }, 'authentication.apiKeys.secret'],
])('DP-02 does not boot with %s', async (_, apiKeys, where) => {
  const shape = { providers: [EchoGateway], options: { authentication: { apiKeys: apiKeys as never } } };
  expect((await bootProblems(shape)).map((problem) => problem.where)).toContain(where);
});
