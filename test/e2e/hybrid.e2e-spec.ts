import { Server } from 'node:net';
import { type INestApplication, UseFilters, UseGuards } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SocketModule } from '@nestjs/websockets/socket-module.js';
import { SecureWsBootError, SecureWsModule, WsAuthorize, wsRules } from '@secure-ws/nestjs';
import { WsAuthorizeGuard, WsExceptionsFilter } from '@secure-ws/nestjs/socket-io';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

@WsAuthorize({ roles: ['admin'] })
@WebSocketGateway({ path: '/purge' })
class DecoratedGateway {
  @SubscribeMessage('purge')
  purge(): string {
    return 'purged';
  }
}

/** Has no decorator that a guard would stand behind. */
@WebSocketGateway({ path: '/purge' })
class RuledGateway {
  @SubscribeMessage('purge')
  purge(): string {
    return 'purged';
  }
}

@UseGuards(WsAuthorizeGuard)
@UseFilters(WsExceptionsFilter)
@WsAuthorize({ roles: ['admin'] })
@WebSocketGateway({ path: '/purge' })
class SocketIoGateway extends RuledGateway {}

interface NestInside {
  readonly container: unknown;
  readonly graphInspector: unknown;
  readonly config: ApplicationConfig;
}

/** What `connectMicroservice(options, { deferInitialization: true })` has Nest do when the microservice starts. */
async function startMicroservice(app: INestApplication, { inheritAppConfig }: Hybrid): Promise<void> {
  const { container, graphInspector, config } = app as unknown as NestInside;
  const sockets = new SocketModule();
  const register = sockets.register.bind(sockets) as (...args: unknown[]) => unknown;
  await register(container, inheritAppConfig ? config : new ApplicationConfig(), graphInspector, {});
}

interface Hybrid {
  readonly inheritAppConfig: boolean;
}

/** What the microservice is refused with. */
async function refusalOf(app: INestApplication, hybrid: Hybrid): Promise<unknown> {
  const failure: unknown = await startMicroservice(app, hybrid).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SecureWsBootError);
  return (failure as SecureWsBootError).problems;
}

const REFUSED = [
  {
    where: 'app.connectMicroservice()',
    problem: expect.stringContaining('deferInitialization: true') as string,
    fix: expect.stringContaining('leave deferInitialization out') as string,
  },
];

const SHAPES: readonly (readonly [what: string, shape: AppShape])[] = [
  ['decorators', { providers: [DecoratedGateway] }],
  [
    'a rule table',
    { providers: [RuledGateway], options: { authorization: { rules: wsRules().anyEvent().roles('admin') } } },
  ],
  ['Fastify', { providers: [DecoratedGateway], platform: 'fastify' }],
  [
    'Socket.IO',
    {
      providers: [SocketIoGateway],
      secureWs: SecureWsModule.forRoot({ authentication: { jwt: TEST_JWT }, adapter: false }),
      configure: (app) => void app.useWebSocketAdapter(new IoAdapter(app)),
    },
  ],
];

describe.each(SHAPES)('a microservice that registers the gateways once more: %s', (_what, shape) => {
  it.each([{ inheritAppConfig: false }, { inheritAppConfig: true }])(
    'AZ-01 N0 does not start behind the application, and opens nothing: %o',
    async (hybrid) => {
      const app = await startApp(shape);
      const listen = vi.spyOn(Server.prototype, 'listen');
      onTestFinished(() => {
        listen.mockRestore();
      });
      expect(await refusalOf(app.app, hybrid)).toEqual(REFUSED);
      expect(await refusalOf(app.app, hybrid)).toEqual(REFUSED);
      expect(listen).not.toHaveBeenCalled();
    },
  );

  it.each([{ inheritAppConfig: false }, { inheritAppConfig: true }])(
    'AZ-01 N0 does not start in front of it: %o',
    async (hybrid) => {
      const listen = vi.spyOn(Server.prototype, 'listen');
      onTestFinished(() => {
        listen.mockRestore();
      });
      let refusal: Promise<unknown> | undefined;
      await startApp({
        ...shape,
        configure: (app) => {
          shape.configure?.(app);
          refusal = refusalOf(app, hybrid);
        },
      });
      expect(await refusal).toEqual(REFUSED);
      // The application itself.
      expect(listen).toHaveBeenCalledTimes(1);
    },
  );
});

describe('an application whose microservice was refused', () => {
  it('AZ-01 N0 checks its messages as before', async () => {
    const app = await startApp({ providers: [DecoratedGateway] });
    await refusalOf(app.app, { inheritAppConfig: true });
    const client = await connect(`${app.url}/purge`, { token: app.token() });
    expectError(await client.request('purge'), 'FORBIDDEN');
    const admin = await connect(`${app.url}/purge`, { token: app.token({ roles: ['admin'] }) });
    expect(await admin.request('purge')).toMatchObject({ data: 'purged' });
  });

  it('AZ-01 leaves another application of the process alone', async () => {
    await startApp({ providers: [DecoratedGateway] });
    const other = await startApp({ providers: [DecoratedGateway] });
    const admin = await connect(`${other.url}/purge`, { token: other.token({ roles: ['admin'] }) });
    expect(await admin.request('purge')).toMatchObject({ data: 'purged' });
  });
});
