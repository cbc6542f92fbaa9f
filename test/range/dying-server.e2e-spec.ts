import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CheckOutcome, scan } from '@secure-ws/scanner';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

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

/** One that goes on: `hear` is told of each message, `failed` of each frame that is wrong, and `admits` decides about handshakes. */
async function startServer(
  hear: (message: string, clients: ReadonlySet<WebSocket>) => void,
  failed: () => void = () => undefined,
  admits: () => boolean = () => true,
): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', verifyClient: admits });
  server.on('connection', (client) => {
    client.on('error', failed);
    client.on('message', (data: Buffer) => hear(data.toString(), server.clients));
  });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const PATIENCE = { settleMs: 50, limits: { connectionsPerSecond: 1000 } };

/** What the check says of a server. */
async function crashOf(target: string): Promise<CheckOutcome | undefined> {
  // With a message of its dialect none is guessed: the opening of another one would end it.
  const messages = ['{"event":"note.list"}'];
  const { outcomes } = await scan({ target, messages, checks: ['crash'], ...PATIENCE });
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

  it.each<readonly [what: string, farewell: (client: WebSocket) => void]>([
    ['without a close frame', (client) => client.terminate()],
    ...[1001, 1011, 1012].map((code) => [`with ${code}`, (client: WebSocket) => client.close(code)] as const),
  ])('SC-06 DR-14 is found where it is back at once, by what befell another connection: %s', async (_, farewell) => {
    const url = await startServer((message, clients) => {
      if (message === '{') for (const client of clients) farewell(client);
    });
    expect(await crashOf(url)).toMatchObject({
      outcome: 'finding',
      severity: 'high',
      confidence: 'tentative',
      evidence: [{ sent: '{' }],
    });
  });

  it.each([
    ['once with 1012', 1012, 1],
    ['by a rule of its own', 1008, Infinity],
  ])('SC-04 DR-14 is not seen to have lived where it ends the others %s', async (_, code, times) => {
    let count = 0;
    const url = await startServer((message, clients) => {
      if (message === '{' && count++ < times) for (const client of clients) client.close(code);
    });
    expect(await crashOf(url)).toMatchObject({
      outcome: 'not-tested',
      says: expect.stringContaining(`Another connection was closed with ${code}`) as string,
    });
  });

  it('SC-04 DR-14 is not seen to have lived where it refuses everybody behind the last of them', async () => {
    let isShut = false;
    const url = await startServer(
      () => undefined,
      () => (isShut = true),
      () => !isShut,
    );
    expect(await crashOf(url)).toMatchObject({
      outcome: 'not-tested',
      says: expect.stringContaining('refused by now') as string,
    });
    expect(isShut).toBe(true);
  });

  it('SC-08 DR-14 is named by the handshake that ended it, without what opens it', async () => {
    const server = new WebSocketServer({
      ...{ port: 0, host: '127.0.0.1' },
      verifyClient: ({ req }: { req: IncomingMessage }) => {
        if (req.headers.host !== 'evil.example') return true;
        server.close();
        return false;
      },
    });
    server.on('connection', (client) => client.on('error', () => client.terminate()));
    await once(server, 'listening');
    const target = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/notes?pin=4711`;
    const credentials = { token: 'abc' };
    const { outcomes } = await scan({ target, checks: ['foreign-host', 'crash'], credentials, ...PATIENCE });
    const crash = outcomes.find(({ check }) => check === 'crash');
    expect(crash).toMatchObject({
      outcome: 'finding',
      evidence: [{ sent: expect.stringContaining('Host: evil.example') as string }],
    });
    expect(JSON.stringify(crash?.evidence)).not.toMatch(/4711|abc/);
  });
});
