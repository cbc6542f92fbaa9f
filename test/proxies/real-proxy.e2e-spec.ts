import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { type ClientShape, createSocket, handshake, type Refusal } from '../support/handshake.js';
import { guideBlock } from '../support/guide-page.js';
import { expectSoon } from '../support/patience.js';
import { type ProxyHeader, type ProxyProgram, type RunningProxy, startProxy } from '../support/proxy.js';
import { connect } from '../support/queueing-client.js';
import type { RawResponse } from '../support/raw-response.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { APP_ORIGIN, type AppShape, sharedApp, startApp } from '../support/start-app.js';

/** Where clients come from: another address than that of the proxies. */
const CLIENT = '127.0.0.2';

const FORGED = {
  'X-Forwarded-For': '198.51.100.1',
  'X-Forwarded-Proto': 'https',
  'X-Real-IP': '198.51.100.2',
  Forwarded: 'for=198.51.100.3;proto=https',
};

const behind = (header: ProxyHeader, shape: AppShape = {}): AppShape => ({
  providers: [EchoGateway],
  ...shape,
  options: {
    ...shape.options,
    handshake: {
      origins: [APP_ORIGIN],
      trustedProxies: { addresses: ['127.0.0.1'], header },
      publicUrl: 'wss://127.0.0.1',
      ...shape.options?.handshake,
    },
  },
});

const from = (shape: ClientShape): ClientShape => ({ ...shape, ws: { localAddress: CLIENT } });

