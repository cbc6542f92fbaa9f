import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize } from '@secure-ws/nestjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { letAnyPortServeFor } from '../support/own-port.js';
import { type AppShape, startApp } from '../support/start-app.js';

const PORT = 3999;

@WebSocketGateway(PORT, { path: '/own' })
@WsAuthorize()
class OwnPortGateway {
  @SubscribeMessage('echo')
  echo(): boolean {
    return true;
  }
}

const shape: AppShape = { providers: [OwnPortGateway] };

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a gateway on a port of its own, in production', () => {
  it('TR-01 does not start without TLS', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const problems = await bootProblems(shape);
    expect(problems.map(({ where }) => where)).toEqual([`@WebSocketGateway(${PORT})`]);
  });

  it('TR-01 starts with the TLS of the application', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const portOf = letAnyPortServeFor(PORT);
    await startApp({ ...shape, https: true });
    expect(portOf()).toBeGreaterThan(0);
  });

  it('TR-01 starts behind a listed proxy', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const portOf = letAnyPortServeFor(PORT);
    const trustedProxies = { addresses: ['192.0.2.1'], header: 'x-forwarded-for' } as const;
    await startApp({ ...shape, options: { handshake: { trustedProxies } } });
    expect(portOf()).toBeGreaterThan(0);
  });
});
