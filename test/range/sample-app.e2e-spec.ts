import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScanResult } from '@secure-ws/scanner';
import { expect, it, onTestFinished } from 'vitest';
import { startChat } from '../support/chat.js';

const COMMAND = fileURLToPath(new URL('../../packages/scanner/dist/command/secure-ws-scan.js', import.meta.url));

interface Answer {
  readonly location: string;
  readonly cookies: readonly string[];
  readonly body: string;
}

/** Asks the chat, whose certificate is its own. */
function ask(url: string, ca: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, ca, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      const cookies = (response.headers['set-cookie'] ?? []).map((line) => line.split(';')[0] ?? '');
      response.once('end', () => resolve({ location: response.headers.location ?? '', cookies, body }));
    });
    sent.once('error', reject).end();
  });
}

/** Chooses the first account on the pages of the account server. @returns where the browser is sent in the end. */
async function choose(url: string): Promise<string> {
  const jar = new Map<string, string>();
  const visit = async (address: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(address, { ...init, redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      jar.set(name, value);
    }
    return response;
  };
  const next = (response: Response): string => new URL(response.headers.get('location') ?? '', url).href;
  const page = next(await visit(url));
  const [, account = ''] = /value="([^"]+)"/.exec(await (await visit(page)).text()) ?? [];
  return next(await visit(next(await visit(page, { method: 'POST', body: new URLSearchParams({ account }) }))));
}

/** An access token for the chat: unlike a ticket it opens more than one connection. */
async function tokenFor(chat: { readonly url: string; readonly certificate: string }): Promise<string> {
  const { url, certificate } = chat;
  const begun = await ask(`${url}/api/account-server/start`, certificate, { 'sec-fetch-site': 'same-origin' });
  const returned = await ask(await choose(begun.location), certificate, { cookie: begun.cookies[0] ?? '' });
  const own = { cookie: returned.cookies[1] ?? '', origin: url };
  const { body } = await ask(`${url}/api/socket-credential`, certificate, own, 'POST');
  const { scheme, value } = JSON.parse(body) as { readonly scheme: string; readonly value: string };
  expect(scheme).toBe('bearer');
  return value;
}

// It waits as long as the limit of handshakes says.
it('SC-06 the sample app gets an A, over TLS', { timeout: 300_000 }, async () => {
  const chat = await startChat();
  onTestFinished(() => chat.close());
  const folder = await mkdtemp(join(tmpdir(), 'scan-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  await writeFile(at('ca.pem'), chat.certificate);
  const messages = ['general', 'no-such-room'].map((roomId, id) => ({ event: 'room.join', data: { roomId }, id }));
  await writeFile(at('messages.json'), JSON.stringify(messages));
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: at('ca.pem'), TOKEN: await tokenFor(chat) };
  const args = [`${chat.url.replace('https:', 'wss:')}/chat`, '--origin', chat.url, '--token', 'env:TOKEN'];
  const outputs = ['--messages', at('messages.json'), '--output', at('report.json')];
  const notes = await new Promise<string>((resolve) => {
    execFile(process.execPath, [COMMAND, ...args, ...outputs], { env }, (_, __, stderr) => resolve(stderr));
  });
  expect(notes).toContain('plaintext: ');
  const { outcomes, grade } = JSON.parse(await readFile(at('report.json'), 'utf8')) as ScanResult;
  const idsOf = (wanted: string): readonly string[] =>
    outcomes.filter(({ outcome }) => outcome === wanted).map(({ check }) => check);
  expect(idsOf('finding')).toEqual([]);
  expect(idsOf('passed')).toEqual(
    expect.arrayContaining(['plaintext', 'foreign-origin', 'unauthenticated', 'handshake-rate', 'error-leaks']),
  );
  expect(grade).toMatchObject({ letter: 'A', points: 100 });
});