/** Starts a proxy that ends with its test. */
async function proxyFor(...shape: Parameters<typeof startProxy>): Promise<RunningProxy> {
  const proxy = await startProxy(...shape);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

const KINDS = (['nginx', 'haproxy'] as const).flatMap((program) =>
  (['x-forwarded-for', 'forwarded'] as const).flatMap((header) =>
    ([1, 2] as const).map((hops) => ({ program, header, hops })),
  ),
);

describe.each(KINDS)('behind $hops x $program that writes $header', ({ program, header, hops }) => {
  const app = sharedApp(behind(header));
  const proxies: RunningProxy[] = [];
  const url = (): string => `wss://127.0.0.1:${proxies.at(-1)?.port}/echo`;

  beforeAll(async () => {
    let upstream = app().port;
    for (const place of hops === 2 ? (['inner', 'outer'] as const) : (['outer'] as const)) {
      const proxy = await startProxy({ program, header, upstream, place });
      proxies.push(proxy);
      upstream = proxy.port;
    }
  });
  afterAll(async () => {
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  });

  const raw = async (...fields: readonly (readonly [string, string])[]): Promise<RawResponse> => {
    const tls = { localAddress: CLIENT };
    const client = await RawTcp.open({ port: proxies.at(-1)?.port ?? 0, isTls: true, tls });
    client.write(requestHead({ target: '/echo', fields: [...handshakeFields('127.0.0.1'), ...fields] }));
    return client.readHead();
  };

  it('DP-07 HS-14 knows the client by the field of the proxy, whatever the client writes into such fields', async () => {
    app().events.clear();
    const shapes = [{}, { headers: FORGED }, { headers: { 'X-Forwarded-For': ', ,', Forwarded: '"' } }];
    for (const shape of shapes) expect(await handshake(url(), from({ token: app().token(), ...shape }))).toBe('open');
    const opened = app().events.ofType('ws.connection.opened');
    expect(opened.map(({ address }) => address)).toEqual([CLIENT, CLIENT, CLIENT]);
    expect(app().events.ofType('ws.handshake.forwarding-ignored')).toEqual([]);
  });

  it('DP-07 passes tokens and messages of a page: 4 KiB beside its subprotocol', async () => {
    const token = app().token({ roles: Array.from({ length: 16 }, (_, i) => String(i).padStart(200, 'r')) });
    expect(token.length).toBeGreaterThan(4096);
    const page = { origin: APP_ORIGIN, token, tokenIn: 'subprotocol', protocols: ['secure-ws.v1'] } as const;
    const client = await connect(url(), from(page));
    expect(client.socket.protocol).toBe('secure-ws.v1');
    const text = 'ä'.repeat(20_000);
    expect(await client.request('echo', { text })).toMatchObject({ data: { text } });
  });

  it.each<readonly [status: number, shape: ClientShape]>([
    [401, { token: 'aaaa.bbbb.cccc' }],
    [401, {}],
    [403, { origin: 'https://evil.example' }],
    [400, { protocols: ['chat'] }],
  ])('DP-07 passes a refusal with %d whole', async (status, shape) => {
    const direct = (await handshake(`${app().url}/echo`, shape)) as Refusal;
    const refusal = (await handshake(url(), from(shape))) as Refusal;
    expect(refusal.status).toBe(status);
    expect(refusal.body).toBe(direct.body);
    for (const name of ['www-authenticate', 'cache-control', 'content-length', 'content-type', 'retry-after'])
      expect(refusal.headers[name]).toBe(direct.headers[name]);
  });

  it('DP-07 passes a refusal that is shown with a Close frame', async () => {
    const token = 'aaaa.bbbb.cccc';
    const client = await connect(
      url(),
      from({ origin: APP_ORIGIN, token, tokenIn: 'subprotocol', protocols: ['secure-ws.v1'] }),
    );
    expect(await client.expectClose(4401)).toMatchObject({ reason: 'unauthenticated' });
  });

  it('DP-07 never admits a head above the caps, and its proxy answers or passes the 431 on', async () => {
    const before = app().app.get(EchoGateway).connections;
    const authorization = ['Authorization', `Bearer ${app().token()}`] as const;
    const many = Array.from({ length: 120 }, (_, i) => [`X-Filler-${i}`, 'x'] as const);
    expect((await raw(authorization, ...many)).status).toBe(program === 'nginx' ? 431 : 400);
    const long = await raw(authorization, ['X-Filler', 'x'.repeat(40_000)]);
    expect(long.status).toBe(400);
    expect((await raw(authorization, ...many.slice(0, 60))).status).toBe(101);
    expect(app().app.get(EchoGateway).connections).toBe(before + 1);
  });

  it.each(['X-Forwarded-For', 'Forwarded', 'X-Forwarded-Proto', 'Authorization', 'Origin'])(
    'DP-07 HS-14 cannot make the proxy forget %s with a Connection field',
    async (name) => {
      app().events.clear();
      const fields = handshakeFields('127.0.0.1').map(([field, value]): [string, string] =>
        field === 'Connection' ? [field, `Upgrade, ${name}`] : [field, value],
      );
      const client = await RawTcp.open({ port: proxies.at(-1)?.port ?? 0, isTls: true, tls: { localAddress: CLIENT } });
      fields.push(['Authorization', `Bearer ${app().token()}`], ['Origin', APP_ORIGIN]);
      client.write(requestHead({ target: '/echo', fields }));
      const { status } = await client.readHead();
      if (status === 101)
        expect(app().events.ofType('ws.connection.opened')).toMatchObject([{ address: CLIENT, origin: APP_ORIGIN }]);
      else expect(app().events.ofType('ws.handshake.refused')).toMatchObject([{ status, reason: 'bad-connection' }]);
    },
  );
});

describe.each(['nginx', 'haproxy'] as const)('%s in front', (program: ProxyProgram) => {
  it('DP-07 TR-01 tells that the client came without TLS: redirected without a credential, refused with one', async () => {
    const app = await startApp(behind('x-forwarded-for'));
    const { port } = await proxyFor({ program, header: 'x-forwarded-for', upstream: app.port, tls: false });
    const forged = { headers: { 'X-Forwarded-Proto': 'https' } };
    expect(await handshake(`ws://127.0.0.1:${port}/echo`, forged)).toMatchObject({
      status: 308,
      headers: { location: 'https://127.0.0.1/echo' },
    });
    expect(await handshake(`ws://127.0.0.1:${port}/echo`, { ...forged, token: app.token() })).toMatchObject({
      status: 403,
    });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([
      { reason: 'plaintext-redirect' },
      { reason: 'plaintext' },
    ]);
  });

  it('DP-07 HS-14 counts clients apart, and says when one may come back', async () => {
    const limits = { ratePerAddress: { limit: 2, ttl: 60_000 } };
    const app = await startApp(behind('x-forwarded-for', { options: { handshake: { limits } } }));
    const { port } = await proxyFor({ program, header: 'x-forwarded-for', upstream: app.port });
    const attempt = (localAddress: string) =>
      handshake(`wss://127.0.0.1:${port}/echo`, { token: app.token(), headers: FORGED, ws: { localAddress } });
    for (const address of ['127.0.0.3', '127.0.0.4', '127.0.0.5']) expect(await attempt(address)).toBe('open');
    expect(await attempt('127.0.0.3')).toBe('open');
    const refusal = (await attempt('127.0.0.3')) as Refusal;
    expect(refusal.status).toBe(429);
    expect(Number(refusal.headers['retry-after'])).toBeGreaterThan(0);
    expect(await attempt('127.0.0.4')).toBe('open');
  });

  it('DP-07 HS-14 writes an IPv6 address so that it is read: Forwarded', async () => {
    const app = await startApp(behind('forwarded'));
    const { port } = await proxyFor({ program, header: 'forwarded', upstream: app.port, host: '::1' });
    const shape = { token: app.token(), headers: { Host: '127.0.0.1' } };
    expect(await handshake(`wss://[::1]:${port}/echo`, shape)).toBe('open');
    expect(app.events.ofType('ws.connection.opened')).toMatchObject([{ address: '::1' }]);
  });

  it('DP-07 passes the Close frame of a drain', async () => {
    const app = await startApp(behind('x-forwarded-for'));
    const { port } = await proxyFor({ program, header: 'x-forwarded-for', upstream: app.port });
    const client = await connect(`wss://127.0.0.1:${port}/echo`, { token: app.token() });
    const closed = client.expectClose(1012);
    await app.app.close();
    expect(await closed).toMatchObject({ reason: expect.stringMatching(/;retryAfterMs=\d+$/) as string });
  });

  const idle: Readonly<Record<ProxyProgram, [RegExp, string]>> = {
    nginx: [/proxy_read_timeout 60s;/, 'proxy_read_timeout 2s;'],
    haproxy: [/timeout tunnel 60s/, 'timeout tunnel 2s'],
  };

  it('DP-07 lets a quiet connection live as long as the heartbeat is shorter than its idle time-out', async () => {
    const app = await startApp(behind('x-forwarded-for', { options: { lifecycle: { pingIntervalMs: 1000 } } }));
    const proxy = { program, header: 'x-forwarded-for', upstream: app.port, changes: [idle[program]] } as const;
    const { port } = await proxyFor(proxy);
    const socket = createSocket(`wss://127.0.0.1:${port}/echo`, { token: app.token() });
    onTestFinished(() => {
      socket.terminate();
    });
    // Four pings are twice the time-out of the proxy.
    const pinged = new Promise<string>((resolve) => {
      let pings = 0;
      socket.on('ping', () => {
        if (++pings === 4) resolve('alive');
      });
      socket.once('close', (code) => {
        resolve(`closed with ${code} after ${pings} pings`);
      });
    });
    expect(await expectSoon(pinged, 'four pings')).toBe('alive');
  });

  it('DP-07 cuts it off where the heartbeat is longer, as the page says', async () => {
    const app = await startApp(behind('x-forwarded-for'));
    const proxy = { program, header: 'x-forwarded-for', upstream: app.port, changes: [idle[program]] } as const;
    const { port } = await proxyFor(proxy);
    const client = await connect(`wss://127.0.0.1:${port}/echo`, { token: app.token() });
    expect(await client.expectClose(1006)).toMatchObject({ reason: '' });
  });

  it('DP-07 has time-outs in the guide that are longer than the default heartbeat', () => {
    const text = guideBlock('proxies.md', program === 'nginx' ? 'nginx.conf' : 'haproxy.cfg');
    const seconds = [...text.matchAll(/(?:proxy_read_timeout|timeout tunnel) (\d+)s/g)].map(([, value]) =>
      Number(value),
    );
    expect(seconds).toHaveLength(1);
    // lifecycle.pingIntervalMs and the 10 s that a client has for its answer.
    expect(seconds[0]).toBeGreaterThan(35);
  });
});

it('DP-07 nginx without the upgrade lines sends no handshake: 404 of the application, and no event', async () => {
  const app = await startApp(behind('x-forwarded-for'));
  const changes = [
    ['    proxy_http_version 1.1;\n', ''],
    ['    proxy_set_header Upgrade $http_upgrade;\n', ''],
    ['    proxy_set_header Connection $connection_upgrade;\n', ''],
  ] as const;
  const { port } = await proxyFor({ program: 'nginx', header: 'x-forwarded-for', upstream: app.port, changes });
  expect(await handshake(`wss://127.0.0.1:${port}/echo`, { token: app.token() })).toMatchObject({ status: 404 });
  expect(app.events.ofType('ws.handshake.refused')).toEqual([]);
});
