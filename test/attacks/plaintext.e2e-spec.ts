import { describe, expect, it, vi } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { type ClientShape, handshake } from '../support/handshake.js';
import { type AppShape, type RunningApp, startApp } from '../support/start-app.js';

const PUBLIC_ORIGIN = 'https://app.example';

async function startInProduction(shape: Partial<AppShape> = {}): Promise<RunningApp> {
  vi.stubEnv('NODE_ENV', 'production');
  try {
    return await startApp({ providers: [EchoGateway], ...shape });
  } finally {
    vi.unstubAllEnvs();
  }
}

describe('a handshake without TLS', () => {
  it('TR-01 is refused in production, on a loopback address too', async () => {
    const app = await startInProduction();
    const refusal = await handshake(`${app.url}/echo`, { token: app.token() });
    expect(refusal).toMatchObject({ status: 403 });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ status: 403, reason: 'plaintext' }]);
  });

  it('TR-01 is admitted with TLS in production', async () => {
    const app = await startInProduction({ https: true });
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  });

  it.each([
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Proto', 'wss'],
    ['Forwarded', 'proto=https;for=192.0.2.1'],
    ['X-Forwarded-Ssl', 'on'],
    ['X-Forwarded-For', '127.0.0.1'],
  ])('TR-01 is refused although an unlisted peer says %s: %s', async (name, value) => {
    const app = await startApp({ providers: [EchoGateway] });
    const withClaim = { token: app.token(), headers: { [name]: value } };
    // Without the field the very same handshake passes, as both ends are this machine.
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    expect(await handshake(`${app.url}/echo`, withClaim)).toMatchObject({ status: 403 });
  });

  it.each<readonly [what: string, status: number, shape: ClientShape]>([
    ['a page of this machine', 0, { origin: 'http://localhost:4200' }],
    ['a page from elsewhere', 403, { origin: PUBLIC_ORIGIN }],
  ])('TR-01 in development, from %s: %d', async (_, status, shape) => {
    const app = await startApp({
      providers: [EchoGateway],
      options: { handshake: { origins: ['http://localhost:4200', PUBLIC_ORIGIN] } },
    });
    const answer = await handshake(`${app.url}/echo`, { token: app.token(), tokenIn: 'subprotocol', ...shape });
    if (status === 0) expect(answer).toBe('open');
    else expect(answer).toMatchObject({ status });
  });

  it('TR-01 is admitted where an option with a loud name says so, and the boot warns', async () => {
    const app = await startInProduction({
      options: { handshake: { origins: [PUBLIC_ORIGIN], dangerouslyAllowPlaintext: true } },
    });
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    expect(app.events.ofType('ws.config.weak')).toMatchObject([{ option: 'handshake.dangerouslyAllowPlaintext' }]);
    expect(app.log.lines.filter((line) => line.includes('dangerouslyAllowPlaintext'))).toHaveLength(1);
  });
});

describe('a handshake without TLS where the public address is known', () => {
  const start = () =>
    startInProduction({
      options: { handshake: { origins: [PUBLIC_ORIGIN], publicUrl: 'wss://chat.example', hosts: ['127.0.0.1'] } },
    });

  it('TR-02 is sent there when it carries no credential, wherever Host points', async () => {
    const app = await start();
    const answer = await handshake(`${app.url}/echo`, { origin: PUBLIC_ORIGIN });
    expect(answer).toMatchObject({ status: 308, headers: { location: 'https://chat.example/echo' } });
  });

  it.each<readonly [where: string, (app: RunningApp) => { path?: string; shape: ClientShape }]>([
    ['in Authorization', (app) => ({ shape: { token: app.token() } })],
    ['in the subprotocol list', (app) => ({ shape: { token: app.token(), tokenIn: 'subprotocol' } })],
    ['in a cookie', () => ({ shape: { origin: PUBLIC_ORIGIN, headers: { Cookie: 'session=alice' } } })],
    ['in the query', (app) => ({ path: `?token=${app.token()}`, shape: { origin: PUBLIC_ORIGIN } })],
    ['in a subprotocol of its own making', () => ({ shape: { origin: PUBLIC_ORIGIN, protocols: ['s3cret'] } })],
  ])('TR-02 is not sent there when it has leaked a credential %s', async (_, make) => {
    const app = await start();
    const { path = '', shape } = make(app);
    const answer = await handshake(`${app.url}/echo${path}`, shape);
    expect(answer).toMatchObject({ status: 403 });
    expect((answer as { headers: object }).headers).not.toHaveProperty('location');
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason: 'plaintext' }]);
  });
});
