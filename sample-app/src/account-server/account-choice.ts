import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import type { Account } from '../accounts/account.js';
import type { AccountsService } from '../accounts/accounts.service.js';
import { CHAT_RESOURCE } from './account-server-settings.js';

const PATH = /^\/choose\/[\w-]{1,64}$/;

/** Longer than any answer of the page. */
const MAX_BODY_BYTES = 1024;

/** The page of the account server: who are you? DEMO ONLY: it takes everybody's word. */
export class AccountChoice {
  constructor(
    private readonly provider: Provider,
    private readonly accounts: AccountsService,
    private readonly chatUrl: string,
  ) {}

  /** The path of the page for one log-in. */
  static pathOf(uid: string): string {
    return `/choose/${uid}`;
  }

  /** Whether a request is for this page. */
  answers({ url = '' }: IncomingMessage): boolean {
    return PATH.test(url);
  }

  /** Answers a request for the page, or the choice that was made there. Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method === 'POST') await this.#finish(request, response);
      else await this.#show(request, response);
    } catch {
      // A log-in that has ended, or was begun in another browser: the cookie of the provider is not there.
      response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
      response.end('This log-in has ended. Please go back to the chat and begin again.\n');
    }
  }

  async #show(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.provider.interactionDetails(request, response);
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      // Chromium applies form-action to where the answer redirects as well.
      'Content-Security-Policy': `default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' ${this.chatUrl}`,
    });
    response.end(pageOf(await this.accounts.list()));
  }

  async #finish(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { params } = await this.provider.interactionDetails(request, response);
    const account = await this.accounts.find(new URLSearchParams(await read(request)).get('account') ?? '');
    if (account === undefined) throw new Error('There is no such account.');
    // A new grant for each log-in: it is the session of the tokens.
    const grant = new this.provider.Grant({ accountId: account.id, clientId: String(params['client_id']) });
    grant.addOIDCScope('openid');
    grant.addResourceScope(CHAT_RESOURCE, 'chat');
    const result = { login: { accountId: account.id, remember: false }, consent: { grantId: await grant.save() } };
    await this.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) {
    text += String(part);
    if (text.length > MAX_BODY_BYTES) throw new Error('The answer is too long.');
  }
  return text;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');

function pageOf(accounts: readonly Account[]): string {
  const choices = accounts.map(
    ({ id, displayName }) => `<button name="account" value="${escape(id)}">Continue as ${escape(displayName)}</button>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Demo account server</title>
<style>
  body { display: grid; min-height: 100vh; margin: 0; place-items: center; font: 1rem/1.5 system-ui, sans-serif; }
  form { display: grid; gap: 0.75rem; width: min(22rem, calc(100vw - 3rem)); }
  h1 { margin: 0; font-size: 1.5rem; }
  p { margin: 0 0 0.5rem; }
  button { min-height: 2.75rem; border: 1px solid GrayText; border-radius: 10px; background: Field; color: FieldText; font: inherit; cursor: pointer; }
  button:hover { background: Highlight; color: HighlightText; }
</style>
<form method="post">
<h1>Demo account server</h1>
<p>The chat asks who you are. This server stands for the log-in that a company has already, and takes your word.</p>
${choices.join('\n')}
</form>
</html>
`;
}
