import type { Server } from 'node:net';
import { type CanActivate, Injectable, Module, type Type, UseGuards } from '@nestjs/common';
import { ApplicationConfig, APP_GUARD, NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SocketModule } from '@nestjs/websockets/socket-module.js';
import { Ack, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  anyOf,
  deny,
  grant,
  grantRows,
  SecureGateway,
  SecureWsBootError,
  SecureWsModule,
  type SecureWsOptions,
  UseHandshakeGuards,
  WsAuthorize,
  WsPublic,
  type WsPolicy,
  WsRowFilter,
  WsThrottle,
} from '@secure-ws/nestjs';
import { WsAuthorizeGuard } from '@secure-ws/nestjs/socket-io';
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway, Text } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { IS_NEST_11 } from '../support/nest-version.js';
import { letAnyPortServeFor } from '../support/own-port.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, type AppShape, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const OPTIONS = { handshake: { origins: [APP_ORIGIN] }, authentication: { jwt: TEST_JWT } };
const ON_SOCKET_IO: Pick<AppShape, 'secureWs' | 'configure'> = {
  secureWs: SecureWsModule.forRoot({ authentication: OPTIONS.authentication, adapter: false }),
  configure: (app) => {
    app.useWebSocketAdapter(new IoAdapter(app));
  },
};

describe('adapter: false', () => {
  const { authentication } = OPTIONS;

  it.each<readonly [where: string, options: Partial<SecureWsOptions>]>([
    ['handshake.origins', { handshake: { origins: [APP_ORIGIN] } }],
    ['handshake.limits', { handshake: { limits: { maxOpenPerPrincipal: 3 }, trustedProxies: 'none' } }],
    [
      'handshake.trustedProxies.clientCertificate',
      {
        handshake: {
          trustedProxies: {
            ...{ addresses: ['127.0.0.1'], header: 'x-forwarded-for' },
            clientCertificate: { certificate: 'x-cert', verified: 'x-verified' },
          },
        },
      },
    ],
    ['lifecycle', { lifecycle: { idleTimeoutMs: 1000 } }],
    ['messages', { messages: { handlerTimeoutMs: 1000 } }],
    ['validation.maxFragments', { validation: { maxFragments: 2 } }],
    ['validation.messageTimeoutMs', { validation: { messageTimeoutMs: 1000 } }],
    ['authentication.session', { authentication: { ...authentication, session: { cookie: 'sid' } as never } }],
    ['authentication.dpop', { authentication: { ...authentication, dpop: {} } }],
    ['authentication.clientCertificate', { authentication: { ...authentication, clientCertificate: {} as never } }],
    ['events.onSinkFailure', { events: { onSinkFailure: 'refuse-handshakes' } }],
  ])('DP-02 DP-04 stops the boot for an option that nobody would heed: %s', async (where, options) => {
    const problems = await bootProblems({
      ...ON_SOCKET_IO,
      secureWs: SecureWsModule.forRoot({ authentication, adapter: false, ...options }),
    });
    const [found] = problems.filter(({ problem }) => problem.includes('adapter: false'));
    expect(found).toMatchObject({ where, fix: expect.stringContaining(`remove ${where}`) as string });
  });

  it('DP-02 AZ-01 says of a public handler that every message needs an identity, and gives no advice that fails', async () => {
    @UseGuards(WsAuthorizeGuard)
    @WebSocketGateway({ namespace: 'open' })
    class OpenGateway {
      @WsPublic()
      @SubscribeMessage('open')
      open(): void {}
    }
    const problems = await bootProblems({ ...ON_SOCKET_IO, providers: [OpenGateway] });
    expect(problems).toMatchObject([
      {
        where: 'OpenGateway.open',
        problem: 'is public, and with `adapter: false` every message needs an identity.',
        fix: expect.stringContaining('replace @WsPublic() by @WsAuthorize()') as string,
      },
    ]);
  });

  it('DP-02 asks for no handshake, and warns of nothing that is not its own', async () => {
    const app = await startApp({
      ...ON_SOCKET_IO,
      secureWs: SecureWsModule.forRoot({
        authentication,
        adapter: false,
        validation: { maxMessageBytes: 131_073 },
        throttling: { connectionBytesPerSecond: 131_073 },
      }),
    });
    expect(app.log.lines.filter((line) => line.startsWith('warn') && line.includes('maxMessageBytes'))).toEqual([]);
  });
});

