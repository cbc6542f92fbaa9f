import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type CheckOutcome, scan } from '@secure-ws/scanner';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';

/** A server that catches no error of its messages; with `frames` none of its WebSockets, such as a frame that is wrong. */
const SERVER = `import { WebSocketServer } from 'ws';
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => console.log(server.address().port));
server.on('connection', (client) => {
  if (process.argv[1] === 'frames') return client.on('message', () => client.send('{}'));
  client.on('error', () => client.terminate()).on('message', (data) => client.send(JSON.stringify(JSON.parse(data))));
});`;

/** Starts it in a process of its own. */
async function startDyingServer(kind: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SERVER, kind], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return `ws://127.0.0.1:${port.toString().trim()}/`;
}

/** What the check says of a server. */
async function crashOf(target: string): Promise<CheckOutcome | undefined> {
  // With a message of its dialect none is guessed: the opening of another one would end it.
  const messages = ['{"event":"note.list"}'];
  const { outcomes } = await scan({ target, messages, settleMs: 50, limits: { connectionsPerSecond: 1000 } });
  return outcomes.find(({ check }) => check === 'crash');
}

describe('a server that ends', { timeout: 120_000 }, () => {
  it.each([
    ['messages', '{'],
    ['frames', 'a text frame without a mask'],
  ])('SC-06 DR-14 is found with what ended its process: %s', async (kind, sent) => {
    expect(await crashOf(await startDyingServer(kind))).toMatchObject({
      outcome: 'finding',
      severity: 'critical',
      confidence: 'certain',
      evidence: [{ sent }],
    });
  });

  it('SC-06 DR-14 is found where it is back at once, by what befell another connection', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (client) => {
      client.on('error', () => client.terminate());
      client.on('message', (data: Buffer) => {
        if (data.toString() === '{') for (const other of server.clients) other.terminate();
      });
    });
    await once(server, 'listening');
    onTestFinished(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    expect(await crashOf(`ws://127.0.0.1:${port}/`)).toMatchObject({
      outcome: 'finding',
      confidence: 'tentative',
      evidence: [{ sent: '{' }],
    });
  });
});
