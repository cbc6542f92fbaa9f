import { Injectable } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  type Principal,
  WsAbortSignal,
  WsAuthorize,
  WsConnectionLifecycleService,
  WsRefusalException,
  WsRevalidator,
} from '@secure-ws/nestjs';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { deferred } from '../support/deferred.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { type Client, connect } from '../support/queueing-client.js';
import { RemoteStore } from '../support/remote-store.js';
import { type AppShape, startApp } from '../support/start-app.js';

/** The accounts of the application, as a test sets them. */
@Injectable()
class Accounts extends WsRevalidator {
  readonly asked: string[] = [];
  answer: (principal: Principal) => unknown = () => true;

  override revalidate(principal: Principal): never {
    this.asked.push(principal.id);
    return this.answer(principal) as never;
  }
}

@WebSocketGateway({ path: '/desk' })
@WsAuthorize()
class DeskGateway {
  readonly ticks = new Subject<number>();
  readonly signals: AbortSignal[] = [];

  @SubscribeMessage('ping')
  ping(): string {
    return 'pong';
  }

  @SubscribeMessage('admin')
  @WsAuthorize({ roles: ['admin'] })
  admin(): string {
    return 'done';
  }

  @SubscribeMessage('admin.push')
  @WsAuthorize({ roles: ['admin'] })
  adminPush(@WsAbortSignal() signal: AbortSignal): Promise<never> {
    return this.#untilAborted(signal);
  }

  @SubscribeMessage('push')
  push(@WsAbortSignal() signal: AbortSignal): Promise<never> {
    return this.#untilAborted(signal);
  }

  #untilAborted(signal: AbortSignal): Promise<never> {
    this.signals.push(signal);
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }

  @SubscribeMessage('admin.ticks')
  @WsAuthorize({ roles: ['admin'] })
  adminTicks(): Subject<number> {
    return this.ticks;
  }
}

const MINUTE = 60_000;
const LONG = { pingIntervalMs: 24 * 60 * MINUTE, idleTimeoutMs: Infinity, maxLifetimeMs: Infinity };