describe('limits by address on another adapter', () => {
  @UseGuards(WsAuthorizeGuard)
  @WsAuthorize()
  @WebSocketGateway({ namespace: 'limited' })
  class LimitedGateway {
    @WsThrottle({ limit: 1, ttl: 60_000, by: 'address' })
    @SubscribeMessage('limited')
    limited(): void {}
  }
  @UseGuards(WsAuthorizeGuard)
  @WsAuthorize()
  @WebSocketGateway({ namespace: 'free' })
  class FreeGateway {
    @SubscribeMessage('free')
    free(): void {}
  }
  const byAddress = { throttling: { address: [{ limit: 1000, ttl: 1000 }] } };

  it.each<readonly [what: string, gateway: Type, options: Partial<SecureWsOptions>, isWarned: boolean]>([
    ['a handler', LimitedGateway, {}, true],
    ['all messages', FreeGateway, byAddress, true],
    ['nothing', FreeGateway, {}, false],
    ['a handler, and there is no proxy', LimitedGateway, { handshake: { trustedProxies: 'none' } }, false],
    [
      'a handler, and the proxies are listed',
      LimitedGateway,
      { handshake: { trustedProxies: { addresses: ['10.0.0.7'], header: 'x-forwarded-for' } } },
      false,
    ],
  ])(
    'DP-02 HS-14 are warned of where nobody has said if there is a proxy: %s',
    async (_, gateway, options, isWarned) => {
      const app = await startApp({
        ...ON_SOCKET_IO,
        providers: [gateway],
        secureWs: SecureWsModule.forRoot({ authentication: OPTIONS.authentication, adapter: false, ...options }),
      });
      const warned = app.log.lines.filter((line) => line.startsWith('warn handshake.trustedProxies is undecided'));
      expect(warned).toHaveLength(isWarned ? 1 : 0);
    },
  );
});

describe('SecureWsModule without forRoot()', () => {
  it('AZ-01 F01 stops the boot instead of protecting nothing', async () => {
    const problems = await bootProblems({ secureWs: SecureWsModule as never, providers: [EchoGateway] });
    expect(problems).toMatchObject([{ where: 'imports: [SecureWsModule]' }]);
  });
});

describe('a gateway on another adapter', () => {
  class Handler {
    @WsAuthorize()
    @SubscribeMessage('act')
    act(@MessageBody() text: Text): unknown {
      return text;
    }
  }
  @WebSocketGateway({ namespace: 'bare' })
  class BareGateway extends Handler {}
  @UseGuards(WsAuthorizeGuard)
  @WebSocketGateway({ namespace: 'class' })
  class ClassGateway extends Handler {}
  @WebSocketGateway({ namespace: 'method' })
  class MethodGateway {
    @UseGuards(WsAuthorizeGuard)
    @WsAuthorize()
    @SubscribeMessage('act')
    act(): void {}

    @WsAuthorize()
    @SubscribeMessage('other')
    other(): void {}
  }

  it.each([
    ['AZ-01 F02 stops the boot without WsAuthorizeGuard', BareGateway, ['BareGateway.act']],
    ['AZ-01 F02 boots with the guard on its class', ClassGateway, []],
    ['AZ-01 F02 stops the boot for the one method without the guard', MethodGateway, ['MethodGateway.other']],
  ])('%s', async (_, gateway, expected) => {
    if (expected.length === 0) {
      await expect(startApp({ ...ON_SOCKET_IO, providers: [gateway] })).resolves.toBeDefined();
      return;
    }
    expect((await bootProblems({ ...ON_SOCKET_IO, providers: [gateway] })).map(({ where }) => where)).toEqual(expected);
  });

  it('AZ-01 F02 boots with the guard as a global one where Nest runs those on gateways', async () => {
    const providers = [BareGateway, { provide: APP_GUARD, useClass: WsAuthorizeGuard }];
    const shape = { ...ON_SOCKET_IO, providers };
    if (IS_NEST_11) expect(await bootProblems(shape)).toMatchObject([{ where: 'BareGateway.act' }]);
    else await expect(startApp(shape)).resolves.toBeDefined();
  });

  it('DP-02 F08 stops the boot for what only the adapter of the module would heed', async () => {
    @Injectable()
    class Never implements CanActivate {
      canActivate(): boolean {
        return false;
      }
    }
    @UseHandshakeGuards(Never)
    @SecureGateway({ limits: { maxMessageBytes: 100 } })
    @UseGuards(WsAuthorizeGuard)
    @WebSocketGateway({ namespace: 'ours' })
    class OursGateway extends Handler {}
    const problems = await bootProblems({ ...ON_SOCKET_IO, providers: [OursGateway] });
    expect(problems.map(({ problem }) => problem)).toEqual([
      expect.stringContaining('@SecureGateway'),
      expect.stringContaining('@UseHandshakeGuards()'),
    ]);
  });
});

