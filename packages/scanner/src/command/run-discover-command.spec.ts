import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Discovery } from '../discovery/discover.js';
import { runCommand } from './run-command.js';
import { DISCOVER_HELP } from './run-discover-command.js';

async function listen(onRequest: RequestListener) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    onRequest(request, response);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return { server, asked, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** An application as Vite builds it: a page, a script, a chunk that the script loads; and WebSockets, one of which wants a token. */
async function startApplication() {
  const other = await listen((_, response) => response.end('new WebSocket("ws://other.example/leak")'));
  const files: Readonly<Record<string, string>> = {
    '/': `<script type="module" src="/assets/index-1a.js"></script><script src="http://${other.host}/cdn.js"></script><script src="/moved.js"></script>`,
    '/assets/index-1a.js': 'import("./Chat-2b.js");new WebSocket(`ws://${location.host}/orders`)',
    '/assets/Chat-2b.js':
      'const a="/rooms/live";const b="wss://push.example.com/feed?token=abc";new WebSocket("//127.0.0.9/by-scheme")',
  };
  const application = await listen(({ url = '' }, response) => {
    if (url === '/moved.js') return response.writeHead(302, { Location: `http://${other.host}/moved.js` }).end();
    return response.writeHead(files[url] === undefined ? 404 : 200).end(files[url]);
  });
  const upgrades: string[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  application.server.on('upgrade', (request, socket, head) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    upgrades.push(`${path} ${request.headers.origin}`);
    const status = { '/orders': 101, '/graphql': 401, '/rooms/live': 404, '/ws': 101 }[path] ?? 404;
    if (status === 101) sockets.handleUpgrade(request, socket, head, (client) => client.on('error', () => undefined));
    else socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
  });
  return { ...application, other, upgrades };
}

async function run(...args: string[]) {
  const out: string[] = [];
  const notes: string[] = [];
  const status = await runCommand(args, {
    ...{ env: {}, stdin: Readable.from([]), untilStopped: () => Promise.resolve() },
    out: (line) => void out.push(line),
    note: (line) => void notes.push(line),
  });
  return { status, out: out.join('\n'), notes: notes.join('\n') };
}

async function folderOfTest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'discover-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe('secure-ws-scan discover', () => {
  it('SC-01 SC-08 finds what the page, its scripts and common paths have, on the named host alone', async () => {
    const { host, other, asked, upgrades } = await startApplication();
    const { status, out, notes } = await run('discover', `http://${host}/`, '--json', '--rate', '100');
    expect(status).toBe(0);
    const found = JSON.parse(out) as Discovery;
    expect(found.endpoints.map(({ url, state, status: code, from }) => [url, state, code, from])).toEqual([
      [`ws://${host}/orders`, 'open', 101, ['script /assets/index-1a.js']],
      [`ws://${host}/rooms/live`, 'unknown', 404, ['script /assets/Chat-2b.js']],
      [`ws://${host}/rooms/live/websocket`, 'unknown', 404, ['script /assets/Chat-2b.js']],
      [`ws://${host}/ws`, 'open', 101, ['common path']],
      [`ws://${host}/graphql`, 'refuses', 401, ['common path']],
    ]);
    expect(found.elsewhere).toEqual(['wss://push.example.com/feed', 'ws://127.0.0.9/by-scheme']);
    expect(other.asked).toEqual([]);
    expect(asked).toEqual(['/', '/assets/index-1a.js', '/moved.js', '/assets/Chat-2b.js']);
    expect(notes).toContain(`leads to ${other.host}, which was not named: it was not followed.`);
    expect(upgrades).toContain(`/orders http://${host}`);
  });

  it('SC-01 reads recordings and documents, asks for no path that nothing names, and lists it as text', async () => {
    const { host, upgrades } = await startApplication();
    const folder = await folderOfTest();
    const har = join(folder, 'r.har');
    const entry = { request: { url: `ws://${host}/graphql?token=secret` }, response: {}, _webSocketMessages: [] };
    const tls = { ...entry, request: { url: `wss://${host}/tls` } };
    await writeFile(har, JSON.stringify({ log: { entries: [entry, tls] } }));
    const document = join(folder, 'a.json');
    await writeFile(document, JSON.stringify({ asyncapi: '3.0.0', channels: { ws: { address: '/ws' } } }));
    const { status, out } = await run(
      ...['discover', `http://${host}/`, '--har', har, '--asyncapi', document],
      ...['--no-common-paths', '--rate', '100', '--origin', 'https://app.example.com'],
    );
    expect(status).toBe(0);
    expect(out.split('\n').slice(0, 2)).toEqual([
      `refuses  401  ws://${host}/graphql  (har)`,
      `open     101  ws://${host}/ws  (asyncapi)`,
    ]);
    expect(out).toContain('elsewhere     wss://push.example.com/feed  (not contacted: its address was not named)');
    // It is on the named host and port, with another scheme: no byte of TLS goes there, nor one in the clear where it was https://.
    expect(out).toContain(`elsewhere     wss://${host}/tls  (not contacted: its address was not named)`);
    expect(out).toContain(`elsewhere     ws://127.0.0.9/by-scheme  (not contacted: its address was not named)`);
    expect(upgrades[0]).toBe('/secure-ws-scan-no-such-path https://app.example.com');
    expect(upgrades.some((path) => path.startsWith('/cable'))).toBe(false);
  });

  it('SC-02 says so where nothing is found, every path is one, or it may ask for nothing more', async () => {
    const silent = await listen((_, response) => response.end('nothing'));
    expect(await run('discover', `http://${silent.host}/`, '--rate', '100')).toMatchObject({
      status: 2,
      out: `No WebSocket was found on http://${silent.host}/.`,
    });
    const every = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => every.close());
    await once(every, 'listening');
    const url = `ws://127.0.0.1:${(every.address() as AddressInfo).port}/`;
    const all = await run('discover', url, '--rate', '100');
    expect([all.status, all.notes]).toEqual([2, expect.stringContaining('takes a handshake on every path.')]);
    const few = await run('discover', url, '--rate', '100', '--connections', '3');
    expect(few.notes).toContain('The scan has opened 3 connections, as many as it may');
  });

  it('writes what --endpoints of a scan takes: each one on the named host is scanned, with a report of its own', async () => {
    const { host } = await startApplication();
    const folder = await folderOfTest();
    const file = join(folder, 'found.json');
    expect((await run('discover', `http://${host}/`, '--output', file, '--rate', '100')).status).toBe(0);
    const found = JSON.parse(await readFile(file, 'utf8')) as { endpoints: object[] };
    found.endpoints = [
      ...found.endpoints.slice(0, 1),
      ...found.endpoints.slice(3, 4),
      { url: 'ws://localhost:9/other' },
    ];
    await writeFile(file, JSON.stringify(found));
    const reports = join(folder, 'reports');
    await mkdir(reports);
    const args = [`ws://${host}`, '--endpoints', file, '--rate', '100', '--wait', '10', '--connections', '5'];
    const scanned = await run(...args, '--output', join(reports, 'scan.json'));
    expect(scanned.status).toBeGreaterThan(0);
    expect(scanned.out).toContain(`ws://${host}/orders`);
    expect(scanned.out).not.toContain('localhost:9');
    const names = (await readdir(reports)).sort();
    expect(names).toEqual(['scan.1-orders.json', 'scan.2-ws.json']);
    // SC-02: what was given is for both together.
    const texts = await Promise.all(names.map((name) => readFile(join(reports, name), 'utf8')));
    const spent = texts.map((text) => (JSON.parse(text) as { spent: { connections: number } }).spent.connections);
    expect(spent).toEqual([2, 3]);
    // SC-03: each beside the earlier report of its own.
    const again = await run(...args, '--baseline', reports);
    expect(again.notes).toMatch(
      /endpoint {3}ws:\/\/\S+\/orders: .*as before[^]*endpoint {3}ws:\/\/\S+\/ws: .*as before/,
    );
    await rm(join(reports, 'scan.2-ws.json'));
    const more = await run(...args, '--baseline', reports);
    expect([more.status, more.notes]).toEqual([1, expect.stringMatching(/\/ws: it is new/)]);
  });

  it.each([
    [['discover'], 'takes one page'],
    [['discover', 'https://app.example.com'], '--i-am-allowed'],
    [['discover', 'http://localhost', '--origin', 'https://a.example/path'], '--origin is an origin'],
    [['discover', 'http://localhost', '--output', 'a.txt'], 'ends in .json'],
    [['discover', 'http://localhost', '--har', '/no/such.har'], '--har /no/such.har cannot be read: ENOENT'],
    [['ws://localhost', '--endpoints', '/no/such.json'], '--endpoints /no/such.json cannot be read: ENOENT'],
    [['ws://localhost', '--endpoints', 'package.json', '--json'], 'give --output'],
    [['ws://localhost', '--endpoints', 'package.json'], 'it has no "endpoints"'],
  ])('refuses %j', async (args, says) => {
    const { status, notes } = await run(...args);
    expect([status, notes]).toEqual([2, expect.stringContaining(says)]);
  });

  it('says that a document is YAML, and shows its help', async () => {
    const file = join(await folderOfTest(), 'a.yaml');
    await writeFile(file, 'asyncapi: 3.0.0');
    expect((await run('discover', 'http://localhost', '--asyncapi', file)).notes).toContain('YAML');
    expect(await run('discover', '--help')).toEqual({ status: 0, out: DISCOVER_HELP, notes: '' });
  });
});
