import { Controller, Get, Injectable, ServiceUnavailableException } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  SecureWsHealth,
  type SecureWsHealthReport,
  type SecurityEvent,
  SecurityEventSink,
  WsAuthorize,
  WsConnectionLifecycleService,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { RemoteStore } from '../support/remote-store.js';
import { type AppShape, type RunningApp, startApp } from '../support/start-app.js';

@Controller('ready')
class ReadyController {
  constructor(private readonly health: SecureWsHealth) {}

  @Get()
  ready(): SecureWsHealthReport {
    const report = this.health.report();
    if (!report.isReady) throw new ServiceUnavailableException(report);
    return report;
  }
}

@Injectable()
@WebSocketGateway({ path: '/work' })
@WsAuthorize()
class WorkGateway {
  readonly end = deferred();
  isWorking = false;

  @SubscribeMessage('work')
  async work(): Promise<string> {
    this.isWorking = true;
    await this.end.promise;
    return 'done';
  }

  @SubscribeMessage('ping')
  ping(): string {
    return 'pong';
  }
}

const start = (shape: AppShape = {}): Promise<RunningApp> =>
  startApp({ providers: [WorkGateway], controllers: [ReadyController], ...shape });

async function probe(app: RunningApp): Promise<{ status: number; problems: readonly string[] }> {
  const answer = await fetch(`${app.httpUrl}/ready`);
  const { problems } = (await answer.json()) as SecureWsHealthReport;
  return { status: answer.status, problems };
}

describe.each(['express', 'fastify'] as const)('the readiness of an application on %s', (platform) => {
  it('DR-21 turns before the drain begins: connections and handshakes stay until a load balancer knows', async () => {
    const clock = new FakeClock(Date.now());
    const app = await start({ platform, clock, options: { lifecycle: { drainDelayMs: 5000 } } });
    const [gateway, lifecycle] = [app.app.get(WorkGateway), app.app.get(WsConnectionLifecycleService)];
    const token = app.token();
    const client = await connect(`${app.url}/work`, { token });
    expect(await probe(app)).toEqual({ status: 200, problems: [] });

    const closing = app[Symbol.asyncDispose]();
    await until(() => lifecycle.isLeaving, 'the application is told to leave');
    expect(await probe(app)).toEqual({ status: 503, problems: ['leaving'] });
    expect(lifecycle.isDraining).toBe(false);
    expect(app.events.ofType('ws.drain.started')).toEqual([]);
    expect(await client.request('ping')).toMatchObject({ data: 'pong' });
    const late = await connect(`${app.url}/work`, { token });
    late.send('work', undefined, 1);
    await until(() => gateway.isWorking, 'the handler runs');

    clock.advance(4999);
    expect(lifecycle.isDraining).toBe(false);
    clock.advance(1);
    await client.expectClose(1012);
    // The drain goes on: a handler runs, and HTTP still answers.
    expect(await probe(app)).toEqual({ status: 503, problems: ['leaving'] });
    expect(await handshake(`${app.url}/work`, { token })).toMatchObject({ status: 503 });
    gateway.end.resolve();
    expect(await late.next()).toMatchObject({ id: 1, data: 'done' });
    await late.expectClose(1012);
    await closing;
    expect(app.app.get(SecureWsHealth).report()).toMatchObject({ isReady: false, connections: 0 });
  });
});

describe('the health of an application', () => {
  it('is not ready before it has started', async () => {
    const seen: SecureWsHealthReport[] = [];
    @Injectable()
    class Early {
      constructor(health: SecureWsHealth) {
        seen.push(health.report());
      }
    }
    await start({ providers: [WorkGateway, Early] });
    expect(seen).toEqual([{ isReady: false, problems: ['booting'], connections: 0 }]);
  });

  it('tells a store that is away, and is not ready while that lets nobody in', async () => {
    const clock = new FakeClock(Date.now());
    const remote = new RemoteStore(clock);
    const app = await start({ clock, options: { store: { shared: remote.store } } });
    expect(await probe(app)).toEqual({ status: 200, problems: [] });
    remote.isAway = true;
    const isAway = (): boolean => app.app.get(SecureWsHealth).report().problems.includes('store-away');
    for (let seconds = 0; !isAway() && seconds < 60; seconds++) {
      await handshake(`${app.url}/work`, { token: app.token() });
      clock.advance(1000);
    }
    expect(await probe(app)).toMatchObject({ problems: ['store-away'] });
    clock.advance(30_000);
    expect(await probe(app)).toEqual({ status: 503, problems: ['store-away'] });
    remote.isAway = false;
    for (let seconds = 0; isAway() && seconds < 60; seconds++) {
      clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await probe(app)).toEqual({ status: 200, problems: [] });
  });

  it('MO-09 tells a sink that fails, and is not ready where nobody is let in without a record', async () => {
    class Failing extends SecurityEventSink {
      override write(event: SecurityEvent): void {
        if (event.type === 'ws.connection.opened') throw new Error('The disk is full.');
      }
    }
    for (const [onSinkFailure, status] of [
      ['continue', 200],
      ['refuse-handshakes', 503],
    ] as const) {
      const app = await start({ options: { events: { sinks: [new Failing()], onSinkFailure } } });
      await connect(`${app.url}/work`, { token: app.token() });
      expect(await probe(app)).toEqual({ status, problems: ['audit'] });
    }
  });

  it('DR-18 tells that it sheds load, and stays ready', async () => {
    const clock = new FakeClock(Date.now());
    const app = await start({ clock, load: () => ({ eventLoopDelayMs: 5000, heapShare: 0 }) });
    for (let second = 0; second < 5; second++) clock.advance(1000);
    expect(await probe(app)).toEqual({ status: 200, problems: ['shedding'] });
  });
});
