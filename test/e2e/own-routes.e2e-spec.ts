import { All, Controller, Get, Post, type Type, VersioningType } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { createBackChannelLogoutController, createTicketController, WsAuthorize } from '@secure-ws/nestjs';
import { createSharedSignalsController } from '@secure-ws/nestjs';
import { SecureWsMetricsModule } from '@secure-ws/nestjs/metrics';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { HeaderPrincipal, operationsApp } from '../support/operations.js';
import { type AppShape, startApp } from '../support/start-app.js';

const TOKEN = 'Jf8_wq7Zk2Lm5Tn0Rb3Xd6YhVc9Ns4Pg';
const metrics = (path?: string) =>
  SecureWsMetricsModule.forRoot({ endpoint: { token: TOKEN, ...(path !== undefined && { path }) } });

/** A gateway: with one, the boot judges before Nest gives its routes to the server. */
@WebSocketGateway({ path: '/some' })
class SomeGateway {
  @WsAuthorize()
  @SubscribeMessage('some')
  some(): void {
    // Nothing.
  }
}

@Controller('metrics')
class OwnMetrics {
  @Get()
  read(): string {
    return 'mine';
  }
}

@Controller()
class OwnAll {
  @All(['other', '/Operations/ticket/'])
  read(): string {
    return 'mine';
  }
}

@Controller({ path: 'metrics', version: '1' })
class Versioned {
  @Get()
  read(): string {
    return 'mine';
  }

  @Post()
  write(): string {
    return 'mine';
  }
}

@Controller('metrics')
class Writes {
  @Post()
  write(): string {
    return 'mine';
  }
}

@WebSocketGateway({ path: '/operations/socket' })
class OnTheSocket {
  @WsAuthorize()
  @SubscribeMessage('some')
  some(): void {
    // Nothing.
  }
}

const CLASHES: readonly (readonly [what: string, shape: AppShape, problem: string])[] = [
  [
    'of an application before',
    { imports: [metrics()], controllers: [OwnMetrics], providers: [SomeGateway] },
    'metrics.endpoint.path is /metrics, where OwnMetrics has a route',
  ],
  [
    'of an application, for every method',
    operationsApp({ controllers: [OwnAll], providers: [SomeGateway] }),
    'SecureWsOperationsModule.forRoot().path is /operations/ticket, where OwnAll has a route',
  ],
  [
    'of another one of this package',
    operationsApp({ imports: [metrics('/operations')], providers: [SomeGateway] }),
    'SecureWsOperationsModule.forRoot().path is /operations, where metrics.endpoint.path has a route',
  ],
  [
    'of a gateway, on the socket of the operations page',
    operationsApp({ providers: [OnTheSocket] }),
    'OnTheSocket is at /operations/socket, which is the socket of SecureWsOperationsModule.forRoot().path',
  ],
];

describe('the routes that the package makes', () => {
  it.each(CLASHES)('DP-02 are not at the place %s', async (_, shape, problem) => {
    for (const platform of ['express', 'fastify'] as const) {
      const problems = await bootProblems({ ...shape, platform });
      expect(problems.map(({ where, problem: text }) => `${where} ${text}`)).toEqual([
        expect.stringContaining(problem),
      ]);
    }
  });

  it('DP-02 stand beside those of another method and of a version', async () => {
    const app = await startApp({
      imports: [metrics()],
      controllers: [Versioned, Writes],
      providers: [SomeGateway],
      configure: (each) => void each.enableVersioning({ type: VersioningType.URI }),
    });
    const read = await fetch(`${app.httpUrl}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } });
    expect(read.status).toBe(200);
    expect(await (await fetch(`${app.httpUrl}/v1/metrics`)).text()).toBe('mine');
  });

  it.each([':x', '*', '*path', '/', 'a b', '', '{/x}', 'a?b'])('DP-02 refuse %j as a path', (path) => {
    const make: readonly (() => unknown)[] = [
      () => metrics(path),
      () => SecureWsMetricsModule.forRootAsync({ path, useFactory: () => ({}) }),
      () => createSharedSignalsController({ path }),
      () => createBackChannelLogoutController({ path }),
      () => createTicketController({ principal: HeaderPrincipal, path }),
    ];
    for (const each of make) expect(each).toThrow('must be a path of letters, digits and . _ ~ -');
    expect(() => metrics('/ops/metrics')).not.toThrow();
  });

  it.each<readonly [name: string, make: (options: never) => Type, good: object]>([
    ['createSharedSignalsController', createSharedSignalsController, {}],
    ['createBackChannelLogoutController', createBackChannelLogoutController, {}],
    ['createTicketController', createTicketController, { principal: HeaderPrincipal }],
  ])('DP-02 are made of options that there are: %s', (name, make, good) => {
    expect(() => make({ ...good, paht: 'x' } as never)).toThrow(`${name}().paht: is not an option.`);
    expect(() => make({ ...good, guard: [] } as never)).toThrow(`${name}().guard: is not an option.`);
    expect(() => make(good as never)).not.toThrow();
  });

  it('DP-02 are guarded by a list', () => {
    const options = { principal: HeaderPrincipal, guards: SomeGateway } as never;
    expect(() => createTicketController(options)).toThrow('createTicketController().guards: must be a list of guards');
  });
});
