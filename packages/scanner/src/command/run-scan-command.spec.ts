import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import ajv from 'ajv-draft-04';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { CHECKS } from '../checks/registry.js';
import { readMessages } from './read-messages.js';
import { runCommand } from './run-command.js';
import { DIFF_HELP } from './run-diff-command.js';
import { HELP } from './run-scan-command.js';

interface Run {
  readonly status: number;
  readonly out: string;
  readonly notes: string;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): Promise<Run> {
  const out: string[] = [];
  const notes: string[] = [];
  const status = await runCommand(args, {
    env,
    stdin: Readable.from([input]),
    out: (line) => void out.push(line),
    note: (line) => void notes.push(line),
    untilStopped: () => Promise.resolve(),
  });
  return { status, out: out.join('\n'), notes: notes.join('\n') };
}

/** A server without any protection. It says what `say` says to every message. */
async function startServer(
  say = '{"event":"error"}',
  onClient: (client: WebSocket) => void = () => undefined,
): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (client, request) => {
    requests.push(request);
    onClient(client);
    client.on('error', () => client.terminate()).on('message', () => client.send(say));
  });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests };
}

const FAST = ['--rate', '100', '--wait', '50'];

const require = createRequire(import.meta.url);

/** The schema of OASIS, as a package of Microsoft's has it. */
function sarifErrors(report: unknown): unknown {
  const validate = new ajv.default({ strict: false, unicodeRegExp: false, validateFormats: false }).compile(
    require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json') as object,
  );
  validate(report);
  return validate.errors;
}

