import { describe, expect, it } from 'vitest';
import { createBackChannelLogoutController, WsRevocationService } from '../../packages/nestjs/src/index.js';
import { SecureWsStore, SecureWsStoreError } from '../../packages/nestjs/src/store/index.js';
import { WsBackoffError } from '../../packages/nestjs/src/socket-io/index.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { RemoteStore } from '../support/remote-store.js';
import { ask, asksForToken, connect, gone, type SocketIoApp, startSocketIo } from '../support/socket-io-app.js';
import { TEST_JWT } from '../support/test-token.js';

const HOUR_MS = 3_600_000;

/** The key of who a socket of the application is. */
const keyOf = ({ identities, gateway }: SocketIoApp, at = 0): string =>
  identities.principalOf(gateway.sockets[at] as object)?.key ?? '';

describe('a revocation on Socket.IO', () => {
  it.each<readonly [what: string, revoke: (service: WsRevocationService, key: string) => Promise<number>]>([
    ['a ban', (service, key) => service.ban(key, new Date(Date.now() + HOUR_MS))],
    ['a principal', (service, key) => service.revokePrincipal(key)],
    ['a token', (service) => service.revokeToken({ issuer: TEST_JWT.issuer, tokenId: 'token-1' })],
    ['a session', (service) => service.logOut({ issuer: TEST_JWT.issuer, sessionId: 'session-1' })],
    ['a subject', (service) => service.logOutSubject({ issuer: TEST_JWT.issuer, sub: 'alice' })],
  ])('SL-04 SL-05 of %s disconnects its sockets, and lets it in no more', async (_what, revoke) => {
    // A token of the next second would be a new one.
    const app = await startSocketIo({ clock: new FakeClock(Date.now()) });
    const claims = { jti: 'token-1', sid: 'session-1' };
    const [alice, bob] = [await app.open(claims), await app.open({ sub: 'bob' })];
    const ended = gone(alice);
    expect(await revoke(app.running.app.get(WsRevocationService), keyOf(app))).toBe(1);
    expect(await ended).toBe('io server disconnect');
    await expect(app.open(claims)).rejects.toThrow('unauthorized');
    expect(await ask(bob, 'join')).toBe('joined');
  });

  it('SL-04 holds for a socket whose middleware still waits', async () => {
    let accept: (() => void) | undefined;
    const app = await startSocketIo({
      middleware: (identities) => async (socket) => {
        await asksForToken(identities)(socket);
        await new Promise<void>((resolve) => (accept = resolve));
        return undefined;
      },
    });
    const client = app.client();
    const [connected, ended] = [connect(client), gone(client)];
    await until(() => accept !== undefined, 'it is known who it is');
    expect(await app.running.app.get(WsRevocationService).revokePrincipal(keyOf(app))).toBe(1);
    expect(keyOf(app)).toBe('');
    accept?.();
    await connected;
    expect(await ended).toBe('io server disconnect');
  });

  it('SL-04 is refused in a token that a socket is renewed with', async () => {
    const app = await startSocketIo();
    await app.open();
    await app.running.app.get(WsRevocationService).revokeToken({ issuer: TEST_JWT.issuer, tokenId: 'token-2' });
    const token = app.running.token({ jti: 'token-2' });
    await expect(app.renew(token)).rejects.toThrow('revoked');
    expect(keyOf(app)).toBe('');
  });

  it('SL-04 SL-05 of another node is read from the store that they share', async () => {
    const clock = new FakeClock(Date.now());
    const { store: shared } = new RemoteStore(clock);
    const [here, there] = [
      await startSocketIo({ clock, options: { store: { shared } } }),
      await startSocketIo({ clock, options: { store: { shared } } }),
    ];
    const alice = await here.open();
    const ended = gone(alice);
    const until = new Date(clock.now() + HOUR_MS);
    expect(await there.running.app.get(WsRevocationService).ban(keyOf(here), until)).toBe(0);
    clock.advance(1000);
    expect(await ended).toBe('io server disconnect');
    await expect(here.open()).rejects.toThrow('unauthorized');
  });

  it('SL-04 comes from an authorization server as well', async () => {
    const server = await startAuthorizationServer();
    const { issuer, introspection } = server;
    const backChannelLogout = { clientId: ['alice', 'bob'] };
    const app = await startSocketIo({
      options: { authentication: { oauth: { issuer, audience: 'chat', introspection, backChannelLogout } } },
      controllers: [createBackChannelLogoutController()],
    });
    const token = await server.issue();
    const [alice, bob] = [app.client(), app.client()];
    alice.auth = { token };
    bob.auth = { token: await server.issue({ to: 'bob' }) };
    await connect(alice);
    await connect(bob);
    const ended = gone(alice);
    const iat = Math.floor(Date.now() / 1000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const claims = { iss: issuer, aud: 'alice', iat, exp: iat + 120, jti: 'logout-1', events, sid: 'session-of-alice' };
    const body = new URLSearchParams({ logout_token: await server.sign({ typ: 'logout+jwt' }, claims) });
    expect((await fetch(`${app.running.httpUrl}/backchannel-logout`, { method: 'POST', body })).status).toBe(200);
    expect(await ended).toBe('io server disconnect');
    alice.auth = { token };
    await expect(connect(alice)).rejects.toThrow('unauthorized');
    expect(await ask(bob, 'join')).toBe('joined');
  });

  it('SL-05 lets nobody in whom the store cannot tell of', async () => {
    const app = await startSocketIo();
    const store = app.running.app.get(SecureWsStore);
    store.admit = () => Promise.reject(new SecureWsStoreError('unavailable'));
    await expect(app.open()).rejects.toThrow('unauthorized');
  });
});

describe('too many violations on Socket.IO', () => {
  it('MV-17 DR-05 keep who comes back waiting, and nobody else', async () => {
    const clock = new FakeClock(Date.now());
    const failures: unknown[] = [];
    const app = await startSocketIo({
      clock,
      options: { throttling: { violations: { budget: 5, firstDelayMs: 60_000 } } },
      middleware: (identities) => (socket) =>
        identities.authenticate(socket, String(socket.handshake.auth.token), socket.request).then(
          () => undefined,
          (error: unknown) => {
            failures.push(error);
            return new Error('wait');
          },
        ),
    });
    const [alice, second] = [await app.open(), await app.open()];
    const ended = gone(alice);
    for (let sent = 0; sent < 12; sent++) alice.emit('join', Buffer.from('bytes'));
    expect(await ended).toBe('io server disconnect');
    await expect(app.open()).rejects.toThrow('wait');
    expect(failures).toEqual([expect.any(WsBackoffError)]);
    expect((failures[0] as WsBackoffError).retryAfterMs).toBeGreaterThan(0);
    // Whoever is in may go on with a new token.
    await app.renew(app.running.token({ expiresInSeconds: 900 }), 1);
    expect(await ask(second, 'join')).toBe('joined');
    await expect(app.open({ sub: 'bob' })).resolves.toBeDefined();
    clock.advance(200_000);
    await expect(app.open()).resolves.toBeDefined();
  });
});
