import 'reflect-metadata';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  type Clock,
  FileSink,
  type SecureWsOptions,
  SecurityEvents,
  SecurityEventSink,
  SecureWsModule,
  WsAuthorize,
} from '@secure-ws/nestjs';
import { connect, FakeClock, SecureWsTestingModule, testIdentity } from '@secure-ws/nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CapturedLog } from '../support/captured-log.js';
import { expectSoon, until } from '../support/patience.js';
import { TEST_JWT } from '../support/test-token.js';

@WsAuthorize()
@WebSocketGateway({ path: '/orders' })
class OrdersGateway {
  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('purge')
  purge(): string {
    return 'purged';
  }
}

/** Takes an event when the test says so. */
class SlowSink extends SecurityEventSink {
  #take: () => void = () => undefined;
  readonly #taken = new Promise<void>((resolve) => {
    this.#take = resolve;
  });

  override write(): Promise<void> {
    return this.#taken;
  }

  take(): void {
    this.#take();
  }
}

/** Keeps the clock that it was opened with. */
class OpenedSink extends SecurityEventSink {
  clock: Clock | undefined;

  override open(clock: Clock): void {
    this.clock = clock;
  }

  override write(): void {}
}

async function folderOfTest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-ws-sinks-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function start(clock: FakeClock, sink: SecurityEventSink, sinkTimeoutMs = 5000): Promise<INestApplication> {
  const events: SecureWsOptions['events'] = { sinks: [sink], sinkTimeoutMs, onSinkFailure: 'refuse-handshakes' };
  @Module({
    imports: [
      SecureWsModule.forRoot({
        handshake: { origins: ['https://app.example.com'], trustedProxies: 'none' },
        authentication: { jwt: TEST_JWT },
        events,
      }),
    ],
    providers: [OrdersGateway],
  })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule, SecureWsTestingModule.forRoot({ clock })] })
    .setLogger(new CapturedLog())
    .compile();
  const app = testing.createNestApplication();
  onTestFinished(() => app.close());
  await app.listen(0);
  return app;
}

describe('a FakeClock and the sinks of the application', () => {
  it('MO-09 a step of it is no time that a file takes, and everybody is admitted after it', async () => {
    const folder = await folderOfTest();
    const { privateKey } = generateKeyPairSync('ed25519');
    const clock = new FakeClock();
    const app = await start(
      clock,
      new FileSink({ path: join(folder, 'audit.jsonl'), chain: { privateKey, node: 'web-1' } }),
    );
    for (let index = 0; index < 8; index++) {
      await using client = await connect(app, { path: '/orders', as: testIdentity({ id: `user-${index}` }) });
      expect(await client.request('purge')).toMatchObject({ data: { code: 'FORBIDDEN' } });
      clock.advance(6000);
    }
    expect(app.get(SecurityEvents).sinkFailures).toBe(0);
  });

  it('MO-09 a sink that has an event in its hands during a step of any length has not failed', async () => {
    const clock = new FakeClock();
    const sink = new SlowSink();
    const app = await start(clock, sink);
    const first = await connect(app, { path: '/orders', as: testIdentity() });
    clock.advance(20_000);
    const second = await connect(app, { path: '/orders', as: testIdentity() });
    expect(app.get(SecurityEvents).isHealthy).toBe(true);
    sink.take();
    await first.close();
    await second.close();
  });

  it('MO-09 a sink that hangs is found by the time of the machine', async () => {
    const sink = new SlowSink();
    const app = await start(new FakeClock(), sink, 10);
    await until(() => !app.get(SecurityEvents).isHealthy, 'the sink is given up');
    await expect(connect(app, { path: '/orders', as: testIdentity() })).rejects.toMatchObject({ status: 503 });
    sink.take();
  });

  it('MO-08 a sink is opened with it, so that a file ends with the day of the test and is signed with its time', async () => {
    const folder = await folderOfTest();
    const { privateKey } = generateKeyPairSync('ed25519');
    const clock = new FakeClock(Date.parse('2030-01-01T23:59:50.000Z'));
    const app = await start(clock, new FileSink({ path: join(folder, 'audit.jsonl'), chain: { privateKey } }));
    const refuseOne = async (): Promise<void> => {
      await using client = await connect(app, { path: '/orders', as: testIdentity() });
      expect(await client.request('purge')).toMatchObject({ data: { code: 'FORBIDDEN' } });
    };
    await refuseOne();
    await app.get(SecurityEvents).flush();
    clock.advance(20_000);
    await refuseOne();
    await app.close();
    const files = (await readdir(folder)).sort();
    expect(files).toEqual([expect.stringMatching(/^audit\.2030-01-0[12]T.*\.jsonl$/), 'audit.jsonl']);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const [before = [], after = []] = texts.map((text) => text.match(/(?<="time":")\d{4}-\d\d-\d\d/g) ?? []);
    // The last record of the first file is signed when it is put away.
    expect([...new Set(before.slice(0, -1)), before.at(-1)]).toEqual(['2030-01-01', '2030-01-02']);
    expect([...new Set(after)]).toEqual(['2030-01-02']);
  });

  it('MO-08 a sink of the application is opened with it as well', async () => {
    const [clock, sink] = [new FakeClock(), new OpenedSink()];
    await start(clock, sink);
    expect(sink.clock).toBe(clock);
  });

  it('MO-09 a sink that is never ready fails the boot by the time of the machine', async () => {
    const sink = new OpenedSink();
    sink.open = () => new Promise(() => undefined) as never;
    await expect(start(new FakeClock(), sink, 10)).rejects.toThrow('was not ready within 10 ms');
  });

  it('MO-09 a sink that does not end holds up the end of the application no longer than the time of the machine', async () => {
    const sink = new OpenedSink();
    sink.close = () => new Promise(() => undefined);
    const app = await start(new FakeClock(), sink, 10);
    await expectSoon(app.close(), 'the end of the application');
  });
});
