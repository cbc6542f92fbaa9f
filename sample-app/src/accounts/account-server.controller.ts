import { Controller, Get, Header, Inject, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CHAT_SETTINGS, type ChatSettings } from '../chat-settings.js';
import { SameOriginGuard } from '../web/same-origin.guard.js';
import { AccountServerClient } from './account-server-client.js';
import { AccountsService } from './accounts.service.js';
import { PENDING_MS, PendingLogIns } from './pending-log-ins.js';
import { cookieLine, LOG_IN_COOKIE, readCookie, setSessionCookie } from './session-cookie.js';
import { SESSION_MS, SessionsService } from './sessions.service.js';
import { SocketCredentials } from './socket-credentials.js';

/** The log-in at the account server: there, and back again. Its tokens stay here; the page gets a session. */
@Controller('api/account-server')
export class AccountServerController {
  constructor(
    private readonly client: AccountServerClient,
    private readonly pending: PendingLogIns,
    private readonly accounts: AccountsService,
    private readonly sessions: SessionsService,
    private readonly credentials: SocketCredentials,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
  ) {}

  /** Sends the browser to the account server. */
  @Get('start')
  @Header('Cache-Control', 'no-store')
  @UseGuards(SameOriginGuard)
  async start(@Res() response: Response): Promise<void> {
    const { url, logIn } = await this.client.begin();
    // Lax: the account server sends the browser back from another site, and a strict cookie would stay behind.
    response.setHeader('Set-Cookie', cookieLine(LOG_IN_COOKIE, this.pending.keep(logIn), 'Lax', PENDING_MS));
    response.redirect(303, url.href);
  }

  /** Takes the answer of the account server. Comes from another site, and is checked against the browser that began. */
  @Get('return')
  @Header('Cache-Control', 'no-store')
  async return(@Req() request: Request, @Res() response: Response): Promise<void> {
    const cookies = [cookieLine(LOG_IN_COOKIE, '', 'Lax', 0)];
    const logIn = this.pending.take(readCookie(request.headers.cookie, LOG_IN_COOKIE));
    const session = logIn === undefined ? undefined : await this.#finish(request, logIn).catch(() => undefined);
    if (session !== undefined) cookies.push(setSessionCookie(session, SESSION_MS));
    response.setHeader('Set-Cookie', cookies);
    response.redirect(303, session === undefined ? '/?log-in=failed' : '/');
  }

  async #finish(request: Request, logIn: Parameters<AccountServerClient['finish']>[1]): Promise<string | undefined> {
    // Never from the Host field: the redirect URI is the one that was registered.
    const tokens = await this.client.finish(new URL(request.originalUrl, this.settings.publicUrl), logIn);
    const account = await this.accounts.find(tokens.accountId);
    if (account === undefined) return undefined;
    const { session, token } = await this.sessions.start(account);
    this.credentials.keep(session, tokens);
    return token;
  }
}
