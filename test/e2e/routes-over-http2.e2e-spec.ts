import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import {
  createBackChannelLogoutController,
  createSharedSignalsController,
  createTicketController,
} from '@secure-ws/nestjs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SecureWsMetricsModule } from '@secure-ws/nestjs/metrics';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { HeaderPrincipal, operationsApp } from '../support/operations.js';
import { APP_ORIGIN, type RunningApp, startApp } from '../support/start-app.js';

const TOKEN = 'Jf8_wq7Zk2Lm5Tn0Rb3Xd6YhVc9Ns4Pg';
const SIGNALS = 'https://chat.example.com/signals';

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

type Ask = (path: string, asked?: Asked) => Promise<Answered>;

/** Every route that the package makes, on Fastify with `http2: true`. */
async function startAll() {
  const server = await startAuthorizationServer();
  const { issuer, introspection } = server;
  const oauth = {
    ...{ issuer, audience: 'chat', introspection },
    ...{ backChannelLogout: { clientId: 'alice' }, sharedSignals: { audience: SIGNALS } },
  };
  const app = await startApp(
    operationsApp({
      ...{ platform: 'fastify', https: true, http2: true },
      imports: [SecureWsMetricsModule.forRoot({ endpoint: { token: TOKEN } })],
      providers: [EchoGateway],
      controllers: [
        createBackChannelLogoutController(),
        createSharedSignalsController(),
        createTicketController({ principal: HeaderPrincipal }),
      ],
      options: { authentication: { oauth } },
    }),
  );
  return { app, server };
}

/** A client that speaks HTTP/2 and nothing else. */
async function overHttp2({ host }: RunningApp): Promise<Ask> {
  const session: ClientHttp2Session = connectHttp2(`https://${host}`, { rejectUnauthorized: false });
  await once(session, 'connect');
  onTestFinished(() => session.destroy());
  return async (path, { method = 'GET', headers = {}, body } = {}) => {
    const stream = session.request({ ...headers, ':path': path, ':method': method });
    stream.end(body);
    const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += String(chunk);
    return { status: Number(answer[':status']), headers: answer, body: text };
  };
}

