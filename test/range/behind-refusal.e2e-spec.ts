import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { scan } from '@secure-ws/scanner';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';

const SECOND = 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n';
const SAYS_STATUS = 'HTTP/1.1 400 Bad Request: no such version';
const CHUNKED = `${SAYS_STATUS.length.toString(16)}\r\n${SAYS_STATUS}\r\n0\r\n\r\n`;

/** What the check says of a server that refuses what is wrong with some fields and what stands behind them. */
async function smugglingAt(fields: string, behind: string): Promise<unknown> {
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => {
    const { headers } = request;
    if (headers['sec-websocket-version'] !== '13')
      return void socket.end(`HTTP/1.1 426 Upgrade Required\r\n${fields}\r\n${behind}`);
    if ('content-length' in headers || 'transfer-encoding' in headers) return void socket.destroy();
    sockets.handleUpgrade(request, socket, head, (client) => client.on('error', () => client.terminate()));
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    http.close();
  });
  const { outcomes } = await scan({
    target: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    checks: ['request-smuggling'],
    limits: { connectionsPerSecond: 1000 },
    settleMs: 20,
  });
  return outcomes.find(({ check }) => check === 'request-smuggling')?.outcome;
}

describe('what comes behind a refusal', { timeout: 60_000 }, () => {
  it.each([
    ['a length', `Content-Length: ${SAYS_STATUS.length}\r\n`, SAYS_STATUS],
    ['chunks', 'Transfer-Encoding: chunked\r\n', CHUNKED],
    ['an end alone', 'Connection: close\r\n', `No: ${SAYS_STATUS}`],
  ])('SC-04 HS-12 is no second answer where it is the body of the first one, with %s', async (_, fields, body) => {
    expect(await smugglingAt(fields, body)).toBe('passed');
  });

  it.each([
    ['none', 'Content-Length: 0\r\n', SECOND],
    ['a length', `Content-Length: ${SAYS_STATUS.length}\r\n`, `${SAYS_STATUS}${SECOND}`],
    ['chunks', 'Transfer-Encoding: chunked\r\n', `${CHUNKED}${SECOND}`],
    ['chunks and a field', 'Transfer-Encoding: chunked\r\n', `${CHUNKED.slice(0, -2)}X-End: 1\r\n\r\n${SECOND}`],
    ['nothing that tells its length', '', SECOND],
  ])('HS-12 is a second answer behind a body with %s', async (_, fields, rest) => {
    expect(await smugglingAt(fields, rest)).toBe('finding');
  });
});
