import { type CanActivate, Injectable, UseFilters, UseGuards } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type OnGatewayInit, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureWsModule, WsAuthorize, WsRevocationService } from '@secure-ws/nestjs';
import { WsAuthorizeGuard, WsExceptionsFilter, WsSocketIdentities } from '@secure-ws/nestjs/socket-io';
import { io } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Deferred, deferred } from '../support/deferred.js';
import { asksForToken, connect, type IoServer, type IoSocket } from '../support/socket-io-app.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

/** Where a guard of the application waits, and goes on at the word of the test. */
let reached: Deferred<void>;
let goOn: Deferred<void>;
let over: Deferred<void>;

@Injectable()
class WaitingGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    reached.resolve();
    await goOn.promise;
    return true;
  }
}

/** Sees how each call ended. */
class WatchingFilter extends WsExceptionsFilter {
  override catch(...args: Parameters<WsExceptionsFilter['catch']>): void {
    super.catch(...args);
    over.resolve();
  }
}

@UseGuards(WsAuthorizeGuard, WaitingGuard)
@UseFilters(WatchingFilter)
@WsAuthorize({ roles: ['admin'] })
@WebSocketGateway()
class PayGateway implements OnGatewayInit {
  readonly sockets: IoSocket[] = [];
  readonly ran: unknown[] = [];

  constructor(private readonly identities: WsSocketIdentities) {}

  afterInit(server: IoServer): void {
    const decide = asksForToken(this.identities);
    server.use((socket, next) => {
      this.sockets.push(socket);
      void (async () => next(await decide(socket)))();
    });
  }

  @SubscribeMessage('pay')
  pay(...args: unknown[]): string {
    this.ran.push(args.length);
    over.resolve();
    return 'paid';
  }
}

interface Paying {
  readonly running: RunningApp;
  readonly gateway: PayGateway;
  readonly socket: IoSocket;
  readonly identities: WsSocketIdentities;
  readonly client: ReturnType<typeof io>;
}

/** What happens while the guard waits. */
type Meanwhile = (paying: Paying) => Promise<unknown>;

/** @returns what the handler ran with, each time. */
async function pay(meanwhile: Meanwhile): Promise<readonly unknown[]> {
  [reached, goOn, over] = [deferred(), deferred(), deferred()];
  const running = await startApp({
    secureWs: SecureWsModule.forRoot({ adapter: false, authentication: { jwt: TEST_JWT } }),
    configure: (app) => void app.useWebSocketAdapter(new IoAdapter(app)),
    providers: [PayGateway],
  });
  const token = running.token({ roles: ['admin'] });
  const client = io(running.httpUrl, {
    auth: { token },
    transports: ['websocket'],
    reconnection: false,
    autoConnect: false,
  });
  onTestFinished(() => void client.disconnect());
  await connect(client);
  const gateway = running.app.get(PayGateway);
  client.emit('pay', {});
  await reached.promise;
  const identities = running.app.get(WsSocketIdentities);
  await meanwhile({ running, gateway, socket: gateway.sockets[0] as IoSocket, identities, client });
  goOn.resolve();
  await over.promise;
  return gateway.ran;
}

const renew = ({ identities, socket }: Paying, token: string): Promise<unknown> =>
  identities.authenticate(socket, token, socket.request).catch(() => undefined);

describe('a handler on Socket.IO behind a guard that waits', () => {
  it('AZ-15 F13 runs where nothing has changed, with its own parameters', async () => {
    expect(await pay(() => Promise.resolve())).toEqual([2]);
  });

  it.each<readonly [what: string, meanwhile: Meanwhile]>([
    [
      'revoked',
      async ({ running, identities, socket }) => {
        const { key } = identities.principalOf(socket) ?? { key: '' };
        expect(await running.app.get(WsRevocationService).revokePrincipal(key)).toBe(1);
      },
    ],
    ['of other roles', (paying) => renew(paying, paying.running.token({ roles: [] }))],
    ['without an identity', (paying) => renew(paying, 'forged')],
    [
      'gone',
      async ({ client, socket }) => {
        const left = new Promise((resolve) => socket.once('disconnect', resolve));
        client.disconnect();
        await left;
      },
    ],
  ])('AZ-15 F13 does not run once its socket is %s', async (_what, meanwhile) => {
    expect(await pay(meanwhile)).toEqual([]);
  });
});
