import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureGateway, WsAuthorize, WsPublic } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, startApp } from '../support/start-app.js';

@SecureGateway({ anonymous: true })
@WebSocketGateway({ path: '/ticker' })
class TickerGateway {
  @WsPublic()
  @SubscribeMessage('price')
  price(): number {
    return 1;
  }

  @WsAuthorize()
  @SubscribeMessage('buy')
  buy(): boolean {
    return true;
  }
}

describe('a client without an identity whose messages are refused again and again', () => {
  it('MV-17 AN-12 is closed, and cannot come back at once as somebody else', async () => {
    const clock = new FakeClock(Date.now());
    const app = await startApp({
      providers: [TickerGateway],
      clock,
      options: { throttling: { violations: {} } },
    });
    const client = await connect(`${app.url}/ticker`, { origin: APP_ORIGIN });
    for (let sent = 0; sent < 12; sent++) client.sendRaw('{');
    expect(await client.expectClose(1008)).toEqual({ code: 1008, reason: 'policy-violation' });
    expect(await handshake(`${app.url}/ticker`, { origin: APP_ORIGIN })).toMatchObject({ status: 429 });
    // Its neighbours behind the same address who have an identity are not punished.
    expect(await handshake(`${app.url}/ticker`, { token: app.token() })).toBe('open');
    clock.advance(200_000);
    expect(await handshake(`${app.url}/ticker`, { origin: APP_ORIGIN })).toBe('open');
  });
});
