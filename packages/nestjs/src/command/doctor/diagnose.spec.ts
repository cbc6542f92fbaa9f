import {
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
  Scope,
  UseFilters,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { HttpOnly, SecureWsModule, WsAuthorize, WsRevocationService } from '@secure-ws/nestjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EchoGateway } from '../../../../../test/support/echo.gateway.js';
import { type AppShape, startApp } from '../../../../../test/support/start-app.js';
import { TEST_JWT } from '../../../../../test/support/test-token.js';
import { WsAuthorizeGuard } from '../../socket-io/ws-authorize.guard.js';
import { WsExceptionsFilter } from '../../socket-io/ws-exceptions.filter.js';
import { SecureWsInstaller } from '../../secure-ws.installer.js';
import { DOCTOR_RULES, diagnose } from './diagnose.js';
import type { DoctorFacts } from './doctor-facts.js';
import { readFacts } from './read-facts.js';

const PRODUCTION = { NODE_ENV: 'production' };
const DAY_MS = 86_400_000;

/** A real application, read as the command reads it. */
async function factsOf(shape: AppShape, more: Partial<DoctorFacts> = {}): Promise<DoctorFacts> {
  const { app } = await startApp({ providers: [EchoGateway], ...shape });
  const facts = readFacts({ app, installer: app.get(SecureWsInstaller, { strict: false }) }, false);
  return { ...facts, environment: PRODUCTION, ...more };
}

async function rulesFound(shape: AppShape, more?: Partial<DoctorFacts>): Promise<readonly string[]> {
  return diagnose(await factsOf(shape, more)).map(({ rule }) => rule);
}

@Injectable()
class Guard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Injectable()
class Stamp implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    return next.handle();
  }
}

class Trim implements PipeTransform {
  transform(value: unknown): unknown {
    return value;
  }
}

@Catch()
class Filter implements ExceptionFilter {
  catch(): void {}
}

@Injectable()
class Bans {
  constructor(readonly revocations: WsRevocationService) {}
}

const cors = (options?: object): AppShape => ({ configure: (app) => app.enableCors(options) });
const origins = (...list: string[]): AppShape => ({ options: { handshake: { origins: list } } });
const trustProxy = (value: unknown): AppShape => ({
  configure: (app) =>
    (app.getHttpAdapter().getInstance() as { set(name: string, value: unknown): void }).set('trust proxy', value),
});
const PROXIES: AppShape = {
  options: { handshake: { trustedProxies: { addresses: ['10.0.0.7'], header: 'x-forwarded-for' } } },
};
const jwt = (more: object): AppShape => ({
  providers: [EchoGateway, Bans],
  options: { authentication: { jwt: { ...TEST_JWT, ...more } } },
});

interface Row {
  readonly rule: string;
  readonly ill: AppShape;
  readonly illFacts?: Partial<DoctorFacts>;
  readonly well: AppShape;
  readonly wellFacts?: Partial<DoctorFacts>;
}

