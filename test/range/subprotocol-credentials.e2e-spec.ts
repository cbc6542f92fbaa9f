import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { scan, type ScanOptions } from '@secure-ws/scanner';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { behindTls, rangeAuthority } from './range-tls.js';

const TOKEN = 'a-token-as-a-subprotocol-0123456789';
const TOKEN_B = 'another-one-of-somebody-0123456789';

/** A server that takes `bearer, TOKEN` and says the token back in what it refuses; `refused` is what others have offered. */
async function startServer(isSecure = false): Promise<{ url: string; refused: string[] }> {
  const refused: string[] = [];
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'bearer' });
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const offered = request.headers['sec-websocket-protocol'] ?? '';
    const [, token = ''] = offered.split(/, */);
    if (![TOKEN, TOKEN_B].includes(token)) {
      refused.push(offered);
      return void socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      client.on('message', (data: Buffer) => {
        const isKnown = data.toString().includes('profile') && token === TOKEN;
        client.send(isKnown ? '{"event":"profile"}' : `{"event":"error","data":"SELECT * FROM a WHERE t='${token}'"}`);
      });
    });
  });
  const server = isSecure ? await behindTls(http, {}, () => false) : http;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    server.close();
  });
  return { url: `ws${isSecure ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}/`, refused };
}

const FAST: Partial<ScanOptions> = { limits: { connectionsPerSecond: 1000 }, settleMs: 20, answerMs: 300 };
const messages = ['{"event":"profile","data":{}}', '{"event":"no-such","data":{}}'];

describe('a token that is offered as a subprotocol', { timeout: 60_000 }, () => {
  it.each<readonly [string, Partial<ScanOptions>]>([
    ['by its looks', { subprotocols: ['bearer', TOKEN] }],
    ['by its name', { subprotocols: ['bearer'], credentials: { subprotocol: TOKEN } }],
  ])('SC-08 AN-01 is the credential of the first account %s, and nobody shows it', async (_, given) => {
    const { url, refused } = await startServer();
    const checks = ['unauthenticated', 'other-identity', 'error-leaks', 'foreign-subprotocol'];
    const result = await scan({ target: url, messages, checks, other: { subprotocol: TOKEN_B }, ...FAST, ...given });
    const saidBy = (id: string): unknown => result.outcomes.find(({ check }) => check === id)?.outcome;
    expect(saidBy('unauthenticated')).toBe('passed');
    expect(saidBy('other-identity')).toBe('passed');
    expect(saidBy('error-leaks')).toBe('finding');
    expect(refused).toContain('bearer');
    expect(JSON.stringify(result)).not.toMatch(new RegExp(`${TOKEN}|${TOKEN_B}`));
  });

  it('SC-08 TR-01 goes over TLS alone', async () => {
    const { url } = await startServer(true);
    const plain = await startServer();
    const { outcomes } = await scan({
      target: url,
      ca: (await rangeAuthority()).cert,
      plainPort: Number(new URL(plain.url).port),
      subprotocols: ['bearer', TOKEN],
      checks: ['plaintext'],
      ...FAST,
    });
    expect(plain.refused).toEqual(['bearer']);
    expect(outcomes.find(({ check }) => check === 'plaintext')).toMatchObject({
      outcome: 'finding',
      evidence: [{ got: '401' }],
    });
  });
});
