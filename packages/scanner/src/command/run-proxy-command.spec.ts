import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { readMessages } from './read-messages.js';
import { runCommand } from './run-command.js';
import { PROXY_HELP } from './run-proxy-command.js';

/** A server that answers every message with what would clear a terminal. */
async function startServer(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (client) => client.on('message', () => client.send('\u001b[2Jdone')));
  onTestFinished(() => server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat`;
}

async function folderOfTest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Runs the command, and does something as a client of it until it is over. */
async function run(args: readonly string[], asClient: (url: string) => Promise<void> = () => Promise.resolve()) {
  const out: string[] = [];
  const notes: string[] = [];
  const status = await runCommand(['proxy', ...args], {
    ...{ env: {}, stdin: Readable.from([]) },
    out: (line) => void out.push(line),
    note: (line) => void notes.push(line),
    untilStopped: () => asClient(/ws:\/\/localhost:\d+/.exec(notes.join())?.[0] ?? ''),
  });
  return { status, out, notes: notes.join('\n') };
}

const talk = async (url: string): Promise<void> => {
  const client = new WebSocket(url, { headers: { authorization: 'Bearer hidden-token-1' } });
  await once(client, 'open');
  client.send('{"event":"chat","data":{"password":"hunter2"}}');
  await once(client, 'message');
  client.close();
  await once(client, 'close');
};

describe('secure-ws-scan proxy', () => {
  it('SC-07 SC-08 shows and records what is said, without credentials and without driving the terminal', async () => {
    const [target, folder] = [await startServer(), await folderOfTest()];
    const file = join(folder, 'r.har');
    const { status, out, notes } = await run(['--target', target, '--output', file], talk);
    expect(status).toBe(0);
    expect(out.slice(0, 3)).toEqual([
      '#1 - open',
      '#1 > {"event":"chat","data":{"password":"[redacted]"}}',
      '#1 < \\u001b[2Jdone',
    ]);
    expect(notes).toContain(`1 connections are in ${file}.`);
    expect(await readdir(folder)).toEqual(['r.har']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).not.toMatch(/hidden-token-1|hunter2/);
    expect(await readMessages(file, target)).toEqual(['{"event":"chat","data":{"password":"[redacted]"}}']);
  });

  it('keeps secrets where that is asked for, and what was recorded where it fails', async () => {
    const [target, folder] = [await startServer(), await folderOfTest()];
    const file = join(folder, 'r.har');
    const { status } = await run(['--target', target, '--output', file, '--keep-secrets'], async (url) => {
      await talk(url);
      throw new Error('interrupted');
    });
    expect(status).toBe(2);
    expect(await readFile(file, 'utf8')).toContain('hunter2');
  });

  it.each<readonly [args: readonly string[], says: string]>([
    [['--output', 'a.har'], 'takes --target'],
    [['--target', 'ws://localhost'], 'takes --output, a file that ends in .har'],
    [['--target', 'ws://localhost', '--output', 'a.json'], 'takes --output, a file that ends in .har'],
    [['--target', 'ws://localhost', '--output', '/no/such/folder/a.har'], 'cannot be written: ENOENT'],
    [['--target', 'wss://api.example.com', '--output', 'a.har'], '--i-am-allowed'],
    [['--target', 'ws://localhost', '--output', 'a.har', '--listen', '65536'], 'from 1 to 65535'],
    [['--target', 'ws://localhost', '--output', 'a.har', '--seconds', '0'], 'from 1 to 86400'],
    [['ws://localhost'], 'ws://localhost'],
  ])('refuses %j', async (args, says) => {
    const { status, out, notes } = await run(args);
    expect([status, out]).toEqual([2, []]);
    expect(notes).toContain(says);
    expect(notes).toContain('See secure-ws-scan proxy --help.');
  });

  it('says that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const file = join(await folderOfTest(), 'r.har');
    await writeFile(file, 'earlier');
    const { status, notes } = await run(['--target', 'ws://localhost', '--output', file, '--listen', String(port)]);
    expect([status, await readFile(file, 'utf8')]).toEqual([2, 'earlier']);
    expect(notes).toContain(`--listen ${port} cannot be listened on: EADDRINUSE`);
  });

  it('shows its help', async () => {
    expect(await run(['--help'])).toEqual({ status: 0, out: [PROXY_HELP], notes: '' });
  });
});
