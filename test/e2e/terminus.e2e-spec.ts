import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { SecureWsHealthIndicator } from '@secure-ws/nestjs/terminus';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, type RunningApp, startApp } from '../support/start-app.js';

@Controller()
class ProbeController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly sockets: SecureWsHealthIndicator,
  ) {}

  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.checks.check([() => this.sockets.isReady('sockets')]);
  }

  @Get('details')
  @HealthCheck()
  details(): Promise<HealthCheckResult> {
    return this.checks.check([() => this.sockets.isReady('sockets', { details: true })]);
  }
}

const start = (shape: AppShape): Promise<RunningApp> =>
  startApp({
    ...shape,
    imports: [TerminusModule.forRoot({ logger: false })],
    controllers: [ProbeController],
    providers: [EchoGateway, SecureWsHealthIndicator],
  });

async function probe(app: RunningApp, path = 'ready'): Promise<readonly [status: number, sockets: unknown]> {
  const answer = await fetch(`${app.httpUrl}/${path}`);
  const { details } = (await answer.json()) as { readonly details: { readonly sockets: unknown } };
  return [answer.status, details.sockets];
}

describe.each(['express', 'fastify'] as const)('SecureWsHealthIndicator, on %s', (platform) => {
  it('DR-21 OD-10 is up, and down from the moment when the application leaves, and tells no more than it is asked to', async () => {
    const clock = new FakeClock(Date.now());
    const app = await start({ platform, clock, options: { lifecycle: { drainDelayMs: 60_000 } } });
    await connect(`${app.url}/echo`, { token: app.token() });
    expect(await probe(app)).toEqual([200, { status: 'up' }]);
    expect(await probe(app, 'details')).toEqual([200, { status: 'up', problems: [], connections: 1 }]);

    const leaving = app.app.get(WsConnectionLifecycleService).drain();
    expect(await probe(app)).toEqual([503, { status: 'down' }]);
    expect(await probe(app, 'details')).toEqual([503, { status: 'down', problems: ['leaving'], connections: 1 }]);
    clock.advance(60_000);
    await leaving;
  });

  it('OD-10 takes no option that there is not', async () => {
    const app = await start({ platform });
    const indicator = app.app.get(SecureWsHealthIndicator);
    const ask = (options: object) => () => indicator.isReady('sockets', options);
    expect(ask({ detail: true })).toThrow(/SecureWsHealthIndicator, isReady\.detail .*details/s);
    expect(ask({ downWhenShedding: 'yes' })).toThrow(/isReady\.downWhenShedding must be true or false/);
  });
});