describe('row filters', () => {
  @Injectable()
  class Own implements WsPolicy {
    authorize() {
      return grantRows({ ownerId: 'me' });
    }
  }
  @Injectable()
  class OpenRooms implements WsPolicy {
    authorize() {
      return grantRows({ isOpen: true });
    }
  }
  @Injectable()
  class Staff implements WsPolicy {
    authorize() {
      return deny();
    }
  }

  it('AZ-02 F06 stops the boot where two policies may grant rows and the handler does not say whose it takes', async () => {
    @WebSocketGateway({ path: '/list' })
    class ListGateway {
      @WsAuthorize(Own, OpenRooms)
      @SubscribeMessage('list')
      list(@WsRowFilter() _filter: unknown): void {}
    }
    const problems = await bootProblems({ providers: [ListGateway] });
    expect(problems).toMatchObject([{ where: 'ListGateway.list' }]);
    expect(problems[0]?.problem).toContain('does not say whose row filter it wants');
  });

  it('AZ-02 F06 refuses a message whose rows the handler would not narrow', async () => {
    @WebSocketGateway({ path: '/list' })
    class ListGateway {
      @WsAuthorize(Own, OpenRooms)
      @SubscribeMessage('one')
      one(@WsRowFilter(Own) filter: unknown): unknown {
        return filter;
      }

      @WsAuthorize(Own)
      @SubscribeMessage('none')
      none(): string {
        return 'everything';
      }

      @WsAuthorize(Own, OpenRooms)
      @SubscribeMessage('both')
      both(@WsRowFilter(Own) own: object, @WsRowFilter(OpenRooms) open: object): unknown {
        return { ...own, ...open };
      }

      @WsAuthorize(anyOf(Staff, Own))
      @SubscribeMessage('either')
      either(@WsRowFilter() filter: object): unknown {
        return filter;
      }

      @WsAuthorize(anyOf({ roles: ['admin'] }, Own))
      @SubscribeMessage('claimed')
      claimed(@WsRowFilter() filter: object): unknown {
        return filter ?? 'everything';
      }
    }
    const app = await startApp({ providers: [ListGateway, Own, OpenRooms, Staff] });
    const client = await connect(`${app.url}/list`, { token: app.token() });
    // Who passes by a role is granted no filter, and there is none to narrow by.
    const admin = await connect(`${app.url}/list`, { token: app.token({ roles: ['admin'] }) });
    expectError(await admin.request('claimed'), 'INTERNAL');
    expectError(await client.request('one'), 'FORBIDDEN');
    expectError(await client.request('none'), 'FORBIDDEN');
    expect(await client.request('both')).toMatchObject({ data: { ownerId: 'me', isOpen: true } });
    expect(await client.request('either')).toMatchObject({ data: { ownerId: 'me' } });
  });

  it('AZ-02 F06 leaves a resource that nobody takes alone', async () => {
    @Injectable()
    class Granting implements WsPolicy {
      authorize() {
        return grant({ id: 1 });
      }
    }
    @WebSocketGateway({ path: '/list' })
    class PlainGateway {
      @WsAuthorize(Granting)
      @SubscribeMessage('act')
      act(): string {
        return 'done';
      }
    }
    const app = await startApp({ providers: [PlainGateway] });
    const client = await connect(`${app.url}/list`, { token: app.token() });
    expect(await client.request('act')).toMatchObject({ data: 'done' });
  });
});

