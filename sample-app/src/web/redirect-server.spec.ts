import { request, type IncomingHttpHeaders, type RequestOptions, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from './listen.js';
import { createRedirectServer } from './redirect-server.js';

const PUBLIC_URL = 'https://localhost:3443';

describe('the plain port', () => {
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = createRedirectServer(PUBLIC_URL);
    port = await listen(server, 0, '127.0.0.1');
  });

  afterAll(() => {
    server.close();
  });

  function send(options: RequestOptions): Promise<{ status: number | undefined; headers: IncomingHttpHeaders }> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, ...options }, (response) => {
        response.resume().once('end', () => resolve({ status: response.statusCode, headers: response.headers }));
      });
      sent.once('error', reject).end();
    });
  }

  it.each([
    ['/', `${PUBLIC_URL}/`],
    ['/js/main.js', `${PUBLIC_URL}/js/main.js`],
    ['/page?token=secret', `${PUBLIC_URL}/page`],
  ])('TR-02 sends a page load of %s to HTTPS, without its query', async (path, location) => {
    const { status, headers } = await send({ path });
    expect([status, headers.location]).toEqual([308, location]);
  });

  it('TR-02 takes the destination from its settings, never from Host', async () => {
    const { headers } = await send({ path: '/', headers: { Host: 'evil.example' } });
    expect(headers.location).toBe(`${PUBLIC_URL}/`);
  });

  it('sends no HSTS, which counts over HTTPS only (RFC 6797 section 7.2)', async () => {
    expect((await send({ path: '/' })).headers['strict-transport-security']).toBeUndefined();
  });

  it.each<[string, RequestOptions]>([
    ['a log-in', { path: '/api/login', method: 'POST' }],
    ['a form', { path: '/', method: 'POST' }],
    ['an API path', { path: '/api/session' }],
    ['Authorization', { path: '/', headers: { Authorization: 'Bearer x' } }],
    ['a cookie', { path: '/', headers: { Cookie: 'a=1' } }],
    ['a token among the subprotocols', { path: '/', headers: { 'Sec-WebSocket-Protocol': 'json.v1, bearer.x' } }],
    ['another origin in the path', { path: '//evil.example/' }],
    ['an encoded path', { path: '/%2e%2e/' }],
    ['an absolute form', { path: 'http://evil.example/' }],
  ])('TR-02 refuses %s and redirects nowhere', async (_, options) => {
    const { status, headers } = await send(options);
    expect([status, headers.location]).toEqual([403, undefined]);
  });

  it('TR-02 refuses a WebSocket handshake', async () => {
    const { status, headers } = await send({ path: '/chat', headers: { Connection: 'Upgrade', Upgrade: 'websocket' } });
    expect([status, headers.location]).toEqual([403, undefined]);
  });
});