const ROWS: readonly Row[] = [
  {
    rule: 'boot-warning',
    ill: { options: { handshake: { dangerouslyAllowPlaintext: true } } },
    well: { options: { handshake: { dangerouslyAllowPlaintext: false } } },
  },
  {
    rule: 'cors-any-origin-with-credentials',
    ill: cors({ origin: true, credentials: true }),
    well: cors({ origin: ['http://localhost:4200'], credentials: true }),
  },
  { rule: 'cors-any-origin', ill: cors(), well: cors({ origin: 'http://localhost:4200' }) },
  { rule: 'cors-any-origin', ill: cors({ origin: ['http://localhost:4200', '*'] }), well: cors({ origin: false }) },
  {
    rule: 'cors-loose-pattern',
    ill: { ...origins('https://app.example.com'), ...cors({ origin: [/app.example\.com$/] }) },
    well: { ...origins('https://app.example.com'), ...cors({ origin: /^https:\/\/app\.example\.com$/ }) },
  },
  {
    rule: 'cors-other-origin',
    ill: cors({ origin: ['http://localhost:4200', 'https://admin.example.com'] }),
    well: cors({ origin: () => undefined }),
  },
  { rule: 'token-outlives-revocation', ill: jwt({}), well: jwt({ maxLifetimeMs: DAY_MS }) },
  {
    rule: 'token-outlives-revocation',
    ill: jwt({ maxAgeMs: DAY_MS + 1 }),
    well: { ...jwt({}), providers: [EchoGateway] },
  },
  {
    rule: 'http-trusts-proxy-sockets-do-not',
    ill: trustProxy('10.0.0.7'),
    well: { ...PROXIES, ...trustProxy('10.0.0.7') },
  },
  {
    rule: 'sockets-trust-proxy-http-does-not',
    ill: PROXIES,
    illFacts: { hasMain: true },
    well: { ...PROXIES, ...trustProxy('10.0.0.7') },
    wellFacts: { hasMain: true },
  },
  { rule: 'http-trusts-everybody', ill: trustProxy(true), well: trustProxy('loopback') },
  {
    rule: 'http-close-may-hang',
    ill: { forceCloseConnections: false },
    illFacts: { hasMain: true },
    well: { forceCloseConnections: true },
    wellFacts: { hasMain: true },
  },
  {
    rule: 'no-shutdown-hooks',
    ill: {},
    illFacts: { hasMain: true, hasShutdownHooks: false },
    well: {},
    wellFacts: { hasMain: true, hasShutdownHooks: true },
  },
  { rule: 'node-env-unset', ill: {}, illFacts: { environment: {} }, well: {} },
  {
    rule: 'node-env-misspelt',
    ill: {},
    illFacts: { environment: { NODE_ENV: 'Production' } },
    well: {},
    wellFacts: { environment: { NODE_ENV: 'staging' } },
  },
  {
    rule: 'memory-store-several-instances',
    ill: {},
    illFacts: { environment: { ...PRODUCTION, WEB_CONCURRENCY: '2' } },
    well: {},
    wellFacts: { environment: { ...PRODUCTION, WEB_CONCURRENCY: '1' } },
  },
  { rule: 'plaintext-origin', ill: origins('http://app.example.com'), well: origins('http://127.0.0.1:3000') },
  {
    rule: 'heartbeat-slower-than-proxies',
    ill: { options: { lifecycle: { pingIntervalMs: 60_000 } } },
    well: { options: { lifecycle: { pingIntervalMs: 59_000 } } },
  },
  {
    rule: 'global-guard-skips-messages',
    ill: { configure: (app) => app.useGlobalGuards(new Guard()) },
    illFacts: { runsGlobals: false },
    well: { configure: (app) => app.useGlobalGuards(new Guard()) },
    wellFacts: { runsGlobals: true },
  },
  {
    rule: 'global-enhancer-skips-messages',
    ill: { configure: (app) => app.useGlobalPipes(new Trim()) },
    illFacts: { runsGlobals: false },
    well: { configure: (app) => app.useGlobalPipes(new ValidationPipe()) },
    wellFacts: { runsGlobals: false },
  },
  {
    rule: 'global-filter-skips-messages',
    ill: { configure: (app) => app.useGlobalFilters(new Filter()) },
    well: { providers: [], configure: (app) => app.useGlobalFilters(new Filter()) },
  },
  {
    rule: 'validation-pipe-differs',
    ill: { configure: (app) => app.useGlobalPipes(new ValidationPipe({ groups: ['admin'] })) },
    well: { configure: (app) => app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true })) },
  },
];