// Scans a real server, and waits for what it does not say.
describe('secure-ws-scan', { timeout: 120_000 }, () => {
  it('SC-03 SC-07 reports in the terminal what it found, the worst first, and nothing that drives it', async () => {
    const { url } = await startServer('{"event":"error","data":"\u001b[2J\u202e at /usr/src/app/a.js:1:2"}');
    const { status, out } = await run([url, ...FAST, '--for', 'ws']);
    expect(status).toBe(1);
    const lines = out.split('\n');
    expect(lines[0]).toBe(`${url}, which is taken to speak json`);
    expect(lines[2]).toBe('critical  foreign-origin: Pages of any web site may connect');
    expect(lines[4]).toBe('  Origin: https://evil.example -> 101');
    expect(out).toContain("  | const ORIGINS = new Set(['https://app.example.com']);");
    expect(out).toContain('not tested  plaintext: On the machine itself');
    expect(out).toContain('Grade F: ');
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(out).toContain('error-leaks');
  });

  it('SC-03 prints SARIF that the schema takes, with every check in it, and JSON', async () => {
    const { url } = await startServer();
    const { status, out } = await run([url, ...FAST, '--sarif', '--fail-on', 'never']);
    expect(status).toBe(0);
    const report = JSON.parse(out) as {
      runs: [
        {
          results: { ruleId: string; ruleIndex: number; kind: string; level: string }[];
          tool: { driver: { rules: { id: string }[] } };
        },
      ];
    };
    expect(sarifErrors(report)).toBeNull();
    // A schema that lets everything pass would prove nothing.
    expect(sarifErrors({ ...report, runs: [{ results: [{ level: 'fatal' }] }] })).not.toBeNull();
    const [{ results, tool }] = report.runs;
    expect(results.map(({ ruleId }) => ruleId)).toEqual(CHECKS.map(({ id }) => id));
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    expect(results.find(({ ruleId }) => ruleId === 'foreign-origin')).toMatchObject({ kind: 'fail', level: 'error' });
    // SC-04: what was not tested is no pass.
    expect(results.find(({ ruleId }) => ruleId === 'plaintext')).toMatchObject({
      kind: 'open',
      level: 'none',
    });
    const json = await run([url, ...FAST, '--json', '--connections', '3']);
    expect(JSON.parse(json.out)).toMatchObject({
      target: url,
      grade: { total: CHECKS.length },
      spent: { connections: 3 },
    });
  });

  it('SC-03 SC-08 writes a report in the form of each file, for its owner alone, and compares with an earlier one', async () => {
    const { url } = await startServer('{"event":"error","data":"<script>alert(1)</script>]]>&"}');
    const folder = await mkdtemp(join(tmpdir(), 'scan-'));
    const at = (name: string): string => join(folder, name);
    const names = ['a.html', 'a.json', 'a.sarif', 'a.txt', 'a.xml'];
    const first = await run([url, ...FAST, '--json', ...names.flatMap((name) => ['--output', at(name)])]);
    expect(first.status).toBe(1);
    expect((await readdir(folder)).sort()).toEqual(names);
    expect((await stat(at('a.html'))).mode & 0o777).toBe(0o600);
    expect(await readFile(at('a.json'), 'utf8')).toBe(`${first.out}\n`);
    expect(sarifErrors(JSON.parse(await readFile(at('a.sarif'), 'utf8')))).toBeNull();
    const html = await readFile(at('a.html'), 'utf8');
    expect(html).not.toMatch(/<script/);
    expect(await readFile(at('a.xml'), 'utf8')).toMatch(/<skipped message="On the machine itself/);
    const again = await run([url, ...FAST, '--json', '--baseline', at('a.json'), '--output', at('b.json')]);
    expect([again.status, again.notes]).toEqual([0, expect.stringContaining('known      foreign-origin (critical)')]);
    const elsewhere = await run([`${url}other`, ...FAST, '--baseline', at('a.json')]);
    expect([elsewhere.status, elsewhere.out]).toEqual([2, '']);
    expect(elsewhere.notes).toContain(`--baseline is a report of ${url}, and not of ${url}other`);
    // Of a server that was mended, and a new one beside it.
    for (const name of ['old', 'new']) await mkdir(at(name));
    const report = JSON.parse(first.out) as { target: string; outcomes: { check: string; outcome: string }[] };
    const write = (file: string, change: object): Promise<void> =>
      writeFile(at(file), JSON.stringify({ ...report, ...change }));
    const without = report.outcomes.filter(({ check }) => check !== 'foreign-origin');
    await write('old/a.json', { outcomes: without });
    await write('old/gone.json', { target: 'ws://gone/\u001b[2J' });
    await write('new/a.json', {});
    await write('new/b.json', { target: 'ws://b/' });
    const diff = await run(['diff', at('old'), at('new')]);
    expect(diff.status).toBe(1);
    expect(diff.out.split('\n')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^endpoint {3}ws:\/\/b\/: it is new, grade F/),
        expect.stringMatching(/^new {8}foreign-origin \(critical\): /),
        'gone       ws://gone/\\u001b[2J',
      ]),
    );
    expect((await run(['diff', at('a.json'), at('b.json'), '--json'])).status).toBe(0);
    await write('new/c.json', { target: 'ws://b/' });
    for (const [args, says] of [
      [['diff', at('old'), at('new')], 'holds two reports of ws://b/'],
      [['diff', at('old')], 'takes two reports or folders, and got 1'],
      [['diff', at('a.txt'), at('a.json')], 'it is not JSON'],
      [['diff', at('a.sarif'), at('a.json')], 'is not a report of secure-ws-scan in JSON'],
      [['diff', at('none'), at('a.json')], 'cannot be read: ENOENT'],
      [['diff', at('old'), at('new'), '--fail-on', 'bad'], 'low, medium, high, critical, never'],
    ] as const) {
      const { status, notes, out } = await run(args);
      expect([status, out, notes]).toEqual([2, '', expect.stringContaining(says)]);
      expect(notes).toContain('See secure-ws-scan diff --help.');
    }
    expect(await run(['diff', '--help'])).toEqual({ status: 0, out: DIFF_HELP, notes: '' });
  });

  it('SC-08 takes credentials from the environment, a file and standard input, and says none', async () => {
    const { url, requests } = await startServer();
    const file = join(await mkdtemp(join(tmpdir(), 'scan-')), 'cookie');
    await writeFile(file, 'sid=cookie-secret\n');
    const few = ['--connections', '2'];
    const both = await run([url, ...few, '--json', '--token', 'env:T', '--cookie', `file:${file}`], {
      T: 'token-secret',
    });
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer token-secret', cookie: 'sid=cookie-secret' });
    const piped = await run([url, ...few, '--json', '--token', '-'], {}, 'token-secret\n');
    expect(requests.at(-1)?.headers.authorization).toBe('Bearer token-secret');
    const offered = ['--subprotocol', 'env:T', '--subprotocol', 'org.example.orders.protocol.v1'];
    const browser = await run([url, ...few, '--json', ...offered], { T: 'token-secret' });
    expect(requests.at(-1)?.headers['sec-websocket-protocol']).toMatch(/^token-secret, ?org\.example/);
    for (const { out, notes } of [both, piped, browser]) expect(out + notes).not.toMatch(/token-secret|cookie-secret/);
  });

  it('SC-08 says no credential in the query of the target, where the server sends its address back', async () => {
    const { url } = await startServer('{"event":"done","data":"at /?ticket=one%2Dtime-ticket or one-time-ticket"}');
    const file = join(await mkdtemp(join(tmpdir(), 'scan-')), 'm.txt');
    await writeFile(file, '{"event":"a","data":1}\n');
    const { out } = await run([`${url}?ticket=one%2Dtime-ticket`, ...FAST, '--messages', file, '--json']);
    expect(out).toContain('at /?ticket=[redacted] or [redacted]');
    expect(out).not.toMatch(/one(?:%2D|-)time/);
  });

  it('SC-04 ends with 2 where too little was tested for a grade, and nothing was found', async () => {
    const { url } = await startServer();
    const { status, out } = await run([url, '--connections', '1']);
    expect(out).toContain('The scan has opened 1 connections');
    expect(out).toContain('No grade');
    expect(status).toBe(2);
  });

  it('SC-02 is not held up by a server that never stops talking', async () => {
    const { url } = await startServer('{"event":"error"}', (client) => {
      const timer = setInterval(() => client.send('{"tick":1}'), 5);
      client.on('close', () => clearInterval(timer));
    });
    const { status, out } = await run([url, ...FAST, '--json']);
    expect(status).toBe(1);
    const { outcomes } = JSON.parse(out) as { outcomes: { check: string; outcome: string }[] };
    expect(outcomes.find(({ check }) => check === 'broken-frames')).toMatchObject({ outcome: 'passed' });
  });

  it('reads messages by lines, and an array from a file of JSON', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'scan-'));
    const phoenix = '["1","1","room:1","phx_join",{}]';
    await writeFile(join(folder, 'lines.txt'), `${phoenix}\n\n{"event":"a"}\n`);
    await writeFile(join(folder, 'array.json'), JSON.stringify([phoenix, { event: 'a' }]));
    for (const file of ['lines.txt', 'array.json']) {
      expect(await readMessages(join(folder, file), 'ws://localhost')).toEqual([phoenix, '{"event":"a"}']);
    }
    await writeFile(join(folder, 'object.json'), '{}');
    await expect(readMessages(join(folder, 'object.json'), 'ws://localhost')).rejects.toThrow('not an array');
    await writeFile(join(folder, 'empty.txt'), '\n');
    await expect(readMessages(join(folder, 'empty.txt'), 'ws://localhost')).rejects.toThrow('holds 0 messages');
    await expect(readMessages(folder, 'ws://localhost')).rejects.toThrow('not a regular file');
    await writeFile(join(folder, 'a.har'), '{"log":{"entries":[]}}');
    await expect(readMessages(join(folder, 'a.har'), 'ws://localhost')).rejects.toThrow(
      'no text that was sent to ws://localhost',
    );
    await writeFile(join(folder, 'b.har'), '[]');
    await expect(readMessages(join(folder, 'b.har'), 'ws://localhost')).rejects.toThrow('it is no HAR');
  });

  it('SC-04 AZ-01 scans the other endpoints where one cannot be, and holds one against the lock that does not have it', async () => {
    const { url } = await startServer('{"event":"done"}');
    const folder = await mkdtemp(join(tmpdir(), 'scan-'));
    const at = (name: string): string => join(folder, name);
    const { host } = new URL(url);
    const urls = [`${url}a`, `${url}debug`, `ws://user:hidden-password@${host}/b`, `${url}c`];
    await writeFile(at('found.json'), JSON.stringify({ endpoints: urls.map((found) => ({ url: found })) }));
    const events = [{ event: 'x', access: { public: true } }];
    const endpoints = ['/a', '/c'].map((path) => ({ path, events }));
    await writeFile(at('lock.json'), JSON.stringify({ endpoints }));
    await writeFile(at('m.txt'), '{"event":"x"}\n');
    const args = [url, ...FAST, '--endpoints', at('found.json'), '--lock', at('lock.json'), '--messages', at('m.txt')];
    const { status, out, notes } = await run([...args, '--check', 'declared-access']);
    expect(out.split('\n').filter((line) => line.startsWith('ws://'))).toEqual(
      ['a', 'debug', 'c'].map((path) => expect.stringContaining(`${url}${path}, which`) as string),
    );
    expect(out).toContain('declared "not declared"');
    expect(notes).toContain(`ws://${host}/b: The target holds a password.`);
    expect(out + notes).not.toContain('hidden-password');
    expect(status).toBe(1);
    const quiet = await run([...args, '--check', 'certificate', '--fail-on', 'never']);
    expect(quiet.status).toBe(2);
    // Of one endpoint that was named a lock without it is a mistake.
    const one = await run([`${url}debug`, '--lock', at('lock.json')]);
    expect([one.status, one.notes]).toEqual([2, expect.stringContaining('has no endpoint /debug: it has /a, /c.')]);
  });

  it('SC-01 follows no redirect', async () => {
    const other = await startServer();
    const http = createServer();
    http.on('upgrade', (_, socket) =>
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${other.url}\r\nContent-Length: 0\r\n\r\n`),
    );
    await once(http.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void http.close());
    const { status, out } = await run([`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`, ...FAST]);
    expect(status).toBe(2);
    expect(out).toContain('The good handshake was refused (302): the server redirects');
    expect(out).toContain('No grade');
    expect(other.requests).toEqual([]);
  });

  it('SC-04 ends with 2 where nobody listens, or it is not HTTP', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => {
      server.close(resolve);
    });
    const { status, out } = await run([`ws://127.0.0.1:${port}/`]);
    expect(status).toBe(2);
    expect(out).toContain(`No connection to 127.0.0.1:${port}: ECONNREFUSED.`);
    expect(out).not.toContain('\npassed');
  });

  it.each<readonly [args: readonly string[], says: string]>([
    [[], 'takes one target'],
    [['ws://localhost', 'ws://localhost'], 'takes one target'],
    [['https://localhost'], 'ws:// or wss://'],
    [['wss://api.example.com'], '--i-am-allowed'],
    [['ws://localhost', '--token', 'abc'], 'env:NAME'],
    [['ws://localhost', '--token', 'env:MISSING'], 'is empty'],
    [['ws://localhost', '--token', 'env:BROKEN'], 'one line'],
    [['ws://localhost', '--cookie', 'file:/no/such/file'], 'cannot be read: ENOENT'],
    [['ws://localhost', '--token', '-', '--cookie', '-'], 'standard input'],
    [['ws://localhost', '--messages', '/no/such/file'], 'cannot be read: ENOENT'],
    [['ws://localhost', '--origin', 'app'], 'is an origin'],
    [['ws://localhost', '--origin', 'https://a\r\nX: y'], 'without blanks'],
    [['ws://localhost', '--subprotocol', 'a b'], 'without blanks'],
    [['ws://localhost', '--subprotocol', 'a,b'], 'commas'],
    [['ws://localhost', '--subprotocol', 'env:MISSING'], 'is empty'],
    [['ws://localhost', '--subprotocol', 'bearer.eyJh.eyJz.c2ln'], 'write env:NAME'],
    [['ws://localhost', '--subprotocol', '0f8fad5b-d9cb-469f-a165-70867728950e'], 'write env:NAME'],
    [['ws://localhost', '--subprotocol', 'env:TOKEN', '--subprotocol', 'env:TOKEN'], 'once'],
    [['ws://localhost', '--subprotocol-b', 'abc'], 'env:NAME'],
    [['ws://localhost', '--fail-on', 'bad'], 'low, medium, high, critical, never'],
    [['ws://localhost', '--for', 'express'], 'nest, ws, socket.io'],
    [['ws://localhost', '--rate', '0'], 'from 1 to 100'],
    [['ws://localhost', '--json', '--sarif'], 'two forms'],
    [['ws://localhost', '--output', 'report.pdf'], 'does not end in one of .txt, .json, .sarif, .xml, .html'],
    [['ws://localhost', '--output', '/no/such/folder/report.json'], 'cannot be written: ENOENT'],
    [['ws://localhost', '--baseline', '/no/such/report.json'], 'cannot be read: ENOENT'],
    [['ws://localhost', '--public-key', '/no/such/key.pem'], 'cannot be read: ENOENT'],
    [['ws://localhost', '--public-key', 'package.json'], 'is not a public key in PEM'],
    [['ws://localhost', '--signing-key', 'file:/no/such/key'], 'cannot be read: ENOENT'],
    [['ws://localhost', '--signing-key', 'abc'], 'env:NAME'],
    [['ws://localhost', '--idle', '601'], 'from 1 to 600'],
    [['ws://localhost', '--ca', '/no/such/ca.pem'], 'cannot be read: ENOENT'],
    [['ws://localhost', '--ca', 'package.json'], 'is not a certificate in PEM'],
    [['ws://localhost', '--plain-port', '65536'], 'from 1 to 65535'],
    [['ws://localhost', '--endpoints', 'a.json', '--logout-command', 'true'], 'give one of them'],
    [['ws://localhost', '--token', '-', '--token-b', '-'], '--token and --token-b cannot both be standard input'],
    [['ws://localhost', '--lock', '/no/such/lock'], 'cannot be read: ENOENT'],
    [['ws://localhost', '--no-such'], '--no-such'],
    [['ws://localhost', '--check', 'no-such'], 'There is no check no-such. There are: plaintext, '],
  ])('refuses %j', async (args, says) => {
    const { status, out, notes } = await run(args, { BROKEN: 'a\r\nX: y', TOKEN: 'abc' });
    expect([status, out]).toEqual([2, '']);
    expect(notes).toContain(says);
    expect(notes).toContain('--help');
  });

  it('shows its help', async () => {
    expect(await run(['--help'])).toEqual({ status: 0, out: HELP, notes: '' });
  });
});
