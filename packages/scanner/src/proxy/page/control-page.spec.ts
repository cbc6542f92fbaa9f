import { on, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { TrafficDesk } from '../desk/traffic-desk.js';
import { ControlPage } from './control-page.js';

async function start() {
  const desk = new TrafficDesk({ rules: [], holdMs: 1000, after: () => () => undefined });
  const page = new ControlPage(desk, 'ws://localhost:3000/chat');
  onTestFinished(() => page.close());
  return { desk, url: new URL(await page.listen(0)) };
}

/** As a browser or a program asks; `fetch()` would not let a test say the fields. */
async function get(url: URL, headers: Record<string, string> = {}, method = 'GET'): Promise<IncomingMessage> {
  const asked = request(url, { headers, method }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  return answer;
}

/** What becomes of a socket: `open`, or the status of the refusal. */
async function outcomeOf(url: URL, options: object): Promise<string> {
  const socket = new WebSocket(url.href.replace('http', 'ws'), options);
  onTestFinished(() => socket.terminate());
  socket.on('error', () => undefined);
  return Promise.race([
    once(socket, 'open').then(() => 'open'),
    once(socket, 'unexpected-response').then((said) => String((said[1] as IncomingMessage).statusCode)),
  ]);
}

describe('ControlPage', () => {
  it('serves the page and its files to whoever has its address, with a policy that lets nothing else in', async () => {
    const { url } = await start();
    expect(url.hostname).toBe('127.0.0.1');
    expect(url.pathname).toMatch(/^\/[\w-]{32}\/$/);
    for (const name of ['', 'main.js', 'connection.js', 'elements.js', 'page.css']) {
      const { statusCode, headers } = await get(new URL(name, url));
      expect([name, statusCode]).toEqual([name, 200]);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    }
  });

  it.each<[what: string, change: (url: URL) => URL, headers?: Record<string, string>, method?: string]>([
    ['another token', (url) => new URL(`/${'A'.repeat(32)}/`, url)],
    ['no token', (url) => new URL('/', url)],
    ['a file that there is not', (url) => new URL('package.json', url)],
    ['a way out of the folder', (url) => new URL(`${url.href}%2e%2e%2fpackage.json`)],
    ['the name of a stranger', (url) => url, { host: 'evil.example' }],
    ['the name of a stranger with the port', (url) => url, { host: 'evil.example:80' }],
    ['another site', (url) => url, { 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', (url) => url, { 'sec-fetch-site': 'same-site' }],
    ['another method', (url) => url, {}, 'POST'],
  ])('answers nothing to %s', async (_, change, headers = {}, method = 'GET') => {
    const { url } = await start();
    expect((await get(change(url), headers, method)).statusCode).toBe(404);
  });

  it('opens its socket for its own page alone', async () => {
    const { url } = await start();
    const socket = new URL('socket', url);
    const elsewhere = new URL(`/${'A'.repeat(32)}/socket`, url);
    const origin = url.origin;
    expect(await outcomeOf(socket, { origin })).toBe('open');
    expect(await outcomeOf(socket, {})).toBe('404');
    expect(await outcomeOf(socket, { origin: 'https://evil.example' })).toBe('404');
    expect(await outcomeOf(socket, { origin: 'null' })).toBe('404');
    expect(await outcomeOf(socket, { origin: origin.replace('127.0.0.1', 'localhost') })).toBe('404');
    expect(await outcomeOf(socket, { origin: 'http://evil.example', headers: { host: 'evil.example' } })).toBe('404');
    expect(await outcomeOf(elsewhere, { origin })).toBe('404');
    for (let index = 1; index < 8; index++) expect(await outcomeOf(socket, { origin })).toBe('open');
    expect(await outcomeOf(socket, { origin })).toBe('503');
  });

  it.each(['no JSON', 'null', '{"do":"explode"}', '{"do":"forward","id":"1"}'])(
    'ends a page that says %s',
    async (text) => {
      const { url } = await start();
      const socket = new WebSocket(new URL('socket', url).href.replace('http', 'ws'), { origin: url.origin });
      onTestFinished(() => socket.terminate());
      await once(socket, 'open');
      socket.send(text);
      expect(((await once(socket, 'close')) as [number])[0]).toBe(1008);
    },
  );

  it('tells what happens, without credentials, and gives the whole text to whoever edits', async () => {
    const { url, desk } = await start();
    const leave = desk.connect(1, { redact: () => 'redacted', inject: () => Promise.resolve(0) });
    desk.breakOn({});
    const decision = desk.decide(
      { connection: 1, direction: 'to-server', isBinary: false, data: Buffer.from('the secret') },
      new AbortController().signal,
    );
    const socket = new WebSocket(new URL('socket', url).href.replace('http', 'ws'), { origin: url.origin });
    onTestFinished(() => socket.terminate());
    const told = on(socket, 'message');
    const next = async (): Promise<object> => {
      const { value } = (await told.next()) as { readonly value: readonly [data: Buffer] };
      return JSON.parse(value[0].toString()) as object;
    };
    expect(await next()).toMatchObject({
      kind: 'begin',
      target: 'ws://localhost:3000/chat',
      lines: [{ id: 1, state: 'held', shown: 'redacted' }],
      connections: [1],
    });
    socket.send('{"do":"show","id":1}');
    expect(await next()).toEqual({ kind: 'text', id: 1, isBinary: false, text: 'the secret' });
    socket.send('{"do":"show","id":7}');
    expect(await next()).toEqual({ kind: 'text', id: 7, isBinary: false, text: null });
    leave();
    socket.send('{"do":"drop","id":1}');
    // Of a connection that is gone nobody knows the credentials: what was shown before stays.
    expect(await next()).toMatchObject({ kind: 'line', line: { id: 1, state: 'dropped', shown: 'redacted' } });
    expect(await next()).toMatchObject({ kind: 'said', says: '1 was dropped.' });
    expect(await decision).toMatchObject({ kind: 'drop' });
  });
});
