import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type LoadSample, SecureGateway, WsAuthorize, WsPublic } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, startApp, type TestOptions } from '../support/start-app.js';

@SecureGateway({ anonymous: true })
@WebSocketGateway({ path: '/ticker' })
class TickerGateway {
  handled = 0;

  @WsPublic()
  @SubscribeMessage('price')
  price(): number {
    this.handled++;
    return 1;
  }

  @WsAuthorize()
  @SubscribeMessage('buy')
  buy(): boolean {
    this.handled++;
    return true;
  }
}

const CALM: LoadSample = { eventLoopDelayMs: 3, heapShare: 0.2 };
const BUSY: LoadSample = { eventLoopDelayMs: 900, heapShare: 0.2 };
const FULL: LoadSample = { eventLoopDelayMs: 3, heapShare: 0.95 };

async function start(platform: 'express' | 'fastify', options: TestOptions = {}) {
  const clock = new FakeClock(Date.now());
  let load = CALM;
  const app = await startApp({ providers: [TickerGateway], platform, clock, options, load: () => load });
  const become = (next: LoadSample, forMs: number): void => {
    load = next;
    for (let ms = 0; ms < forMs; ms += 250) clock.advance(250);
  };
  const shake = () => handshake(`${app.url}/ticker`, { token: app.token() });
  return { app, clock, become, shake, gateway: app.app.get(TickerGateway) };
}

describe.each(['express', 'fastify'] as const)('an overloaded process, on %s', (platform) => {
  it.each<readonly [what: string, load: LoadSample]>([
    ['a late event loop', BUSY],
    ['a full heap', FULL],
    ['a measurement that is none', { eventLoopDelayMs: NaN, heapShare: 0 }],
  ])('DR-18 DR-21 refuses new handshakes with a hint, and says when it begins and ends: %s', async (_what, load) => {
    const { app, become, shake } = await start(platform);
    const before = await connect(`${app.url}/ticker`, { token: app.token() });
    expect(await shake()).toBe('open');
    become(load, 3000);
    const refused = await shake();
    expect(refused).toMatchObject({ status: 503 });
    if (refused === 'open') return;
    const retryAfter = Number(refused.headers['retry-after']);
    expect(retryAfter >= 5 && retryAfter <= 10).toBe(true);
    // Whoever is connected stays, and is served.
    expect(await before.request('buy')).toMatchObject({ data: true });
    expect(app.events.ofType('ws.shedding.started')).toHaveLength(1);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([
      { status: 503, reason: 'shedding', option: 'throttling.shedding' },
    ]);
    become(CALM, 8000);
    expect(app.events.ofType('ws.shedding.ended')).toHaveLength(1);
    expect(await shake()).toBe('open');
  });

  it('DR-18 halves what anonymous clients may send, and leaves the others what is theirs', async () => {
    const throttling = { connection: [{ limit: 10, ttl: 60_000 }], violations: { budget: 3 } };
    const { app, become, gateway } = await start(platform, { throttling });
    const guest = await connect(`${app.url}/ticker`, { origin: APP_ORIGIN });
    const member = await connect(`${app.url}/ticker`, { token: app.token() });
    become(BUSY, 3000);
    for (let i = 0; i < 10; i++) guest.send('price');
    const refused = () => app.events.ofType('ws.message.refused').map(({ reason }) => reason);
    await until(() => refused().length === 5, 'half of them are refused');
    expect(gateway.handled).toBe(5);
    expect(new Set(refused())).toEqual(new Set(['shedding']));
    for (let i = 0; i < 10; i++) expect(await member.request('buy')).toMatchObject({ data: true });
    // Nobody is charged for an overload: five violations would have closed the connection.
    become(CALM, 8000);
    guest.send('price', undefined, 'after');
    await until(() => gateway.handled === 16, 'the guest is heard again');
  });

  it.each(['report', 'off'] as const)('DR-18 sheds nothing where it is "%s", and the boot says so', async (mode) => {
    const { app, become, shake } = await start(platform, { throttling: { shedding: { mode } } });
    become(BUSY, 5000);
    expect(await shake()).toBe('open');
    expect(app.events.ofType('ws.shedding.started')).toHaveLength(mode === 'report' ? 1 : 0);
    const weak = app.events.ofType('ws.config.weak').map(({ option }) => option);
    expect(weak).toContain('throttling.shedding.mode');
  });
});