describe('an option of a gateway', () => {
  it.each<readonly [name: string, options: object, fix: string]>([
    ['cors', { cors: { origin: '*' } }, 'origins'],
    ['origins', { origins: ['https://a.example'] }, 'origins'],
    ['verifyClient', { verifyClient: () => true }, 'UseHandshakeGuards'],
    ['allowRequest', { allowRequest: () => true }, 'UseHandshakeGuards'],
    ['perMessageDeflate', { perMessageDeflate: true }, 'RFC 7692'],
    ['server', { server: {} }, '8443'],
    ['port', { port: 8080 }, 'first argument'],
    ['namespace', { namespace: '/chat' }, 'path'],
    ['maxHttpBufferSize', { maxHttpBufferSize: 100 }, 'maxMessageBytes'],
    ['pingInterval', { pingInterval: 100 }, 'lifecycle.pingIntervalMs'],
    ['anything', { anything: 1 }, 'remove it'],
    ['path', { path: '/rooms/:id' }, '/rooms'],
    ['path', { path: '/rooms/*' }, '/rooms'],
    ['path', { path: '/rooms?x=1' }, '/rooms'],
    ['path', { path: /^\/rooms/ }, '/rooms'],
    ['path', { path: '/a/../rooms' }, '/rooms'],
    ['host', { host: '127.0.0.1' }, 'listen'],
  ])('DP-02 F08 that nobody would heed stops the boot: %s', async (name, options, fix) => {
    @WsAuthorize()
    @WebSocketGateway({ path: '/x', ...options })
    class OldGateway {}
    const problems = await bootProblems({ providers: [OldGateway] });
    expect(problems).toMatchObject([
      {
        where: 'OldGateway',
        problem: expect.stringContaining(name) as string,
        fix: expect.stringContaining(fix) as string,
      },
    ]);
  });

  it('DP-02 F08 is heeded: the host of a port of its own', async () => {
    const portOf = letAnyPortServeFor(3);
    @WsAuthorize()
    @WebSocketGateway(3, { path: '/x', host: '127.0.0.1' })
    class LoopbackGateway {}
    await startApp({ providers: [LoopbackGateway] });
    expect((await fetch(`http://127.0.0.1:${portOf()}/x`)).status).toBe(426);
    // All of 127/8 reaches a server that listens on every address.
    await expect(fetch(`http://127.0.0.2:${portOf()}/x`)).rejects.toThrow('fetch failed');
  });

  it('DP-02 F08 differs on one port only by a boot problem', async () => {
    @WsAuthorize()
    @WebSocketGateway(3, { path: '/a', host: '127.0.0.1' })
    class AGateway {}
    @WsAuthorize()
    @WebSocketGateway(3, { path: '/b' })
    class BGateway {}
    expect(await bootProblems({ providers: [AGateway, BGateway] })).toMatchObject([
      { where: 'BGateway', problem: expect.stringContaining('host') as string },
    ]);
  });
});

describe('a parameter of a handler', () => {
  it('DP-02 F08 that waits for an acknowledgement stops the boot', async () => {
    @WsAuthorize()
    @WebSocketGateway({ path: '/x' })
    class AckGateway {
      @SubscribeMessage('act')
      act(@Ack() _ack: () => void): void {}
    }
    expect(await bootProblems({ providers: [AckGateway] })).toMatchObject([
      { where: 'AckGateway.act', problem: expect.stringContaining('@Ack()') as string },
    ]);
  });
});

