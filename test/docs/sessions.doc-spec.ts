import { type INestApplication } from '@nestjs/common';
import { type Principal, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { AddressInfo, Server } from 'node:net';
import { EchoGateway } from '../support/echo.gateway.js';
import { TEST_JWT, testToken } from '../support/test-token.js';
import { around, boot, example } from './example.js';

const portOf = (app: INestApplication): number => ((app.getHttpServer() as Server).address() as AddressInfo).port;
const principalOf = (app: INestApplication): Principal =>
  app.get(WsConnectionLifecycleService).find()[0]?.principal as Principal;

describe('F45 every example of the guide runs: sessions', () => {
  it('SL-04 log-out.controller.ts closes the connections of a session', async () => {
    const { LogOutController } = await example('sessions/log-out.controller.ts', 'LogOutController');
    const app = await boot(around([EchoGateway], {}, [LogOutController]));
    await using client = await connect(app, { path: '/echo', as: testToken({ sid: 's1' }) });
    const response = await fetch(`http://127.0.0.1:${portOf(app)}/log-out`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ issuer: TEST_JWT.issuer, sessionId: 's1' }),
    });
    expect(await response.json()).toEqual({ closed: 1 });
    expect(await client.expectClose(4512)).toMatchObject({ reason: 'logged-out' });
  });

  it('SL-05 accounts.service.ts ends what an account has', async () => {
    const { AccountsService } = await example('sessions/accounts.service.ts', 'AccountsService');
    const app = await boot(around([EchoGateway, AccountsService]));
    const service = app.get<{
      passwordChanged(principal: Principal): Promise<number>;
      suspend(principal: Principal): Promise<number>;
      keyLeaked(): Promise<number>;
    }>(AccountsService);
    await using alice = await connect(app, { path: '/echo', as: testToken() });
    expect(await service.passwordChanged(principalOf(app))).toBe(1);
    await alice.expectClose(4504);
    await using bob = await connect(app, { path: '/echo', as: testToken({ sub: 'bob' }) });
    expect(await service.keyLeaked()).toBe(0);
    expect(await service.suspend(principalOf(app))).toBe(1);
    expect(await bob.expectClose(4505)).toMatchObject({ reason: 'banned' });
  });

  it('SL-09 refreshing-socket.ts renews its token when it is told', async () => {
    const { openSocket } = await example('sessions/refreshing-socket.ts', 'openSocket');
    const app = await boot(around([EchoGateway]));
    const issued: number[] = [];
    const getToken = (): Promise<string> => {
      // Half of a short life is left when the client is told.
      const expiresInSeconds = issued.length === 0 ? 4 : 600;
      issued.push(expiresInSeconds);
      return Promise.resolve(testToken({ expiresInSeconds }));
    };
    // Node's own WebSocket, as in a page, but for the Origin that a page has.
    class Page extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { origin: 'https://app.example.com' });
      }
    }
    const before = Reflect.get(globalThis, 'WebSocket') as unknown;
    Reflect.set(globalThis, 'WebSocket', Page);
    let socket: WebSocket;
    try {
      const open = openSocket as (url: string, getToken: () => Promise<string>) => Promise<WebSocket>;
      socket = await open(`ws://127.0.0.1:${portOf(app)}/echo`, getToken);
    } finally {
      Reflect.set(globalThis, 'WebSocket', before);
    }
    const answer = await new Promise<unknown>((resolve, reject) => {
      socket.once('close', (code) => reject(new Error(`closed with ${code}`)));
      socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString()) as { event: string };
        if (message.event === '$auth') resolve(message);
      });
    });
    expect(answer).toMatchObject({ id: 'refresh', data: { expiresInMs: expect.any(Number) as number } });
    expect(issued).toEqual([4, 600]);
    socket.terminate();
  });

  it('SL-06 SL-11 accounts.revalidator.ts changes roles for the next message', async () => {
    const { Accounts, RolesService, lifecycle } = await example(
      'sessions/accounts.revalidator.ts',
      'Accounts',
      'RolesService',
      'lifecycle',
    );
    const app = await boot(around([EchoGateway, Accounts, RolesService], { lifecycle }));
    await using client = await connect(app, { path: '/echo', as: testToken({ roles: ['admin'] }) });
    const { key } = principalOf(app);
    app
      .get<{ setRoles(id: string, key: string, roles: string[]): void }>(RolesService)
      .setRoles('alice', key, ['guest']);
    await expect.poll(() => principalOf(app).roles).toEqual(['guest']);
    expect(await client.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
    app.get<{ accounts: Map<string, unknown> }>(Accounts).accounts.clear();
    app.get(WsConnectionLifecycleService).revalidate();
    await client.expectClose(4504);
  });

  it('AN-01 kiosk.gateway.ts takes the token as the first message', async () => {
    const { KioskGateway } = await example('sessions/kiosk.gateway.ts', 'KioskGateway');
    const app = await boot(around([KioskGateway]));
    await using client = await connect(app, { path: '/kiosk', origin: 'https://app.example.com' });
    expect(await client.request('$auth', { token: testToken() })).toMatchObject({ event: '$auth' });
    expect(await client.request('whoami')).toMatchObject({ data: { id: testIdentity({ id: 'alice' }).id } });
  });
});
