import { type Principal, WsConnectionLifecycleService, WsRevocationService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../packages/nestjs/src/store/memory.store.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { RemoteStore } from '../support/remote-store.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT, type TestClaims } from '../support/test-token.js';

const ISSUER = TEST_JWT.issuer;
const KEYS = [
  { kid: 'old', secret: TEST_JWT.secret, algorithm: 'HS256' as const },
  { kid: 'new', secret: 'another-secret-of-the-tests-that-guards-nothing-either', algorithm: 'HS256' as const },
];
const QUIET = { pingIntervalMs: 600_000 };

const revocationsOf = ({ app }: RunningApp): WsRevocationService => app.get(WsRevocationService);
const principalOf = ({ app }: RunningApp, index = 0): Principal =>
  app.get(WsConnectionLifecycleService).find()[index]?.principal as Principal;
const open = (node: RunningApp, claims: TestClaims = {}): Promise<Client> =>
  connect(`${node.url}/echo`, { token: node.token(claims) });
const isAlive = async (client: Client): Promise<void> => {
  expect(await client.request('echo', { text: 'here' })).toMatchObject({ event: 'echo' });
};

async function start(): Promise<{ node: RunningApp; clock: FakeClock }> {
  const clock = new FakeClock(Date.now());
  return { clock, node: await startApp({ providers: [EchoGateway], clock }) };
}

/** Two applications, each with a clock of its own, on one store. */
async function startTwo() {
  const remote = new RemoteStore(new FakeClock(Date.now()));
  const clocks = [new FakeClock(Date.now()), new FakeClock(Date.now())] as const;
  const options = { store: { shared: remote.store }, lifecycle: QUIET };
  const nodes = await Promise.all(clocks.map((clock) => startApp({ providers: [EchoGateway], options, clock })));
  return { remote, clocks, one: nodes[0] as RunningApp, two: nodes[1] as RunningApp };
}

describe('revocation on one node', () => {
  it('SL-04 closes the connections of a session at once, refuses its tokens, and leaves the others alone', async () => {
    const { node } = await start();
    const clients = [await open(node, { sid: 's1' }), await open(node, { sid: 's1' })];
    const other = await open(node, { sid: 's2' });
    expect(await revocationsOf(node).logOut({ issuer: ISSUER, sessionId: 's1' })).toBe(2);
    for (const client of clients) expect(await client.expectClose(4512)).toEqual({ code: 4512, reason: 'logged-out' });
    await isAlive(other);
    const refused = await handshake(`${node.url}/echo`, { token: node.token({ sid: 's1' }) });
    const forged = await handshake(`${node.url}/echo`, { token: 'a.b.c' });
    expect(refused).toMatchObject({ status: 401, body: (forged as { body: string }).body });
    expect(node.events.ofType('ws.handshake.refused')[0]).toMatchObject({
      reason: 'unauthenticated',
      failure: 'revoked',
      owasp: 'authn_token_revoked',
    });
    expect(await handshake(`${node.url}/echo`, { token: node.token({ sid: 's2' }) })).toBe('open');
  });

  it('SL-05 ends the other sessions of a user, and spares the one in which the password was changed', async () => {
    const { node } = await start();
    const [own, other, third] = [await open(node, { sid: 'own' }), await open(node, { sid: 's2' }), await open(node, { sid: 's3' })]; // prettier-ignore
    for (const sessionId of ['s2', 's3']) await revocationsOf(node).logOut({ issuer: ISSUER, sessionId });
    for (const client of [other, third]) await client.expectClose(4512);
    await isAlive(own);
    expect(await handshake(`${node.url}/echo`, { token: node.token({ sid: 'own' }) })).toBe('open');
  });

  it('SL-05 revokes one token by its id', async () => {
    const { node, clock } = await start();
    const [one, other] = [await open(node, { jti: 't1' }), await open(node, { jti: 't2' })];
    const until = new Date(clock.now() + 600_000);
    expect(await revocationsOf(node).revokeToken({ issuer: ISSUER, tokenId: 't1' }, { until })).toBe(1);
    await one.expectClose(4504);
    await isAlive(other);
    const token = node.token({ jti: 't1' });
    expect(await handshake(`${node.url}/echo`, { token })).toMatchObject({ status: 401 });
  });

  it('SL-05 ends all that a principal has, what was issued in the same second included, and nothing newer', async () => {
    const { node, clock } = await start();
    const clients = [await open(node, { sid: 's1' }), await open(node, { sid: 's2' })];
    const bob = await open(node, { sub: 'bob' });
    const { key } = principalOf(node);
    expect(await revocationsOf(node).revokePrincipal(key)).toBe(2);
    for (const client of clients) await client.expectClose(4504);
    await isAlive(bob);
    expect(await handshake(`${node.url}/echo`, { token: node.token() })).toMatchObject({ status: 401 });
    clock.advance(1000);
    expect(await handshake(`${node.url}/echo`, { token: node.token() })).toBe('open');
  });

  it('SL-04 logs out whoever an issuer calls so, from every session, and lets the next log-in in', async () => {
    const { node, clock } = await start();
    const clients = [await open(node, { sid: 's1' }), await open(node)];
    const bob = await open(node, { sub: 'bob' });
    expect(await revocationsOf(node).logOutSubject({ issuer: ISSUER, sub: 'alice' })).toBe(2);
    for (const client of clients) await client.expectClose(4512);
    await isAlive(bob);
    clock.advance(1000);
    expect(await handshake(`${node.url}/echo`, { token: node.token() })).toBe('open');
  });

  it('SL-05 keeps a banned principal out with whatever it comes, until the end of the ban or its pardon', async () => {
    const { node, clock } = await start();
    const alice = await open(node);
    const { key } = principalOf(node);
    const service = revocationsOf(node);
    await service.ban(key, new Date(clock.now() + 3_600_000));
    expect(await alice.expectClose(4505)).toEqual({ code: 4505, reason: 'banned' });
    clock.advance(1_800_000);
    expect(await handshake(`${node.url}/echo`, { token: node.token() })).toMatchObject({ status: 401 });
    await service.unban(key);
    expect(await handshake(`${node.url}/echo`, { token: node.token() })).toBe('open');
    await service.ban(key, new Date(clock.now() + 3_600_000));
    clock.advance(3_700_000);
    expect(await handshake(`${node.url}/echo`, { token: node.token() })).toBe('open');
    // Its end is allowed for the skew of clocks: one that is over when it comes would hold for that long.
    expect(await service.ban(key, new Date(clock.now() - 1))).toBe(0);
    expect(await handshake(`${node.url}/echo`, { token: node.token() })).toBe('open');
  });

  it('SL-04 closes every connection that a leaked signing key has authenticated', async () => {
    const node = await startApp({
      providers: [EchoGateway],
      options: { authentication: { jwt: { issuer: ISSUER, audience: 'chat', keys: KEYS } } },
    });
    const tokens = { old: node.token({ kid: 'old' }), new: node.token({ kid: 'new', secret: KEYS[1]?.secret ?? '' }) };
    const old = await connect(`${node.url}/echo`, { token: tokens.old });
    const fresh = await connect(`${node.url}/echo`, { token: tokens.new });
    expect(await revocationsOf(node).revokeSigningKey({ issuer: ISSUER, keyId: 'old' })).toBe(1);
    await old.expectClose(4504);
    await isAlive(fresh);
    expect(await handshake(`${node.url}/echo`, { token: tokens.old })).toMatchObject({ status: 401 });
  });

  it('SL-05 disconnecting bans nobody', async () => {
    const { node } = await start();
    const client = await open(node);
    node.app.get(WsConnectionLifecycleService).disconnect({ principal: principalOf(node).key }, 'REVOKED');
    await client.expectClose(4504);
    expect(await handshake(`${node.url}/echo`, { token: node.token() })).toBe('open');
  });

  it('SL-04 SL-14 closes what a grace or a skewed clock keeps alive after the end that it names', async () => {
    const clock = new FakeClock(Date.now());
    const options = { lifecycle: { ...QUIET, expiryGraceMs: 300_000 } };
    const node = await startApp({ providers: [EchoGateway], clock, options });
    const token = node.token({ sid: 's1', expiresInSeconds: 20 });
    const client = await connect(`${node.url}/echo`, { token });
    clock.advance(25_000);
    await isAlive(client);
    const { key } = principalOf(node);
    const life = { until: new Date(clock.now() - 5000) };
    expect(await revocationsOf(node).logOut({ issuer: ISSUER, sessionId: 's1' }, life)).toBe(1);
    await client.expectClose(4512);
    expect(await handshake(`${node.url}/echo`, { token })).toMatchObject({ status: 401 });
    expect(await revocationsOf(node).ban(key, life.until)).toBe(0);
  });

  it('SL-05 DR-16 whoever logs in and out without end has nobody’s ban refused', async () => {
    const clock = new FakeClock(Date.now());
    const options = { store: { maxKeys: 1000 }, lifecycle: QUIET };
    const node = await startApp({ providers: [EchoGateway], clock, options });
    const service = revocationsOf(node);
    const logOut = (sessionId: string): Promise<number> => service.logOut({ issuer: ISSUER, sessionId });
    for (let i = 0; i < 1000; i++) await logOut(`s${i}`);
    await expect(logOut('one too many')).rejects.toThrow('full');
    const client = await open(node);
    const { key } = principalOf(node);
    await service.ban(key, new Date(clock.now() + 3_600_000));
    await client.expectClose(4505);
    clock.advance(120_000);
    expect(await handshake(`${node.url}/echo`, { token: node.token() })).toMatchObject({ status: 401 });
  });

  it('AN-11 SL-05 revokes nothing for what names nothing, and says so', async () => {
    const { node } = await start();
    const client = await open(node);
    const service = revocationsOf(node);
    const nothing = undefined as never;
    const wrong: readonly (() => Promise<unknown>)[] = [
      () => service.logOut({ issuer: ISSUER, sessionId: nothing }),
      () => service.revokeToken({ issuer: nothing, tokenId: 't' }),
      () => service.revokePrincipal('alice'),
      () => service.revokePrincipal('["authentication.jwt","alice"]'),
      () => service.unban('[null,null,null]'),
      () => service.ban(principalOf(node).key, new Date(Number.NaN)),
      () => service.revokeApiKey(''),
      () => service.revokeCertificate('AA:BB'),
      () => service.revokeSigningKey({ issuer: ISSUER, keyId: 'a\nb' }),
    ];
    for (const call of wrong) await expect(call()).rejects.toThrow(TypeError);
    await isAlive(client);
  });
});

describe('revocation on two nodes with one store', () => {
  it('SL-04 closes the connections of a session on both within a second, and leaves the other session alone', async () => {
    const { one, two, clocks } = await startTwo();
    const gone = [await open(one, { sid: 's1' }), await open(two, { sid: 's1' })];
    const other = await open(two, { sid: 's2' });
    expect(await revocationsOf(one).logOut({ issuer: ISSUER, sessionId: 's1' })).toBe(1);
    await gone[0]?.expectClose(4512);
    clocks[1].advance(1000);
    await gone[1]?.expectClose(4512);
    await isAlive(other);
    const token = two.token({ sid: 's1' });
    expect(await handshake(`${two.url}/echo`, { token })).toMatchObject({ status: 401 });
  });

  it('SL-04 a node that could not read for a while misses nothing', async () => {
    const { one, two, clocks, remote } = await startTwo();
    const sessions = Array.from({ length: 5 }, (_, i) => `s${i}`);
    const clients = await Promise.all(sessions.map((sid) => open(two, { sid })));
    for (const sessionId of sessions) await revocationsOf(one).logOut({ issuer: ISSUER, sessionId });
    remote.isAway = true;
    const before = remote.count('revocations');
    clocks[1].advance(500);
    await until(() => remote.count('revocations') > before, 'the node asks and gets no answer');
    await isAlive(clients[0] as Client);
    remote.isAway = false;
    clocks[1].advance(1000);
    for (const client of clients) expect(await client.expectClose(4512)).toMatchObject({ reason: 'logged-out' });
  });

  it('SL-04 DR-17 a store that lost its data is told again what the nodes know', async () => {
    const { one, two, clocks, remote } = await startTwo();
    await revocationsOf(one).logOut({ issuer: ISSUER, sessionId: 's1' });
    const read = remote.count('revocations');
    clocks[1].advance(250);
    await until(() => remote.count('revocations') > read, 'the node reads the log');
    const token = two.token({ sid: 's1' });
    expect(await handshake(`${two.url}/echo`, { token })).toMatchObject({ status: 401 });
    remote.wipe();
    const told = remote.count('revoke');
    clocks[1].advance(250);
    await until(() => remote.count('revocations') > read + 1, 'the node finds another log');
    await until(() => {
      clocks[1].advance(250);
      return remote.count('revoke') > told;
    }, 'the node tells what it knows');
    expect(await handshake(`${one.url}/echo`, { token })).toMatchObject({ status: 401 });
  });

  it('SL-04 AN-11 holds on this node while the store is away, says so, and is told when it is back', async () => {
    const { one, two, clocks, remote } = await startTwo();
    const [mine, theirs] = [await open(one, { sid: 's1' }), await open(two, { sid: 's1' })];
    remote.isAway = true;
    const revoked = revocationsOf(one).logOut({ issuer: ISSUER, sessionId: 's1' });
    await expect(revoked).rejects.toThrow('The store did not answer');
    await mine.expectClose(4512);
    remote.isAway = false;
    const told = remote.count('revoke');
    clocks[0].advance(250);
    await until(() => remote.count('revoke') > told, 'the store is told');
    clocks[1].advance(1000);
    await theirs.expectClose(4512);
  });

  it('DR-17 SL-04 a node that starts while the store is away lets nobody in whom it knows nothing of', async () => {
    const { one, remote } = await startTwo();
    await revocationsOf(one).logOut({ issuer: ISSUER, sessionId: 's1' });
    remote.isAway = true;
    const options = { store: { shared: remote.store }, lifecycle: QUIET };
    const fresh = await startApp({ providers: [EchoGateway], options, clock: new FakeClock(Date.now()) });
    for (let attempt = 0; attempt < 5; attempt++) {
      const outcome = await handshake(`${fresh.url}/echo`, { token: fresh.token({ sid: 's1' }) });
      expect(outcome).toMatchObject({ status: 503 });
    }
  });

  it('SL-04 DR-17 a node whose own memory is full still tells the others', async () => {
    const remote = new RemoteStore(new FakeClock(Date.now()));
    const clocks = [new FakeClock(Date.now()), new FakeClock(Date.now())] as const;
    const start = (clock: FakeClock, maxKeys: number) => {
      const options = { store: { shared: remote.store, maxKeys }, lifecycle: QUIET };
      return startApp({ providers: [EchoGateway], options, clock });
    };
    const [small, other] = [await start(clocks[0], 1000), await start(clocks[1], 100_000)];
    remote.memory = new MemoryStore(remote.clock, { maxKeys: 10_000 });
    const theirs = await open(other, { sid: 's1' });
    for (let i = 0; i < 1000; i++) await revocationsOf(small).logOut({ issuer: ISSUER, sessionId: `old ${i}` });
    await revocationsOf(small).logOut({ issuer: ISSUER, sessionId: 's1' });
    clocks[1].advance(1000);
    expect(await theirs.expectClose(4512)).toMatchObject({ reason: 'logged-out' });
  });

  it('DR-14 a store whose tick throws or rejects ends no process', async () => {
    const crashes = watchForCrashes();
    const remote = new RemoteStore(new FakeClock(Date.now()));
    const clock = new FakeClock(Date.now());
    const ticks = [
      () => Promise.reject(new Error('ECONNREFUSED')),
      () => {
        throw new Error('ECONNREFUSED');
      },
    ];
    let ticked = 0;
    Object.defineProperty(remote.store, 'tick', { value: () => ticks[ticked++ % 2]?.() });
    const options = { store: { shared: remote.store }, lifecycle: QUIET };
    const node = await startApp({ providers: [EchoGateway], options, clock });
    const client = await open(node);
    for (let i = 0; i < 4; i++) clock.advance(250);
    await isAlive(client);
    expect(ticked).toBeGreaterThan(1);
    expect(crashes).toEqual([]);
  });

  it('SL-04 the application hears nothing of one that is revoked while its handshake is on its way', async () => {
    const { one, remote } = await startTwo();
    const opening = handshake(`${one.url}/echo`, { token: one.token({ sid: 's1' }) });
    await until(() => remote.count('admit') === 2, 'the store is asked about the principal');
    await revocationsOf(one).logOut({ issuer: ISSUER, sessionId: 's1' });
    await opening;
    await until(() => one.events.ofType('ws.connection.closed').length === 1, 'it is closed');
    expect(one.events.ofType('ws.connection.closed')).toMatchObject([{ reason: 'LOGGED_OUT' }]);
    expect(one.app.get(EchoGateway).connections).toBe(0);
  });

  it('HS-20 DR-03 a handshake asks the store at most twice, whatever it comes with', async () => {
    const { one, remote } = await startTwo();
    const asked = async (claims: TestClaims | undefined): Promise<unknown> => {
      remote.calls.length = 0;
      const token = claims === undefined ? 'a.b.c' : one.token(claims);
      const outcome = await handshake(`${one.url}/echo`, { token });
      return [outcome === 'open' ? 101 : outcome.status, ...remote.calls.filter((call) => call !== 'release')];
    };
    expect(await asked({ sid: 's1', jti: 't1' })).toEqual([101, 'admit', 'admit']);
    expect(await asked(undefined)).toEqual([401, 'admit', 'charge']);
    await revocationsOf(one).logOut({ issuer: ISSUER, sessionId: 's1' });
    // The node has heard of it: nothing that is done to the store makes it good again.
    expect(await asked({ sid: 's1' })).toEqual([401, 'admit']);
  });
});