async function start(revalidation: object = { revalidator: Accounts }, shape: AppShape = {}) {
  const clock = new FakeClock(Date.now());
  const options = { ...shape.options, lifecycle: { ...LONG, revalidation } };
  const app = await startApp({ providers: [DeskGateway, Accounts], clock, ...shape, options });
  const accounts = app.app.get(Accounts);
  const open = (roles: readonly string[] = []): Promise<Client> =>
    connect(`${app.url}/desk`, { token: app.token({ roles, expiresInSeconds: 86_400 }) });
  const openRefreshable = (roles: readonly string[] = []): Promise<Client> =>
    connect(`${app.url}/desk`, { token: app.token({ roles, expiresInSeconds: 600 }), protocols: ['secure-ws.v1'] });
  /** Lets time pass in steps, so that what waits for an answer gets it in between. */
  const pass = async (minutes: number, stepMs = 5000): Promise<void> => {
    for (let ms = 0; ms < minutes * MINUTE; ms += stepMs) {
      clock.advance(stepMs);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { app, clock, accounts, open, openRefreshable, pass, lifecycle: app.app.get(WsConnectionLifecycleService) };
}

describe('revalidation', () => {
  it('SL-06 asks the application within half an hour, again and again, and not about all at once', async () => {
    const { accounts, open, pass } = await start();
    for (let i = 0; i < 20; i++) await open();
    accounts.asked.length = 0;
    await pass(23);
    expect(accounts.asked).toEqual([]);
    await pass(3);
    const early = accounts.asked.length;
    await pass(5);
    expect(accounts.asked).toHaveLength(20);
    expect(early).toBeLessThan(20);
    await pass(31);
    expect(accounts.asked.length).toBeGreaterThanOrEqual(40);
  });

  it.each<[string, unknown]>([
    ['false', false],
    ['undefined', undefined],
    ['null', null],
    ['a text', 'true'],
    ['a number', 1],
  ])('SL-05 SL-06 an account that is not good any more (%s) loses its connections with 4504', async (_what, answer) => {
    const { app, accounts, open, pass } = await start();
    const client = await open();
    accounts.answer = () => answer;
    await pass(31);
    expect(await client.expectClose(4504)).toEqual({ code: 4504, reason: 'revoked' });
    expect(app.events.ofType('ws.connection.closed')).toMatchObject([{ owasp: 'authn_token_revoked' }]);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('the database is away');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the database is away'))],
    ['never answers', () => new Promise(() => undefined)],
    ['answers nonsense', () => ({ roles: 'admin' })],
  ])('SL-06 AN-11 one that %s is tried again, and closes with 4401 when the grace is over', async (_what, answer) => {
    const { accounts, open, pass } = await start();
    const client = await open();
    accounts.answer = answer;
    await pass(33);
    expect(await client.request('ping')).toMatchObject({ data: 'pong' });
    expect(accounts.asked.length).toBeGreaterThan(1);
    await pass(3);
    await client.expectClose(4401);
  });

  it('SL-06 an outage that ends in time closes nobody', async () => {
    const { accounts, open, pass } = await start();
    const client = await open();
    accounts.answer = () => Promise.reject(new Error('the database is away'));
    await pass(32);
    accounts.answer = () => true;
    await pass(20);
    expect(await client.request('ping')).toMatchObject({ data: 'pong' });
  });

  it('SL-11 takes roles away for the next message, and ends the streams that needed them', async () => {
    const { app, accounts, open, lifecycle } = await start();
    const client = await open(['admin']);
    expect(await client.request('admin')).toMatchObject({ data: 'done' });
    client.send('admin.ticks', undefined, 'ticks');
    await until(() => app.app.get(DeskGateway).ticks.observed, 'the stream begins');
    accounts.answer = () => ({ roles: ['guest'] });
    expect(lifecycle.revalidate()).toBe(1);
    const ended = await client.next();
    expectError(ended, 'FORBIDDEN');
    expect(ended.id).toBe('ticks');
    expectError(await client.request('admin'), 'FORBIDDEN');
    expect(await client.request('ping')).toMatchObject({ data: 'pong' });
    expect(app.events.ofType('ws.connection.refreshed')).toMatchObject([{ method: 'jwt:revalidation' }]);
  });

  it('SL-11 DR-09 fires the abort signal of a handler whose sender has lost the role, and of no other', async () => {
    const { app, accounts, open, lifecycle } = await start(undefined, {
      options: { messages: { maxConcurrentHandlers: 3 } },
    });
    const client = await open(['admin', 'other']);
    const { signals } = app.app.get(DeskGateway);
    client.send('push', undefined, 'push');
    client.send('admin.push', undefined, 'admin');
    await until(() => signals.length === 2, 'both run');
    const fired = (): boolean[] => signals.map(({ aborted }) => aborted);
    accounts.answer = () => ({ roles: ['admin'] });
    lifecycle.revalidate();
    await until(() => app.events.ofType('ws.connection.refreshed').length === 1, 'a role is gone that nobody asks for');
    expect(fired()).toEqual([false, false]);
    accounts.answer = () => ({ roles: [] });
    lifecycle.revalidate();
    const refused = await client.next();
    expectError(refused, 'FORBIDDEN');
    expect([refused.id, fired(), signals[1]?.reason]).toEqual(['admin', [false, true], expect.any(WsRefusalException)]);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'claims', missing: 'role admin' }]);
  });

  it('SL-06 SL-09 what is said of an identity that was refreshed meanwhile is worth nothing', async () => {
    const { app, clock, accounts, lifecycle, openRefreshable } = await start();
    const client = await openRefreshable();
    const answer = deferred<false>();
    const asked = accounts.asked.length;
    accounts.answer = () => answer.promise;
    expect(lifecycle.revalidate()).toBe(1);
    await until(() => accounts.asked.length === asked + 1, 'the question');
    clock.advance(2000);
    accounts.answer = () => true;
    const fresh = app.token({ expiresInSeconds: 86_400 });
    expect(await client.request('$auth', { token: fresh })).toMatchObject({ event: '$auth' });
    answer.resolve(false);
    // Of the identity that it has now it is asked again, at once.
    await until(() => accounts.asked.length === asked + 3, 'the question about the new identity');
    expect(await client.request('ping', undefined)).toMatchObject({ data: 'pong' });
    accounts.answer = () => false;
    lifecycle.revalidate();
    await client.expectClose(4504);
  });

  it('SL-05 SL-06 whoever lost a connection by it does not come back with the same token', async () => {
    const { app, accounts, open, lifecycle } = await start();
    const client = await open();
    accounts.answer = () => false;
    lifecycle.revalidate();
    await client.expectClose(4504);
    const token = app.token({ expiresInSeconds: 86_400 });
    const refused = await handshake(`${app.url}/desk`, { token });
    const forged = await handshake(`${app.url}/desk`, { token: 'a.b.c' });
    expect(refused).toMatchObject({ status: 401, body: (forged as { body: string }).body });
    expect(app.events.ofType('ws.handshake.refused')[0]).toMatchObject({ failure: 'revoked' });
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('the database is away');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the database is away'))],
    ['answers nonsense', () => ({ roles: 'admin' })],
  ])('AN-11 SL-06 nobody is let in where it %s', async (_what, answer) => {
    const { app, accounts } = await start();
    accounts.answer = answer;
    expect(await handshake(`${app.url}/desk`, { token: app.token() })).toMatchObject({ status: 503 });
  });

  it('SL-11 roles that were taken away come back neither with a new connection nor with a fresh token', async () => {
    const { app, clock, accounts, open, openRefreshable, lifecycle } = await start();
    const client = await openRefreshable(['admin']);
    accounts.answer = () => ({ roles: [] });
    lifecycle.revalidate();
    await until(() => app.events.ofType('ws.connection.refreshed').length === 1, 'the roles are gone');
    clock.advance(2000);
    const token = app.token({ roles: ['admin'], expiresInSeconds: 86_400 });
    expect(await client.request('$auth', { token })).toMatchObject({ event: '$auth' });
    expectError(await client.request('admin'), 'FORBIDDEN');
    expectError(await (await open(['admin'])).request('admin'), 'FORBIDDEN');
  });

  it.each([['admin'], ['guest']])(
    'SL-11 SL-09 a role that is taken from %s while a refresh is looked at does not come back with it',
    async (role) => {
      const { app, clock, accounts, openRefreshable, lifecycle } = await start();
      const client = await openRefreshable([role]);
      clock.advance(2000);
      const asked = accounts.asked.length;
      const ofBefore = deferred<object>();
      accounts.answer = () => ofBefore.promise;
      client.send('$auth', { token: app.token({ roles: ['admin'], expiresInSeconds: 86_400 }) }, 'refresh');
      await until(() => accounts.asked.length === asked + 1, 'the question of the refresh');
      accounts.answer = () => ({ roles: ['guest'] });
      expect(lifecycle.revalidate()).toBe(1);
      await until(() => lifecycle.find()[0]?.principal.roles[0] === 'guest', 'the role is gone');
      ofBefore.resolve({ roles: ['admin'] });
      expect(await client.next()).toMatchObject({ event: '$auth', id: 'refresh' });
      expectError(await client.request('admin'), 'FORBIDDEN');
      expect(accounts.asked).toHaveLength(asked + 3);
    },
  );

  it('SL-11 SL-09 a refresh gives no role that the application is being asked about', async () => {
    const { app, clock, accounts, openRefreshable, lifecycle } = await start();
    const client = await openRefreshable(['guest']);
    clock.advance(2000);
    const asked = accounts.asked.length;
    const [ofBefore, ofNow] = [deferred<object>(), deferred<object>()];
    accounts.answer = () => ofBefore.promise;
    client.send('$auth', { token: app.token({ roles: ['admin'], expiresInSeconds: 86_400 }) }, 'refresh');
    await until(() => accounts.asked.length === asked + 1, 'the question of the refresh');
    accounts.answer = () => ofNow.promise;
    lifecycle.revalidate();
    ofBefore.resolve({ roles: ['admin'] });
    await until(() => accounts.asked.length === asked + 3, 'the second question of the refresh');
    expect(lifecycle.find()[0]?.principal.roles).toEqual(['guest']);
    ofNow.resolve({ roles: ['guest'] });
    expect(await client.next()).toMatchObject({ event: '$auth', id: 'refresh' });
    expectError(await client.request('admin'), 'FORBIDDEN');
  });

  it('SL-11 SL-09 a refresh gives no role after the application is asked, however late that is', async () => {
    const { app, clock, accounts, openRefreshable, lifecycle } = await start();
    const roles = (): string | undefined => lifecycle.find()[0]?.principal.roles.join();
    const whenAsked: unknown[] = [];
    for (let wait = 0; wait < 40; wait++) {
      accounts.answer = () => true;
      const client = await openRefreshable(['guest']);
      clock.advance(2000);
      const asked = accounts.asked.length;
      const [ofBefore, ofNow] = [deferred<object>(), deferred<object>()];
      accounts.answer = () => ofBefore.promise;
      client.send('$auth', { token: app.token({ roles: ['admin'], expiresInSeconds: 86_400 }) });
      await until(() => accounts.asked.length === asked + 1, 'the question of the refresh');
      ofBefore.resolve({ roles: ['admin'] });
      // So many microtasks later; nothing else happens in between.
      for (let turn = 0; turn < wait; turn++) await Promise.resolve();
      accounts.answer = () => ofNow.promise;
      lifecycle.revalidate();
      whenAsked.push(roles());
      await new Promise((resolve) => setImmediate(resolve));
      expect(roles(), `${wait} turns after the answer`).toBe(whenAsked.at(-1));
      ofNow.resolve({ roles: ['guest'] });
      await client.close();
      await until(() => lifecycle.find().length === 0, 'it is gone');
    }
    // It was tried before the refresh and behind it.
    expect([whenAsked[0], whenAsked.at(-1)]).toEqual(['guest', 'admin']);
  });

  it('SL-09 DR-09 a refresh is put off where the application has something new to say each time', async () => {
    const { app, clock, accounts, openRefreshable, lifecycle } = await start();
    const client = await openRefreshable();
    clock.advance(2000);
    let isChanging = true;
    accounts.answer = ({ tokenId }) => {
      if (tokenId === 'fresh' && isChanging) lifecycle.revalidate();
      return true;
    };
    const token = app.token({ jti: 'fresh', expiresInSeconds: 86_400 });
    const refused = await client.request('$auth', { token });
    expectError(refused, 'THROTTLED');
    expect(refused).toMatchObject({ data: { retryAfterMs: 10_000 } });
    isChanging = false;
    clock.advance(10_000);
    expect(await client.request('$auth', { token })).toMatchObject({ event: '$auth' });
  });

  it('SL-05 a refresh of an account that was disabled closes its connection', async () => {
    const { app, clock, accounts, openRefreshable } = await start();
    const client = await openRefreshable();
    accounts.answer = () => false;
    clock.advance(2000);
    client.send('$auth', { token: app.token({ expiresInSeconds: 86_400 }) });
    expect(await client.expectClose(4504)).toMatchObject({ reason: 'revoked' });
  });

  it('SL-11 a change while the application is being asked is asked about again', async () => {
    const { accounts, open, lifecycle } = await start();
    const client = await open();
    const asked = accounts.asked.length;
    const before = deferred<true>();
    accounts.answer = () => before.promise;
    lifecycle.revalidate();
    await until(() => accounts.asked.length === asked + 1, 'the first question');
    accounts.answer = () => false;
    lifecycle.revalidate();
    before.resolve(true);
    expect(await client.expectClose(4504)).toMatchObject({ reason: 'revoked' });
  });

  it('SL-11 SL-05 a change while a handshake is on its way finds it, too', async () => {
    const { accounts, open, lifecycle } = await start();
    const before = deferred<true>();
    accounts.answer = () => before.promise;
    const opening = open();
    await until(() => accounts.asked.length === 1, 'the question of the handshake');
    accounts.answer = () => false;
    expect(lifecycle.revalidate()).toBe(0);
    before.resolve(true);
    await (await opening).expectClose(4504);
  });

  it('SL-11 SL-05 a change finds a handshake that takes as long as it may', async () => {
    const late = deferred<true>();
    const handshakeMs = 50_000;
    const options = { handshake: { timeoutMs: handshakeMs } };
    const { clock, accounts, open, lifecycle } = await start(undefined, { options });
    accounts.answer = () => late.promise;
    const opening = open();
    await until(() => accounts.asked.length === 1, 'the question of the handshake');
    accounts.answer = () => false;
    lifecycle.revalidate();
    clock.advance(handshakeMs - 1);
    late.resolve(true);
    await (await opening).expectClose(4504);
  });

  it('SL-06 one that was asked for and failed is tried again within a minute', async () => {
    const { accounts, open, pass, lifecycle } = await start();
    const client = await open();
    accounts.answer = () => Promise.reject(new Error('the database is away'));
    lifecycle.revalidate();
    await pass(0.5);
    accounts.answer = () => false;
    await pass(1);
    expect(await client.expectClose(4504)).toMatchObject({ reason: 'revoked' });
  });

  it('SL-06 one that was asked for and never answered is tried again within a minute', async () => {
    const { accounts, open, pass, lifecycle } = await start();
    const client = await open();
    accounts.answer = () => new Promise(() => undefined);
    lifecycle.revalidate();
    await pass(0.5);
    accounts.answer = () => false;
    await pass(1);
    expect(await client.expectClose(4504)).toMatchObject({ reason: 'revoked' });
  });

  it('SL-11 changes nothing where nothing changed', async () => {
    const { app, accounts, open, lifecycle } = await start();
    const client = await open(['admin']);
    accounts.asked.length = 0;
    accounts.answer = () => ({ roles: ['admin'] });
    lifecycle.revalidate({ path: '/desk' });
    lifecycle.revalidate({ path: '/elsewhere' });
    await until(() => accounts.asked.length > 0, 'the application is asked');
    expect(await client.request('admin')).toMatchObject({ data: 'done' });
    expect(accounts.asked).toHaveLength(1);
    expect(app.events.ofType('ws.connection.refreshed')).toEqual([]);
  });

  it('SL-06 SL-04 without the application a shared store is asked, and its outage beyond the grace closes', async () => {
    const remote = new RemoteStore(new FakeClock(Date.now()));
    const { open, pass } = await start({}, { options: { store: { shared: remote.store } } });
    const client = await open();
    const asked = remote.count('admit');
    // A store is given a second for each answer.
    await pass(31, 500);
    expect(remote.count('admit')).toBe(asked + 1);
    remote.isAway = true;
    await pass(24, 500);
    expect(await client.request('ping')).toMatchObject({ data: 'pong' });
    await pass(12, 500);
    await client.expectClose(4401);
  });

  it('SL-14 SL-06 is measured by the monotonic clock: a stepped date asks nobody and closes nobody', async () => {
    const { clock, accounts, open, pass } = await start();
    const client = await open();
    clock.stepWallClock(-3_600_000);
    accounts.asked.length = 0;
    await pass(1);
    clock.stepWallClock(3_600_000);
    expect(await client.request('ping')).toMatchObject({ data: 'pong' });
    expect(accounts.asked).toEqual([]);
  });

  it.each<[object, string]>([
    [{ revalidator: DeskGateway }, 'revalidator'],
    [{ everyMs: 1_800_001 }, 'everyMs'],
    [{ graceMs: -1 }, 'graceMs'],
    [{ every: 1 }, 'every'],
  ])('DP-02 %j fails the boot', async (revalidation, option) => {
    const options = { lifecycle: { revalidation } };
    const problems = await bootProblems({ providers: [DeskGateway], options });
    expect(problems).toMatchObject([{ where: `lifecycle.revalidation.${option}` }]);
  });
});
