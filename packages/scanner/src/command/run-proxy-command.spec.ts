import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
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

/** A command that runs, as its user sees it. */
interface Running {
  readonly url: string;
  readonly page: string;
  readonly type: (line: string) => void;
  /** Waits for a line of either kind. */
  readonly says: (part: string) => Promise<string>;
}

/** Runs the command, and does something as a client of it until it is over. */
async function run(
  args: readonly string[],
  asClient: (url: string, running: Running) => Promise<void> = () => Promise.resolve(),
) {
  const out: string[] = [];
  const notes: string[] = [];
  const stdin = new PassThrough();
  let wake: () => void = () => undefined;
  const says = async (part: string): Promise<string> => {
    for (;;) {
      const line = [...out, ...notes].find((one) => one.includes(part));
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const add = (lines: string[]) => (line: string) => {
    lines.push(line);
    wake();
  };
  const status = await runCommand(['proxy', ...args], {
    ...{ env: {}, stdin, out: add(out), note: add(notes) },
    untilStopped: () => {
      const url = /ws:\/\/localhost:\d+/.exec(notes.join())?.[0] ?? '';
      const page = /http:\/\/\S+/.exec(notes.join())?.[0] ?? '';
      return asClient(url, { url, page, says, type: (line) => stdin.write(`${line}\n`) });
    },
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
      '#1 > 1 {"event":"chat","data":{"password":"[redacted]"}}',
      '#1 < 2 \\u001b[2Jdone',
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
    [['--target', 'ws://localhost', '--output', 'a.json'], '--output is a file that ends in .har'],
    [['--target', 'ws://localhost', '--keep-secrets'], 'give --output as well'],
    [['--target', 'ws://localhost', '--origin', 'app.example.com'], '--origin is an origin'],
    [['--target', 'ws://localhost', '--origin', 'https://app.example.com/'], '--origin is an origin'],
    [['--target', 'wss://localhost', '--ca', 'package.json'], '--ca package.json is not a certificate in PEM'],
    [['--target', 'wss://localhost', '--ca', '/no/such.pem'], '--ca /no/such.pem cannot be read: ENOENT'],
    [['--target', 'ws://localhost', '--no-page', '--page-port', '9'], '--no-page says that there is none'],
    [['--target', 'ws://localhost', '--hold-seconds', '3601'], 'from 1 to 3600'],
    [['--target', 'ws://localhost', '--rules', '/no/such/rules.json'], 'cannot be read: ENOENT'],
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

  it('does what rules say, and what is typed', async () => {
    const [target, folder] = [await startServer(), await folderOfTest()];
    const rules = join(folder, 'rules.json');
    await writeFile(
      rules,
      '{"rules":[{"name":"orders","event":"order","do":"break"},{"contains":"typing","do":"drop"}]}',
    );
    const { status, out, notes } = await run(['--target', target, '--rules', rules], async (url, { says, type }) => {
      const client = new WebSocket(url);
      await once(client, 'open');
      client.send('{"event":"typing"}');
      client.send('{"event":"order","data":1}');
      await says('#1 > 2 [held: orders]');
      type('l');
      type('x');
      await says('forward a held message');
      type('e 2 {"event":"order","data":2}');
      await says('2 was changed and forwarded.');
      type('r 2 3');
      // Each of them, and the changed one, has an answer.
      await says('#1 < 9 ');
      type('b to-client done');
      await says('Every message with done to the client is held from now on.');
      type('r 2');
      await says('#1 < 11 [held: break]');
      type('d 11');
      await says('11 was dropped.');
      type('d 11');
      await says('11 is not held.');
      type('u');
      await says('Nothing is held from now on but by rules.');
      type('r 1000');
      await says('1000 cannot be sent again');
      client.close();
      await once(client, 'close');
    });
    expect(status).toBe(0);
    expect(out).toContain('#1 > 1 [dropped: rule 2] {"event":"typing"}');
    expect(out).toContain('#1 > 2 [changed: by hand] {"event":"order","data":2}');
    expect(out.filter((line) => line.includes('[sent again]'))).toHaveLength(4);
    expect(notes).toContain('#1 > 2 [held: orders] {"event":"order","data":1}');
  });

  it('SC-08 says which rule is wrong, and has a page unless it is not wanted', async () => {
    const [target, folder] = [await startServer(), await folderOfTest()];
    const rules = join(folder, 'rules.json');
    await writeFile(rules, '{"rules":[{"do":"explode"}]}');
    const wrong = await run(['--target', target, '--rules', rules]);
    expect([wrong.status, wrong.notes]).toEqual([2, expect.stringContaining('rule 1: "do" is one of break')]);
    const answers: number[] = [];
    await run(['--target', target], async (_, { page }) => void answers.push((await fetch(page)).status));
    expect(answers).toEqual([200]);
    expect((await run(['--target', target, '--no-page'])).notes).not.toContain('http://');
  });

  it('says that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const file = join(await folderOfTest(), 'r.har');
    await writeFile(file, 'earlier');
    for (const option of ['--listen', '--page-port']) {
      const { status, notes } = await run(['--target', 'ws://localhost', '--output', file, option, String(port)]);
      expect([status, await readFile(file, 'utf8')]).toEqual([2, 'earlier']);
      expect(notes).toContain(`${option} ${port} cannot be listened on: EADDRINUSE`);
    }
  });

  it('shows its help', async () => {
    expect(await run(['--help'])).toEqual({ status: 0, out: [PROXY_HELP], notes: '' });
  });
});