describe('the routes of the package over HTTP/2', () => {
  it('MO-02 MO-09 give the metrics to their token, and tell of everybody else with an address', async () => {
    const { app } = await startAll();
    const ask = await overHttp2(app);
    const given = await ask('/metrics', { headers: { authorization: `Bearer ${TOKEN}` } });
    expect(given).toMatchObject({ status: 200, body: expect.stringContaining('secure_ws_') as unknown });
    expect((await ask('/metrics')).status).toBe(401);
    expect((await ask('/metrics', { headers: { authorization: 'Bearer x' } })).status).toBe(401);
    expect(app.events.ofType('ws.metrics.refused')).toMatchObject([
      { failure: 'missing', address: '127.0.0.1' },
      { failure: 'bad-secret', address: '127.0.0.1' },
    ]);
  });

  it('OD-10 MO-02 give the operations page to operators, and are not there for others', async () => {
    const { app } = await startAll();
    const ask = await overHttp2(app);
    const headers = { 'x-user': 'root admin' };
    const page = await ask('/operations', { headers });
    expect(page).toMatchObject({ status: 200, headers: { 'x-frame-options': 'DENY', 'cache-control': 'no-store' } });
    const [, script = ''] = /src="([^"]+)"/.exec(page.body) ?? [];
    expect((await ask(`/${script}`, { headers })).status).toBe(200);
    const nobody = await ask('/operations');
    expect(JSON.parse(nobody.body)).toEqual({ ...(JSON.parse((await ask('/nothing')).body) as object), message: 'Cannot GET /operations' }); // prettier-ignore
    expect(app.events.ofType('ws.operator.refused')).toMatchObject([{ address: '127.0.0.1' }]);

    const ticket = { method: 'POST', headers: { ...headers, origin: APP_ORIGIN } };
    expect(await ask('/operations/ticket', ticket)).toMatchObject({ status: 200 });
    expect((await ask('/ws-ticket', ticket)).status).toBeLessThan(300);
    expect((await ask('/ws-ticket', { method: 'POST', headers: { origin: APP_ORIGIN } })).status).toBe(401);
    expect(app.log.lines.filter((line) => /error/i.test(line))).toEqual([]);
  });

  it('MO-02 say once that the page is served from an origin that is not allowed', async () => {
    const { app } = await startAll();
    const ask = await overHttp2(app);
    const headers = { 'x-user': 'root admin', origin: `https://${app.host}` };
    for (let i = 0; i < 2; i++) {
      const answer = await ask('/operations/ticket', { method: 'POST', headers });
      expect(answer.status).toBe(404);
    }
    expect(app.log.lines.filter((line) => line.includes('The operations page gets no ticket'))).toHaveLength(1);
  });

  it('SL-04 MO-02 take log-out tokens and signals, and refuse what is none', async () => {
    const { app, server } = await startAll();
    const ask = await overHttp2(app);
    const iat = Math.floor(Date.now() / 1000);
    const logout = {
      ...{ iss: server.issuer, aud: 'alice', iat, exp: iat + 60, jti: 'l', sid: 's' },
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    };
    const form = (token: string): Asked => ({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    expect((await ask('/backchannel-logout', form('a.b.c'))).status).toBe(400);
    expect((await ask('/backchannel-logout', form(await server.sign({ typ: 'logout+jwt' }, logout)))).status).toBe(200);
    const signal = {
      ...{ iss: server.issuer, aud: SIGNALS, iat, jti: 's' },
      sub_id: { format: 'iss_sub', iss: server.issuer, sub: 'alice' },
      events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} },
    };
    const set = (body: string): Asked => ({
      method: 'POST',
      headers: { 'content-type': 'application/secevent+jwt' },
      body,
    });
    expect((await ask('/shared-signals', set('a.b.c'))).status).toBe(400);
    expect((await ask('/shared-signals', set('x'.repeat(20_000)))).status).toBe(400);
    expect((await ask('/shared-signals', set(await server.sign({ typ: 'secevent+jwt' }, signal)))).status).toBe(202);
    expect(app.events.ofType('ws.logout.refused')).toMatchObject([{ address: '127.0.0.1' }]);
    expect(app.events.ofType('ws.signal.refused')).toMatchObject([{ address: '127.0.0.1' }, { address: '127.0.0.1' }]);
    expect(app.events.ofType('ws.signal.received')).toHaveLength(1);
  });

  it('HS-02 answer what is no handshake on the path of a socket as a path that nobody has', async () => {
    const { app } = await startAll();
    const ask = await overHttp2(app);
    expect((await ask('/echo')).status).toBe(404);
    expect((await ask('/operations/socket', { headers: { 'sec-websocket-version': '13' } })).status).toBe(404);
  });
});

describe('the routes of the package by the inject() of Fastify', () => {
  it('MO-09 OD-10 answer as over a socket, though no request of inject() has one', async () => {
    const { app } = await startApp(
      operationsApp({
        platform: 'fastify',
        imports: [SecureWsMetricsModule.forRoot({ endpoint: { token: TOKEN } })],
        providers: [EchoGateway],
      }),
    );
    const ask = (request: string | object) => (app as NestFastifyApplication).inject(request);
    const given = await ask({ url: '/metrics', headers: { authorization: `Bearer ${TOKEN}` } });
    expect(given).toMatchObject({ statusCode: 200, body: expect.stringContaining('secure_ws_') as unknown });
    expect((await ask('/metrics')).statusCode).toBe(401);
    expect((await ask({ url: '/operations', headers: { 'x-user': 'root admin' } })).statusCode).toBe(200);
    expect((await ask('/operations')).statusCode).toBe(404);
    expect((await ask('/operations/socket')).statusCode).toBe(404);
    expect((await ask({ url: '/echo', headers: { upgrade: 'websocket', connection: 'upgrade' } })).statusCode).toBe(
      404,
    );
  });
});
