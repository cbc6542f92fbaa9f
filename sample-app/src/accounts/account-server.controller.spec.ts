import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccountServer } from '../account-server/account-server.js';
import { createChatApp, type ChatApp } from '../chat-app.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat-settings.js';
import { AccountServerClient } from './account-server-client.js';

/** Where an answer sends the browser, and the cookies that it sets. */
interface Redirect {
  readonly location: string;
  readonly cookies: readonly string[];
}

describe('the log-in at the account server', () => {
  let chat: ChatApp;
  beforeAll(async () => {
    chat = await createChatApp({ port: 0, httpPort: 0, database: 'memory', logger: false });
    // Real work on a machine that may be busy: a deadline would measure the machine.
  }, Infinity);
  afterAll(() => chat.close());

  /** Asks the chat, as a browser with these cookies does. */
  function get(url: string, cookie = '', headers: Record<string, string> = {}, method = 'GET'): Promise<Redirect> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { method, ca: chat.certificate, headers: { cookie, ...headers } }, (response) => {
        response.resume();
        const cookies = (response.headers['set-cookie'] ?? []).map((line) => line.split(';')[0] ?? '');
        resolve({ location: response.headers.location ?? String(response.statusCode), cookies });
      });
      sent.once('error', reject).end();
    });
  }

  /** Begins a log-in. */
  async function begin(): Promise<{ url: string; cookie: string }> {
    const { location, cookies } = await get(`${chat.url}/api/account-server/start`, '', {
      'sec-fetch-site': 'same-origin',
    });
    return { url: location, cookie: cookies[0] ?? '' };
  }

  /** Goes through the pages of the account server. @returns where it sends the browser in the end. */
  async function choose(url: string): Promise<string> {
    const jar = new Map<string, string>();
    const ask = async (address: string, init: RequestInit = {}): Promise<Response> => {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(address, { ...init, redirect: 'manual', headers: { cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
        jar.set(name, value);
      }
      return response;
    };
    const next = (response: Response): string => new URL(response.headers.get('location') ?? '', url).href;
    const page = next(await ask(url));
    const [, account = ''] = /value="([^"]+)"/.exec(await (await ask(page)).text()) ?? [];
    return next(await ask(next(await ask(page, { method: 'POST', body: new URLSearchParams({ account }) }))));
  }

  const FAILED = '/?log-in=failed';

  it('AN-04 logs in the browser that has begun it, once, and no other', async () => {
    const [mine, other] = [await begin(), await begin()];
    const answer = await choose(mine.url);
    expect(answer).toMatch(/^https:\/\/localhost:\d+\/api\/account-server\/return\?code=/);
    expect(await get(answer)).toMatchObject({ location: FAILED, cookies: ['__Host-chat-log-in='] });
    expect(await get(answer, other.cookie)).toMatchObject({ location: FAILED });
    const { location, cookies } = await get(answer, mine.cookie);
    expect(location).toBe('/');
    expect(cookies[1]).toMatch(/^__Host-chat-session=[\w-]{43}$/);
    expect((await get(answer, mine.cookie)).location).toBe(FAILED);
  });

  it('AN-04 takes no answer with another state, or to another log-in', async () => {
    const { url, cookie } = await begin();
    const answer = new URL(await choose(url));
    answer.searchParams.set('state', 'x');
    expect((await get(answer.href, cookie)).location).toBe(FAILED);
    const [first, second] = [await begin(), await begin()];
    const ofSecond = new URL(await choose(second.url));
    ofSecond.searchParams.set('state', new URL(first.url).searchParams.get('state') ?? '');
    expect((await get(ofSecond.href, first.cookie)).location).toBe(FAILED);
  });

  it('HS-02 is not begun by another site', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect((await get(`${chat.url}/api/account-server/start`, '', headers)).location).toBe('403');
  });

  it('tells a log-in that is over there from an account server that is away', async () => {
    const client = chat.app.get(AccountServerClient, { strict: false });
    const over = { accountId: 'alice', accessToken: '', refreshToken: 'revoked', sessionId: '' };
    await expect(client.refresh(over)).rejects.toMatchObject({ status: 401 });
    const { url, cookie } = await begin();
    const { cookies } = await get(await choose(url), cookie);
    const fresh = async (): Promise<string> =>
      (await get(`${chat.url}/api/socket-credential`, cookies[1], { origin: chat.url }, 'POST')).location;
    expect(await fresh()).toBe('200');
    // The page keeps trying then, and shows no log-in.
    await (chat.app.get<ChatSettings>(CHAT_SETTINGS, { strict: false }).accountServer as AccountServer).close();
    expect(await fresh()).toBe('503');
  });
});
