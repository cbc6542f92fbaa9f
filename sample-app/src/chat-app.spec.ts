import { randomBytes } from 'node:crypto';
import { request, type RequestOptions } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge } from 'altcha-lib/types';
import type { SocketCredential } from './accounts/socket-credentials.js';
import { createChatApp, type ChatApp } from './chat-app.js';
import { DEMO_USERS } from './demo/demo-users.js';

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

describe('the chat over HTTPS', () => {
  let chat: ChatApp;
  const [alice] = DEMO_USERS;

  beforeAll(async () => {
    chat = await createChatApp({ port: 0, httpPort: 0, database: 'memory', logger: false });
    // Real work on a machine that may be busy: a deadline would measure the machine.
  }, Infinity);

  afterAll(() => chat.close());

  function send(path: string, options: RequestOptions = {}, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, chat.url), { ca: chat.certificate, ...options }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
      });
      if (body !== undefined) sent.setHeader('Content-Type', 'application/json');
      sent.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  const post = (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    send(path, { method: 'POST', headers }, body);

  async function logIn(username: string, password: string): Promise<{ ticket: string; cookie: string; line: string }> {
    const { status, headers, body } = await post('/api/login', { username, password });
    expect(status).toBe(200);
    const line = headers['set-cookie']?.[0] ?? '';
    return { ticket: credentialOf(body).value, cookie: line.split(';')[0] ?? '', line };
  }

  function credentialOf(body: string): SocketCredential {
    const answer = JSON.parse(body) as SocketCredential & { credential?: SocketCredential };
    return answer.credential ?? answer;
  }

  /** Whether a ticket opens the chat for a program. */
  function connects(ticket: string): Promise<boolean> {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      Authorization: `Ticket ${ticket}`,
    };
    return new Promise((resolve, reject) => {
      const sent = request(new URL('/chat', chat.url), { ca: chat.certificate, headers });
      sent.once('upgrade', (_, socket) => {
        socket.destroy();
        resolve(true);
      });
      sent.once('response', (response) => {
        response.resume();
        resolve(false);
      });
      sent.once('error', reject).end();
    });
  }

  it('TR-01 the certificate is checked by these tests, and TLS 1.1 is refused', async () => {
    await expect(send('/', { ca: [] })).rejects.toThrow('self-signed');
    await expect(send('/', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' })).rejects.toThrow(/protocol/);
  });

  it('serves the page and the modules that it imports', async () => {
    for (const path of [
      '/',
      '/js/main.js',
      '/vendor/protocol/index.js',
      '/vendor/dompurify/purify.es.mjs',
      '/vendor/altcha/pow.js',
    ]) {
      const { status, headers } = await send(path);
      expect([path, status]).toEqual([path, 200]);
      expect(headers['content-type']).toMatch(/^text\/(html|javascript)/);
    }
  });

  it.each(['/../package.json', '/.data/certificate-key.pem', '/vendor/protocol/.tsbuildinfo', '/js/', '/nothing'])(
    'serves nothing else: %s',
    async (path) => expect([403, 404]).toContain((await send('/', { path })).status),
  );

  it('sends HSTS and a policy without inline code, and does not say what it runs on', async () => {
    const { headers } = await send('/');
    const policy = String(headers['content-security-policy']);
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`connect-src 'self' ${chat.url.replace('https:', 'wss:')}`);
    expect(policy).not.toContain('unsafe');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it('answers 421 for a host that is not its own (DNS rebinding)', async () => {
    expect((await send('/', { headers: { Host: 'evil.example' }, servername: 'localhost' })).status).toBe(421);
  });

  it('logs in: a cookie that scripts cannot read, and a ticket that opens the chat once', async () => {
    const { ticket, line } = await logIn(alice?.username ?? '', alice?.password ?? '');
    expect(line).toMatch(/^__Host-chat-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=28800$/);
    expect(await connects(ticket)).toBe(true);
    expect(await connects(ticket)).toBe(false);
  });

  it('answers alike for a wrong password and for an unknown user', async () => {
    const [wrong, unknown] = [
      await post('/api/login', { username: 'bob', password: 'wrong' }),
      await post('/api/login', { username: 'nobody', password: 'wrong' }),
    ];
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(wrong.body).toBe(unknown.body);
    expect(wrong.headers['set-cookie']).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['no body', undefined],
    ['no password', { username: 'alice' }],
    ['an object as user name', { username: { $ne: null }, password: 'x' }],
    ['an array as password', { username: 'alice', password: ['x'] }],
    ['an unknown property', { username: 'alice', password: 'x', admin: true }],
    ['a password of 129 characters', { username: 'alice', password: 'x'.repeat(129) }],
    ['a list', []],
  ])('refuses a log-in with %s', async (_, body) => {
    const { status, body: answer } = await post('/api/login', body);
    expect(status).toBe(400);
    expect(answer).not.toContain('admin');
  });

  it('refuses a body that is too big, or a form of another page', async () => {
    expect((await post('/api/login', { username: 'alice', password: 'x'.repeat(5000) })).status).toBe(413);
    const headers = { 'Content-Type': 'text/plain' };
    expect((await post('/api/login', undefined, headers)).status).toBe(400);
  });

  it('AN-10 asks for a proof of work after five failures for one user, and not the others', async () => {
    const statuses: unknown[] = [];
    for (let i = 0; i < 6; i++)
      statuses.push((await post('/api/login', { username: 'mallory', password: 'x' })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 428]);
    const asked = await post('/api/login', { username: 'mallory', password: 'x' });
    const { challenge } = JSON.parse(asked.body) as { challenge: Challenge };
    const solution = await solveChallenge({ challenge, deriveKey });
    const solved = Buffer.from(JSON.stringify({ challenge, solution })).toString('base64url');
    const body = { username: 'mallory', password: 'x', solution: solved };
    expect((await post('/api/login', { ...body, solution: 'x' })).status).toBe(428);
    expect((await post('/api/login', body)).status).toBe(401);
    expect((await post('/api/login', body)).status).toBe(428);
    await logIn(alice?.username ?? '', alice?.password ?? '');
  }, 20_000);

  it('gives a ticket and the rooms for the cookie, until the log-out', async () => {
    const { cookie } = await logIn('bob', 'demo-bob-2026');
    const own = { cookie, origin: chat.url, 'sec-fetch-site': 'same-origin' };
    const minted = await post('/api/socket-credential', undefined, own);
    expect(credentialOf(minted.body)).toMatchObject({ scheme: 'ticket' });
    // It was made for a page, and a program has none.
    expect(await connects(credentialOf(minted.body).value)).toBe(false);
    expect(minted.headers['cache-control']).toBe('no-store');
    const rooms = await send('/api/rooms', { headers: own });
    expect(JSON.parse(rooms.body)).toEqual([
      { id: 'general', name: 'General', member: true },
      { id: 'support', name: 'Support', member: true },
      { id: 'board', name: 'Board', member: false },
    ]);
    expect((await post('/api/logout', undefined, own)).status).toBe(204);
    expect((await post('/api/socket-credential', undefined, own)).status).toBe(401);
    expect((await post('/api/logout-everywhere', undefined, own)).status).toBe(401);
    expect((await send('/api/rooms', { headers: own })).status).toBe(401);
    expect((await send('/api/session', { headers: own })).body).toBe('{"user":null,"accountServer":true}');
  });

  it.each<[string, Record<string, string>]>([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another port of this host', { origin: 'https://localhost:1', 'sec-fetch-site': 'same-site' }],
    ['nobody knows where', {}],
  ])('gives nothing to a page of %s', async (_, headers) => {
    const { cookie } = await logIn('carol', 'demo-carol-2026');
    for (const path of ['socket-credential', 'logout-everywhere', 'challenge'])
      expect((await post(`/api/${path}`, undefined, { ...headers, cookie })).status).toBe(403);
  });
});
