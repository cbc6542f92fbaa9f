import { Inject, Injectable } from '@nestjs/common';
import { type PrincipalInput, WsRevocationService, WsTicketService } from '@secure-ws/nestjs';
import { CHAT_SETTINGS, type ChatSettings } from '../chat-settings.js';
import { AccountServerClient, type AccountServerTokens } from './account-server-client.js';
import type { Session } from './sessions.service.js';

/** What opens the WebSocket, and refreshes it in place: a ticket, or an access token of the account server. */
export interface SocketCredential {
  readonly scheme: 'ticket' | 'bearer';
  readonly value: string;
}

/** How many log-ins of the account server are remembered. */
const MAX_TOKENS = 10_000;

/** Makes what the pages of a session open their WebSocket with, and ends what was opened. */
@Injectable()
export class SocketCredentials {
  /** By session. In memory: after a restart the sessions get tickets, as those of a password do. */
  readonly #tokens = new Map<string, AccountServerTokens>();

  constructor(
    private readonly accountServer: AccountServerClient,
    private readonly tickets: WsTicketService,
    private readonly revocations: WsRevocationService,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
  ) {}

  /** Keeps the tokens of a log-in at the account server. */
  keep(session: Session, tokens: AccountServerTokens): void {
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size < MAX_TOKENS) break;
      this.#tokens.delete(oldest);
    }
    this.#tokens.set(session.id, tokens);
  }

  /**
   * Makes a fresh credential.
   *
   * @param origin of the request, to which a ticket is bound.
   * @throws UnauthorizedException where the log-in at the account server is over, ServiceUnavailableException where that is away.
   */
  async issue(session: Session, origin: string | undefined): Promise<SocketCredential> {
    const tokens = this.#tokens.get(session.id);
    if (tokens === undefined) return { scheme: 'ticket', value: await this.#ticket(session, origin) };
    const fresh = await this.accountServer.refresh(tokens);
    this.#tokens.set(session.id, fresh);
    return { scheme: 'bearer', value: fresh.accessToken };
  }

  /** Closes every connection of a session, in all tabs and on all nodes. */
  async end({ id }: Pick<Session, 'id'>): Promise<void> {
    await this.revocations.logOut({ issuer: this.settings.publicUrl, sessionId: id });
    const tokens = this.#tokens.get(id);
    const { accountServer } = this.settings;
    if (tokens === undefined || accountServer === undefined) return;
    this.#tokens.delete(id);
    await this.revocations.logOut({ issuer: accountServer.issuer, sessionId: tokens.sessionId });
    // The log-out holds here in any case.
    await this.accountServer.revoke(tokens).catch(() => undefined);
  }

  /** Who a session is, for a ticket. */
  principalOf({ id, account, expiresAt }: Session): PrincipalInput {
    const now = Date.now();
    return {
      issuer: this.settings.publicUrl,
      id: account.id,
      sessionId: id,
      roles: account.roles,
      issuedAt: now,
      // The connection ends then, unless the page refreshes it: a session that is over stays connected no longer than this.
      expiresAt: Math.min(now + this.settings.accessMs, expiresAt.getTime()),
    };
  }

  async #ticket(session: Session, origin: string | undefined): Promise<string> {
    return (await this.tickets.issue(this.principalOf(session), { origin })).ticket;
  }
}
