import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import type { TlsOptions } from 'node:tls';
import { type DynamicModule, type INestApplication, Module, type Provider, type Type } from '@nestjs/common';
import type { HttpsOptions } from '@nestjs/common/interfaces/external/https-options.interface.js';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  Clock,
  LoadMeter,
  type LoadSample,
  SecureWsModule,
  type SecureWsOptions,
  SystemClock,
} from '@secure-ws/nestjs';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { CapturedLog } from './captured-log.js';
import type { RawTarget } from './raw-tcp.js';
import { RecordingSink } from './recording-sink.js';
import { loadCertificate } from '../../sample-app/src/certificate/self-signed-certificate.js';
import { type TestClaims, TEST_JWT, testToken } from './test-token.js';

/** The origin of the page that test applications admit. It is loopback, so that it passes over plaintext too. */
export const APP_ORIGIN = 'http://localhost:4200';

/** Every client of a test has the same address and most have the same principal, and they come in quick succession. */
const MANY_CLIENTS = Object.freeze({
  ratePerAddress: { limit: 10_000, ttl: 10_000 },
  ratePerPrincipal: { limit: 10_000, ttl: 10_000 },
  maxOpenPerPrincipal: 500,
  backoff: { freeFailures: 1000 },
});

/** What differs from the test's usual options, concern by concern. */
export type TestOptions = { readonly [Concern in keyof SecureWsOptions]?: SecureWsOptions[Concern] };

/** What an application for a test is made of. */
export interface AppShape {
  /** Gateways, policies, whatever the root module provides. */
  readonly providers?: readonly Provider[];
  readonly controllers?: readonly Type[];
  /** Further modules. */
  readonly imports?: readonly (Type | DynamicModule)[];
  /** Beside or in place of the usual options; `handshake` is laid over the usual one. */
  readonly options?: TestOptions;
  /** Takes the place of `SecureWsModule.forRoot(...)` altogether. */
  readonly secureWs?: DynamicModule;
  /** @default 'express' */
  readonly platform?: 'express' | 'fastify';
  /** Where it listens. @default '127.0.0.1' */
  readonly address?: string;
  /** `true`, or further options. @default false: plaintext on a loopback address, which the module allows outside production */
  readonly https?: boolean | TlsOptions;
  /** HTTP/2 with HTTP/1.1 beside it; for Fastify with TLS. @default false */
  readonly http2?: boolean;
  /** Whether Node cuts off what is connected when the application closes. @default true */
  readonly forceCloseConnections?: boolean;
  /** @default the machine's clock */
  readonly clock?: Clock;
  /** How loaded the process is. @default not at all: the machine that runs the tests may be as busy as it likes */
  readonly load?: () => LoadSample;
  /** Called before the application is initialised, as a `main.ts` would. */
  readonly configure?: (app: INestApplication) => void;
}

/** An application that listens on a free port, of a loopback address unless it says otherwise. */
export interface RunningApp extends RawTarget, AsyncDisposable {
  /** `ws://127.0.0.1:port` or its `wss` form, without a path. */
  readonly url: string;
  readonly httpUrl: string;
  /** What belongs into `Host`. */
  readonly host: string;
  readonly app: INestApplication;
  readonly clock: Clock;
  readonly events: RecordingSink;
  readonly log: CapturedLog;
  /** A good token, dated by the application's clock. */
  token(claims?: Omit<TestClaims, 'nowMs'>): string;
}

/** Starts an application that ends with the test that started it. */
export async function startApp(shape: AppShape): Promise<RunningApp> {
  const running = await boot(shape);
  onTestFinished(() => running[Symbol.asyncDispose]());
  return running;
}

/** Starts one application for all tests of the suite that calls this. Ask for it inside a test. */
export function sharedApp(shape: AppShape): () => RunningApp {
  let running: RunningApp | undefined;
  beforeAll(async () => {
    running = await boot(shape);
  });
  afterAll(() => running?.[Symbol.asyncDispose]());
  return () => {
    if (running === undefined) throw new Error('The shared application starts before the first test, not earlier.');
    return running;
  };
}

