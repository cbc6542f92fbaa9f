import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CheckOutcome, scan } from '@secure-ws/scanner';
import { expect, it, onTestFinished } from 'vitest';
import { RANGE, startRangeServer } from './range-server.js';
import { rangeAuthority } from './range-tls.js';

/** What a scan of a server behind TLS says of another port of its host. */
async function plaintextAt(plainPort: number): Promise<CheckOutcome | undefined> {
  const { outcomes } = await scan({
    target: await startRangeServer([], '127.0.0.1', 'in-order'),
    ca: (await rangeAuthority()).cert,
    origin: RANGE.origin,
    credentials: { token: RANGE.token },
    plainPort,
    limits: { connectionsPerSecond: 1000, maxConnections: 5 },
    settleMs: 20,
  });
  return outcomes.find(({ check }) => check === 'plaintext');
}

const portOf = (url: string): number => Number(new URL(url).port);

it('TR-01 SC-06 finds a port beside TLS that takes connections, and one that waits for a credential', async () => {
  const open = await plaintextAt(portOf(await startRangeServer(['anonymous'])));
  expect(open).toMatchObject({ outcome: 'finding', confidence: 'certain' });
  const asking = await plaintextAt(portOf(await startRangeServer([])));
  expect(asking).toMatchObject({ outcome: 'finding', confidence: 'tentative', evidence: [{ got: '401' }] });
});

it('TR-02 SC-01 is content with a redirect, does not follow it, and sends no credential to it', async () => {
  const seen: unknown[] = [];
  const http = createServer();
  http.on('upgrade', ({ headers }, socket) => {
    seen.push(headers.authorization, headers.cookie);
    socket.end('HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n');
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void http.close());
  const { port } = http.address() as AddressInfo;
  expect(await plaintextAt(port)).toMatchObject({
    outcome: 'passed',
    says: expect.stringContaining(`port ${port}: 301`) as string,
  });
  expect(seen).toEqual([undefined, undefined]);
});

it.each<readonly [who: string, body: string, outcome: string]>([
  [
    'a server of TLS says to a text (nginx)',
    '<center>The plain HTTP request was sent to HTTPS port</center>',
    'passed',
  ],
  ['a server of TLS says to a text (Go)', 'Client sent an HTTP request to an HTTPS server.', 'passed'],
  ['Engine.IO refuses a credential with', 'Forbidden', 'not-tested'],
])('SC-04 TR-01 is content with a 400 where it is what %s', async (_, body, outcome) => {
  const http = createServer();
  http.on('upgrade', (__, socket) => {
    socket.end(`HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void http.close());
  expect(await plaintextAt((http.address() as AddressInfo).port)).toMatchObject({ outcome });
});
