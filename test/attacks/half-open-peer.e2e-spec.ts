import { WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { DistantPeer } from '../support/distant-peer.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { startApp } from '../support/start-app.js';

const PING_INTERVAL_MS = 25_000;
const PONG_TIMEOUT_MS = 10_000;
/** Deadlines are looked at by one coarse timer, a little after they fall due. */
const COARSE_MS = 500;

describe('a peer whose network is gone', () => {
  it('DR-12 SL-08 TR-09 is closed by the heartbeat, though the operating system knows of nothing', async () => {
    const peer = DistantPeer.create();
    const clock = new FakeClock(Date.now());
    const app = await startApp({
      providers: [EchoGateway],
      address: peer.address,
      https: true,
      clock,
      options: { lifecycle: { closeTimeoutMs: 50 } },
    });
    const lifecycle = app.app.get(WsConnectionLifecycleService);
    await peer.connect(`${app.url}/echo`, app.token({ expiresInSeconds: 3600 }));
    await until(() => lifecycle.count === 1, 'it is connected');

    // While there is a network, it answers.
    clock.advance(PING_INTERVAL_MS + COARSE_MS);
    await peer.hears('ping');
    await until(() => lifecycle.figures()[0]?.messagesReceived === 1, 'its pong and the message after it are read');
    // TLS writes later: in no time at all ten seconds would pass over the reply.
    await until(() => lifecycle.figures()[0]?.bufferedBytes === 0, 'the reply is written');
    clock.advance(PONG_TIMEOUT_MS + COARSE_MS);
    expect(lifecycle.find()[0]?.isOpen).toBe(true);

    peer.vanish();
    clock.advance(PING_INTERVAL_MS - PONG_TIMEOUT_MS);
    // The ping arrives there; what it answers does not arrive here.
    await peer.hears('ping');
    clock.advance(PONG_TIMEOUT_MS - 4 * COARSE_MS);
    expect(lifecycle.find()[0]?.isOpen).toBe(true);
    expect(lifecycle.figures()[0]?.messagesReceived).toBe(1);
    clock.advance(6 * COARSE_MS);
    expect(await app.events.seen('ws.connection.closed')).toMatchObject({ reason: 'HEARTBEAT_LOST', codeSent: 4008 });
    expect(lifecycle.count).toBe(0);
  });
});
