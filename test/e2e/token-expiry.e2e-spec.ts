import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

const start = async (shape: AppShape = {}) => {
  const clock = new FakeClock(Date.now());
  const app = await startApp({ providers: [EchoGateway], clock, ...shape });
  return { app, clock };
};

describe('the end of a token', () => {
  it('SL-01 closes the connection with 4001, without any traffic', async () => {
    const { app, clock } = await start();
    const client = await connect(`${app.url}/echo`, { token: app.token({ expiresInSeconds: 20 }) });
    clock.advance(19_000);
    expect(await client.request('echo', { text: 'in time' })).toMatchObject({ data: { text: 'in time' } });
    clock.advance(2000);
    expect(await client.expectClose(4001)).toEqual({ code: 4001, reason: 'token-expired' });
    expect(await app.events.seen('ws.connection.closed')).toMatchObject({
      owasp: 'session_expired',
      reason: 'TOKEN_EXPIRED',
      initiator: 'server',
    });
  });

  it('SL-01 closes only the connection of that token', async () => {
    const { app, clock } = await start();
    const short = await connect(`${app.url}/echo`, { token: app.token({ expiresInSeconds: 20 }) });
    const long = await connect(`${app.url}/echo`, { token: app.token({ expiresInSeconds: 600 }) });
    clock.advance(21_000);
    await short.expectClose(4001);
    expect(await long.request('echo', { text: 'still here' })).toMatchObject({ data: { text: 'still here' } });
  });

  it('SL-02 stops a message that arrives before the timer has noticed', async () => {
    const { app, clock } = await start();
    const client = await connect(`${app.url}/echo`, { token: app.token({ expiresInSeconds: 20 }) });
    // The wall clock alone moves: no timer runs, as in a process whose event loop was blocked.
    clock.stepWallClock(21_000);
    client.send('echo', { text: 'too late' }, 1);
    await client.expectClose(4001);
    expect(client.unread).toEqual([]);
    expect(app.app.get(EchoGateway).handled).toEqual([]);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ owasp: 'session_use_after_expire' }]);
  });

  it('SL-01 grants a grace where an option says so', async () => {
    const { app, clock } = await start({ options: { lifecycle: { expiryGraceMs: 10_000 } } });
    const client = await connect(`${app.url}/echo`, { token: app.token({ expiresInSeconds: 20 }) });
    clock.advance(29_000);
    expect(await client.request('echo', { text: 'in the grace' })).toMatchObject({ event: 'echo' });
    clock.advance(2000);
    await client.expectClose(4001);
  });

  it('SL-03 may lie further ahead than a timer reaches', async () => {
    const { app, clock } = await start({ options: { lifecycle: { idleTimeoutMs: Infinity } } });
    const sixtyDays = 60 * 86_400;
    const client = await connect(`${app.url}/echo`, { token: app.token({ expiresInSeconds: sixtyDays }) });
    clock.advance(5000);
    expect(await client.request('echo', { text: 'open' })).toMatchObject({ event: 'echo' });
  });

  it('SL-01 refuses the handshake of a token that has ended', async () => {
    const { app, clock } = await start();
    const token = app.token({ expiresInSeconds: 20 });
    expect(await handshake(`${app.url}/echo`, { token })).toBe('open');
    clock.advance(20_000);
    expect(await handshake(`${app.url}/echo`, { token })).toMatchObject({ status: 401 });
  });
});