describe('a WsAdapter that main.ts sets', () => {
  const withParser = new WsAdapter(undefined, { messageParser: () => ({ event: 'x', data: 1 }) });
  const withMethod = Object.assign(new WsAdapter(), { bindMessageHandler: () => undefined });
  it.each<readonly [what: string, adapter: WsAdapter, word: string]>([
    ['a parser of its own', withParser, 'messageParser'],
    ['a server of its own', new WsAdapter(createServer()), 'server'],
    ['a method of its own', withMethod, 'bindMessageHandler'],
  ])('DP-02 F08 stops the boot for %s', async (_, adapter, word) => {
    const problems = await bootProblems({
      providers: [EchoGateway],
      configure: (app) => {
        app.useWebSocketAdapter(adapter);
      },
    });
    expect(problems).toMatchObject([
      { where: 'app.useWebSocketAdapter()', problem: expect.stringContaining(word) as string },
    ]);
  });
});

describe('a boot that failed', () => {
  @WebSocketGateway({ path: '/open' })
  class UndecidedGateway {
    @SubscribeMessage('act')
    act(): void {}
  }

  it.each([true, false])('AZ-01 F09 stays failed, with adapter: %s', async (adapter) => {
    const testing = await Test.createTestingModule({
      imports: [SecureWsModule.forRoot({ ...OPTIONS, adapter })],
      providers: [UndecidedGateway],
    }).compile();
    const app = testing.createNestApplication({ logger: false });
    onTestFinished(() => app.close());
    app.useWebSocketAdapter(new (adapter ? WsAdapter : IoAdapter)(app));
    await expect(app.listen(0, '127.0.0.1')).rejects.toThrow(SecureWsBootError);
    await expect(app.listen(0, '127.0.0.1')).rejects.toThrow(SecureWsBootError);
    expect((app.getHttpServer() as Server).listening).toBe(false);
  });

  it('AZ-01 F09 stays failed without a gateway, where Nest does not remember it', async () => {
    const testing = await Test.createTestingModule({
      imports: [SecureWsModule.forRoot({ ...OPTIONS, handshake: {} })],
    }).compile();
    const app = testing.createNestApplication({ logger: false });
    onTestFinished(() => app.close());
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(app.listen(0, '127.0.0.1')).rejects.toThrow(SecureWsBootError);
    }
  });

  it.each([true, false])('AZ-01 F09 is one of two modules, the second with adapter: %s', async (adapter) => {
    @Module({ imports: [SecureWsModule.forRoot({ ...OPTIONS, adapter, validation: { maxMessageBytes: 1_000_000 } })] })
    class FeatureModule {}
    const problems = await bootProblems({ providers: [EchoGateway], imports: [FeatureModule] });
    expect(problems.some(({ problem }) => problem.includes('imported twice'))).toBe(true);
  });
});

describe('an application without an HTTP server', () => {
  @Module({ imports: [SecureWsModule.forRoot(OPTIONS)], providers: [EchoGateway] })
  class AppModule {}

  it('DP-02 F10 stops in words where it has gateways to serve: createMicroservice()', async () => {
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    onTestFinished(() => testing.close());
    // What NestFactory.createMicroservice() and NestMicroservice.registerModules() do.
    const { container, graphInspector } = testing as unknown as Record<string, unknown>;
    const config = testing.get(ApplicationConfig);
    (container as { setHttpAdapter: (adapter: null) => void }).setHttpAdapter(null);
    const { register } = SocketModule.prototype as unknown as { register: (...args: unknown[]) => unknown };
    const registering = async () =>
      Reflect.apply(register, new SocketModule(), [container, config, graphInspector, {}]);
    await expect(registering()).rejects.toThrow(/createMicroservice[^]*HTTP server/);
  });

  it('DP-02 F10 boots where it serves nobody: createApplicationContext()', async () => {
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    expect(app.get(EchoGateway)).toBeDefined();
    await app.close();
  });
});
