import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Account } from './account.js';
import { readSessionCookie } from './session-cookie.js';

/** How long a log-in lasts. */
export const SESSION_MS = 8 * 3_600_000;

/** A log-in. */
export interface Session {
  /** Names the session in tokens and logs. It opens nothing. */
  readonly id: string;
  readonly account: Account;
  readonly expiresAt: Date;
}

interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  readonly username: string;
  readonly display_name: string;
  readonly roles: readonly string[];
  readonly expires_at: Date;
}

/** The log-ins of the pages. */
@Injectable()
export class SessionsService {
  constructor(private readonly database: Database) {}

  /** Starts a session. The returned token is the only copy: the database keeps its hash. */
  async start(account: Account): Promise<{ session: Session; token: string }> {
    const session: Session = { id: randomUUID(), account, expiresAt: new Date(Date.now() + SESSION_MS) };
    const token = randomBytes(32).toString('base64url');
    // Log-ins are rare and limited: the one place where ended sessions are swept.
    await this.database.query('DELETE FROM sessions WHERE expires_at <= now()');
    await this.database.query('INSERT INTO sessions (id, token_hash, user_id, expires_at) VALUES ($1, $2, $3, $4)', [
      session.id,
      hashOf(token),
      account.id,
      session.expiresAt,
    ]);
    return { session, token };
  }

  /** Finds the live session of a `Cookie` header. */
  async find(cookieHeader: string | undefined): Promise<Session | undefined> {
    const token = readSessionCookie(cookieHeader);
    if (token === undefined) return undefined;
    const [row] = await this.database.query<SessionRow>(
      `SELECT sessions.id, sessions.user_id, sessions.expires_at, users.username, users.display_name, users.roles
         FROM sessions JOIN users ON users.id = sessions.user_id
        WHERE sessions.token_hash = $1 AND sessions.expires_at > $2`,
      [hashOf(token), new Date()],
    );
    if (row === undefined) return undefined;
    const { user_id: id, username, display_name: displayName, roles } = row;
    const account = { id, username, displayName, roles };
    return { id: row.id, account, expiresAt: row.expires_at };
  }

  /** Ends every session of an account. @returns those that there were. */
  async endAll(account: Account): Promise<readonly { readonly id: string }[]> {
    return this.database.query<{ id: string }>('DELETE FROM sessions WHERE user_id = $1 RETURNING id', [account.id]);
  }

  /** Ends a session. */
  async end(id: string): Promise<void> {
    await this.database.query('DELETE FROM sessions WHERE id = $1', [id]);
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
