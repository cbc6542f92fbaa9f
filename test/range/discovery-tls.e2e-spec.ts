import { once } from 'node:events';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { discover, type Discovery } from '../../packages/scanner/src/discovery/discover.js';
import { readNamedHost } from '../../packages/scanner/src/discovery/named-host.js';
import { CertificateAuthority, SERVER_AUTH } from '../support/certificate-authority.js';

type Answer = (host: string) => RequestListener;

/** A host that speaks with and without TLS, on one port. */
async function startHost(withTls: Answer, without: Answer) {
  const authority = await CertificateAuthority.create();
  const shape = { names: [{ type: 'ip', value: '127.0.0.1' } as const], usages: [SERVER_AUTH] };
  const secure = createHttps(await authority.issue(shape), (request, response) => withTls(host)(request, response));
  const plain = createHttp((request, response) => without(host)(request, response));
  const upgrades: string[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  for (const [scheme, server] of [['wss', secure] as const, ['ws', plain] as const]) {
    server.on('upgrade', (request, socket, head) => {
      upgrades.push(`${scheme} ${request.url}`);
      if (request.url === '/orders')
        sockets.handleUpgrade(request, socket, head, (client) => client.on('error', () => undefined));
      else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
  }
  for (const server of [secure, plain]) await once(server.listen(0, '127.0.0.1'), 'listening');
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;
  const open = new Set<Socket>();
  const front = createServer((socket) => {
    socket.once('data', (first) => {
      // A record of TLS that begins a handshake.
      const inner = connect(portOf(first[0] === 0x16 ? secure : plain), '127.0.0.1');
      inner.write(first);
      for (const one of [socket, inner]) open.add(one.on('error', () => undefined));
      socket.pipe(inner).pipe(socket);
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    for (const server of [front, secure, plain]) server.close();
  });
  await once(front, 'listening');
  const host = `127.0.0.1:${portOf(front)}`;
  return { host, upgrades };
}

/** Nobody vouches for the certificate of a test; what is verified is verified elsewhere. */
async function discovered(page: string): Promise<Discovery> {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  onTestFinished(() => void vi.unstubAllEnvs());
  const named = readNamedHost(page, { isAllowed: false });
  const limits = { maxConnections: 50, maxMessages: 0, maxMs: 60_000, connectionsPerSecond: 100 };
  return discover({ named, isAllowed: false, har: [], declared: [], triesCommonPaths: false, limits });
}

const page: Answer = () => (_, response) => response.end('<script>new WebSocket("/orders")</script>');
const to =
  (scheme: string): Answer =>
  (host) =>
  (_, response) =>
    response.writeHead(301, { Location: `${scheme}://${host}/` }).end();

it('SC-01 discovery follows a page to TLS on its host, and tries what is there with TLS alone', async () => {
  const { host, upgrades } = await startHost(page, to('https'));
  const { endpoints, notes } = await discovered(`http://${host}/`);
  expect(notes).toEqual([]);
  expect(endpoints).toMatchObject([{ url: `wss://${host}/orders`, state: 'open' }]);
  expect(upgrades).toEqual(['wss /secure-ws-scan-no-such-path', 'wss /orders']);
});

it('SC-01 discovery follows no page from TLS to what anybody in between can write', async () => {
  const { host, upgrades } = await startHost(to('http'), page);
  const { endpoints, notes } = await discovered(`https://${host}/`);
  expect(endpoints).toEqual([]);
  expect(notes).toEqual([expect.stringContaining('which anybody in between can write: it was not followed.')]);
  expect(upgrades).toEqual([]);
});