describe('diagnose', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('finds nothing in an application that is in order', async () => {
    const facts = await factsOf(cors({ origin: ['http://localhost:4200'], credentials: true }), {
      hasMain: true,
      hasShutdownHooks: true,
    });
    expect(diagnose(facts)).toEqual([]);
  });

  it.each(ROWS)(
    'DP-01 $rule is found where it is so, and not beside it',
    async ({ rule, ill, illFacts, well, wellFacts }) => {
      expect(await rulesFound(ill, illFacts)).toContain(rule);
      expect(await rulesFound(well, wellFacts)).not.toContain(rule);
    },
  );

  it.each([true, false])(
    'DP-01 global-guard-skips-messages names a guard that lives for a request, whether Nest runs others: %s',
    async (runsGlobals) => {
      const providers = [
        EchoGateway,
        { provide: APP_GUARD, useClass: Guard, scope: Scope.REQUEST },
        { provide: APP_PIPE, useClass: Trim, scope: Scope.REQUEST },
      ];
      expect(diagnose(await factsOf({ providers }, { runsGlobals }))).toMatchObject([
        {
          rule: 'global-guard-skips-messages',
          place: 'Guard',
          problem: expect.stringContaining('lives for a request') as string,
        },
        { rule: 'global-enhancer-skips-messages', place: 'Trim' },
      ]);
    },
  );

  it.each([Scope.DEFAULT, Scope.REQUEST])(
    'DP-01 what HttpOnly() keeps away from messages is found to skip none (scope %s)',
    async (scope) => {
      const providers = [
        EchoGateway,
        { provide: APP_GUARD, useClass: HttpOnly(Guard), scope },
        { provide: APP_INTERCEPTOR, useClass: HttpOnly(Stamp), scope },
      ];
      const configure = (app: INestApplication): unknown => app.useGlobalGuards(HttpOnly(new Guard()));
      expect(await rulesFound({ providers, configure }, { runsGlobals: false })).toEqual([]);
    },
  );

  it('DP-01 global-guard-skips-messages names a class that has a decision of its own over HttpOnly()', async () => {
    class Stricter extends HttpOnly(Guard) {
      override canActivate(): boolean {
        return false;
      }
    }
    const providers = [EchoGateway, { provide: APP_GUARD, useClass: Stricter }];
    const found = await rulesFound({ providers }, { runsGlobals: false });
    expect(found).toEqual(['global-guard-skips-messages']);
  });

  it.each([Scope.DEFAULT, Scope.REQUEST])(
    'DP-01 global-guard-skips-messages names a class whose decision over HttpOnly() is a property (scope %s)',
    async (scope) => {
      @Injectable()
      class Stricter extends HttpOnly(Guard) {
        override canActivate = (): boolean => false;
      }
      const providers = [EchoGateway, { provide: APP_GUARD, useClass: Stricter, scope }];
      const found = await rulesFound({ providers }, { runsGlobals: false });
      expect(found).toEqual(['global-guard-skips-messages']);
    },
  );

  it.each([Scope.DEFAULT, Scope.REQUEST])(
    'DP-01 a class over HttpOnly() that adds something else is found to skip none (scope %s)',
    async (scope) => {
      @Injectable()
      class Named extends HttpOnly(Guard) {
        readonly title = 'canActivate';
        isOpen(): boolean {
          return this.canActivate();
        }
      }
      const providers = [EchoGateway, { provide: APP_GUARD, useClass: Named, scope }];
      expect(await rulesFound({ providers }, { runsGlobals: false })).toEqual([]);
    },
  );

  it.each([
    ['an arrow function', () => new Guard()],
    ['an async function', async () => Promise.resolve(new Guard())],
    [
      'a function',
      function () {
        return new Guard();
      },
    ],
    [
      'a function with a bare prototype',
      Object.assign(
        function () {
          return new Guard();
        },
        { prototype: Object.create(null) as object },
      ),
    ],
  ])('DP-01 global-guard-skips-messages names a guard of requests that %s makes', async (_, useFactory) => {
    const providers = [EchoGateway, { provide: APP_GUARD, useFactory, scope: Scope.REQUEST }];
    expect(await rulesFound({ providers }, { runsGlobals: true })).toEqual(['global-guard-skips-messages']);
  });

  it('HS-01 local-origin-in-production is found in production alone', async () => {
    expect(await rulesFound(origins('http://localhost:4200'))).not.toContain('local-origin-in-production');
    vi.stubEnv('NODE_ENV', 'production');
    expect(await rulesFound(origins('http://localhost:4200'))).toContain('local-origin-in-production');
    expect(await rulesFound(origins('https://app.example.com'))).not.toContain('local-origin-in-production');
  });

  it('HS-01 socket-io-any-origin and socket-io-compression are found on the adapter that heeds them', async () => {
    const found = (options: object): Promise<readonly string[]> => {
      @WebSocketGateway({ path: '/chat', ...options })
      @UseGuards(WsAuthorizeGuard)
      @UseFilters(WsExceptionsFilter)
      @WsAuthorize()
      class ChatGateway {
        @SubscribeMessage('chat')
        chat(): void {}
      }
      return rulesFound({
        secureWs: SecureWsModule.forRoot({ adapter: false, authentication: { jwt: TEST_JWT } }),
        providers: [ChatGateway],
        configure: (app) => app.useWebSocketAdapter(new IoAdapter(app)),
      });
    };
    expect(await found({ cors: true, perMessageDeflate: {} })).toEqual([
      'socket-io-any-origin',
      'socket-io-compression',
    ]);
    expect(await found({ cors: { origin: ['https://app.example.com'] }, perMessageDeflate: false })).toEqual([]);
  });

  it('has a test for each rule, and an id of its own for each', () => {
    const tested = [
      ...ROWS.map(({ rule }) => rule),
      'boot-problem',
      'local-origin-in-production',
      'socket-io-any-origin',
      'socket-io-compression',
    ];
    expect(DOCTOR_RULES.map(({ id }) => id).sort()).toEqual([...new Set(tested)].sort());
  });
});
