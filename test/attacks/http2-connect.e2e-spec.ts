import { once } from 'node:events';
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectSoon } from '../support/patience.js';
import { answerTo } from '../support/raw-handshake.js';
import { type RunningApp, startApp } from '../support/start-app.js';

async function open(app: RunningApp): Promise<ClientHttp2Session> {
  const session = connectHttp2(app.httpUrl, { rejectUnauthorized: false });
  onTestFinished(() => {
    session.destroy();
  });
  await expectSoon(once(session, 'remoteSettings'), 'the settings of the server');
  return session;
}

describe('a WebSocket over HTTP/2 (RFC 8441)', () => {
  it('HS-25 is not offered, and an extended CONNECT that comes all the same opens nothing', async () => {
    const app = await startApp({ providers: [EchoGateway], platform: 'fastify', https: true, http2: true });
    const session = await open(app);
    expect(session.remoteSettings.enableConnectProtocol).toBe(false);
    const stream = session.request(
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':scheme': 'https',
        ':path': '/echo',
        ':authority': app.host,
        'sec-websocket-version': '13',
        authorization: `Bearer ${app.token()}`,
      },
      { endStream: false },
    );
    const outcome = new Promise<number>((resolve) => {
      stream.once('response', (headers) => {
        resolve(Number(headers[constants.HTTP2_HEADER_STATUS]));
      });
      stream.once('error', () => {
        resolve(0);
      });
      stream.once('close', () => {
        resolve(0);
      });
    });
    const status = await expectSoon(outcome, 'the end of an extended CONNECT');
    expect(status === 0 || status >= 400).toBe(true);
    expect(app.app.get(EchoGateway).connections).toBe(0);
    expect(app.events.ofType('ws.connection.opened')).toEqual([]);
  });

  it('HS-25 leaves the handshake over HTTP/1.1 on the same port to the same checks', async () => {
    const app = await startApp({ providers: [EchoGateway], platform: 'fastify', https: true, http2: true });
    expect(await answerTo(app)).toMatchObject({ status: 101 });
    expect(await answerTo(app, { target: '/nowhere' })).toMatchObject({ status: 404 });
  });
});