/** Boots an application that must not boot, and gives the reason. @throws Error when it boots. */
export async function bootFailure(shape: AppShape): Promise<unknown> {
  let running: RunningApp;
  try {
    running = await boot(shape);
  } catch (error) {
    return error;
  }
  await running[Symbol.asyncDispose]();
  throw new Error('The application booted, and should not have.');
}

async function boot(shape: AppShape): Promise<RunningApp> {
  const { clock = new SystemClock(), https = false, address = '127.0.0.1' } = shape;
  const isTls = https !== false;
  const events = new RecordingSink();
  const log = new CapturedLog();
  const app = await createApplication(shape, events, log, clock);
  try {
    await app.listen(0, address);
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const host = `${address}:${port}`;
  let closing: Promise<void> | undefined;
  return {
    url: `${isTls ? 'wss' : 'ws'}://${host}`,
    httpUrl: `${isTls ? 'https' : 'http'}://${host}`,
    host,
    port,
    isTls,
    app,
    clock,
    events,
    log,
    token: (claims) => testToken({ ...claims, nowMs: clock.now() }),
    [Symbol.asyncDispose]: () => (closing ??= app.close()),
  };
}

async function createApplication(
  shape: AppShape,
  sink: RecordingSink,
  log: CapturedLog,
  clock: Clock,
): Promise<INestApplication> {
  @Module({
    imports: [shape.secureWs ?? SecureWsModule.forRoot(withDefaults(shape.options, sink)), ...(shape.imports ?? [])],
    controllers: [...(shape.controllers ?? [])],
    providers: [...(shape.providers ?? [])],
  })
  class TestAppModule {}

  const testingModule = await Test.createTestingModule({ imports: [TestAppModule] })
    .setLogger(log)
    .overrideProvider(Clock)
    .useValue(clock)
    .overrideProvider(LoadMeter)
    .useValue({ start() {}, stop() {}, sample: shape.load ?? (() => ({ eventLoopDelayMs: 0, heapShare: 0 })) })
    .compile();
  const { https = false } = shape;
  const certificate =
    https === false ? undefined : { ...(await loadCertificate(undefined)), ...(https === true ? {} : https) };
  // A handshake that is being refused, or a client that does not answer a Close frame, must not hold up the end.
  const { forceCloseConnections = true } = shape;
  const options = { logger: log, forceCloseConnections };
  const app =
    shape.platform === 'fastify'
      ? testingModule.createNestApplication(
          fastifyAdapter(certificate, shape.http2 === true, forceCloseConnections),
          options,
        )
      : testingModule.createNestApplication({
          ...options,
          ...(certificate === undefined ? {} : { httpsOptions: certificate as HttpsOptions }),
        });
  shape.configure?.(app);
  return app;
}

function fastifyAdapter(
  certificate: TlsOptions | undefined,
  isHttp2: boolean,
  forceCloseConnections: boolean,
): FastifyAdapter {
  if (certificate === undefined) return new FastifyAdapter({ forceCloseConnections });
  return isHttp2
    ? new FastifyAdapter({ http2: true, https: { ...certificate, allowHTTP1: true } })
    : new FastifyAdapter({ https: certificate });
}

export function withDefaults(options: TestOptions = {}, sink: RecordingSink): SecureWsOptions {
  return {
    ...options,
    handshake: { origins: [APP_ORIGIN], trustedProxies: 'none', limits: MANY_CLIENTS, ...options.handshake },
    authentication: options.authentication ?? { jwt: TEST_JWT },
    // Most tests attack as one principal, over and over.
    throttling: { violations: { budget: 1_000_000 }, ...options.throttling },
    events: options.events ?? { sinks: [sink] },
  };
}
