import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { seconds, WsAuthorize, WsThrottle } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { Text } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

@WebSocketGateway({ path: '/limited' })
@WsAuthorize()
class LimitedGateway {
  handled = 0;

  @WsThrottle({ limit: 2, ttl: seconds(10) })
  @SubscribeMessage('seldom')
  seldom(): void {
    this.handled += 1;
  }

  @WsThrottle({ limit: 1, ttl: seconds(1), blockDuration: seconds(30) })
  @SubscribeMessage('blocked')
  blocked(): void {
    this.handled += 1;
  }

  @SubscribeMessage('often')
  often(@MessageBody() _: Text): void {
    this.handled += 1;
  }
}

const start = async (shape: AppShape = {}) => {
  const clock = new FakeClock(Date.now());
  const app = await startApp({ providers: [LimitedGateway], clock, ...shape });
  const client = await connect(`${app.url}/limited`, { token: app.token() });
  return { app, clock, client, gateway: app.app.get(LimitedGateway) };
};

describe('the limit of an event over several connections', () => {
  it('DR-05 is shared by two connections of a principal, and a new connection keeps the debt', async () => {
    const { app, client } = await start();
    const second = await connect(`${app.url}/limited`, { token: app.token() });
    await client.request('seldom', undefined);
    await second.request('seldom', undefined);
    second.send('seldom', undefined, 3);
    expectError(await second.next(), 'THROTTLED');
    second.socket.close();
    client.socket.close();
    await second.expectClose();
    await client.expectClose();

    const third = await connect(`${app.url}/limited`, { token: app.token() });
    third.send('seldom', undefined, 4);
    expectError(await third.next(), 'THROTTLED');
  });

  it("DR-05 is no one else's", async () => {
    const { app, client } = await start();
    for (let i = 0; i < 2; i++) await client.request('seldom', undefined);
    const other = await connect(`${app.url}/limited`, { token: app.token({ sub: 'bob' }) });
    expect((await other.request('seldom', undefined)).event).toBe('seldom');
  });
});

describe('the limit of an event', () => {
  it('DR-05 refuses what goes over it, and slides', async () => {
    const { clock, client, gateway } = await start();
    await client.request('seldom');
    clock.advance(4000);
    await client.request('seldom');
    expect(expectError(await client.request('seldom'), 'THROTTLED').retryAfterMs).toBe(6000);
    // A refused message does not count, and the first one is forgotten after its ten seconds.
    clock.advance(6000);
    expect(await client.request('seldom')).toMatchObject({ event: 'seldom' });
    expectError(await client.request('seldom'), 'THROTTLED');
    expect(gateway.handled).toBe(3);
  });

  it('DR-05 blocks for longer where it says so', async () => {
    const { clock, client } = await start();
    await client.request('blocked');
    expect(expectError(await client.request('blocked'), 'THROTTLED').retryAfterMs).toBe(30_000);
    clock.advance(29_000);
    expectError(await client.request('blocked'), 'THROTTLED');
    clock.advance(1000);
    expect(await client.request('blocked')).toMatchObject({ event: 'blocked' });
  });

  it('DR-05 leaves other events and other connections alone', async () => {
    const { app, client } = await start();
    for (let count = 0; count < 3; count++) await client.request('seldom');
    expect(await client.request('often', { text: 'x' })).toMatchObject({ event: 'often' });
    const other = await connect(`${app.url}/limited`, { token: app.token({ sub: 'bob' }) });
    expect(await other.request('seldom')).toMatchObject({ event: 'seldom' });
  });
});

describe('the limit of a connection', () => {
  it('DR-05 counts every message, what is refused later too', async () => {
    const { app, clock, client } = await start();
    for (let count = 0; count < 40; count++) expectError(await client.request('nothing.here'), 'FORBIDDEN');
    client.send('often', { text: 'x' }, 'unread');
    const refused = await client.next();
    expectError(refused, 'THROTTLED');
    // Refused before it was read, its id with it.
    expect(refused).not.toHaveProperty('id');
    expect(app.events.ofType('ws.message.refused').at(-1)).toMatchObject({ owasp: 'excess_rate_limit_exceeded' });
    clock.advance(1000);
    expect(await client.request('often', { text: 'x' })).toMatchObject({ event: 'often' });
  });

  it('DR-06 counts bytes', async () => {
    const { clock, client, gateway } = await start();
    const text = 'x'.repeat(60_000);
    await client.request('often', { text });
    await client.request('often', { text });
    client.send('often', { text });
    expectError(await client.next(), 'THROTTLED');
    expect(gateway.handled).toBe(2);
    clock.advance(1200);
    expect(await client.request('often', { text })).toMatchObject({ event: 'often' });
  });

  it('DR-05 is looked at before a message is read', async () => {
    const { app, client } = await start({ options: { throttling: { connection: [{ limit: 1, ttl: 1000 }] } } });
    client.sendRaw('no json');
    expectError(await client.next(), 'BAD_MESSAGE');
    client.sendRaw('no json');
    expectError(await client.next(), 'THROTTLED');
    expect(app.events.ofType('ws.message.refused').map(({ code }) => code)).toEqual(['BAD_MESSAGE', 'THROTTLED']);
  });
});
