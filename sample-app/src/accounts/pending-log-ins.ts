import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';

/** A log-in at the account server that has begun: what only this app and its own answer may know. */
export interface PendingLogIn {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** How long somebody may take at the account server. */
export const PENDING_MS = 10 * 60_000;

/** How many log-ins may have begun at once. */
const MAX_PENDING = 1000;

/** The log-ins that have begun, each for the browser that began it (RFC 9700 section 4.7: log-in CSRF). */
@Injectable()
export class PendingLogIns {
  readonly #all = new Map<string, PendingLogIn & { readonly endsAt: number }>();

  /** Keeps one. @returns the secret of its browser. */
  keep(logIn: PendingLogIn): string {
    // The oldest comes first. Who floods this makes others begin again, and nothing else.
    for (const oldest of this.#all.keys()) {
      if (this.#all.size < MAX_PENDING) break;
      this.#all.delete(oldest);
    }
    const secret = randomBytes(32).toString('base64url');
    this.#all.set(secret, { ...logIn, endsAt: Date.now() + PENDING_MS });
    return secret;
  }

  /** Takes one, once. @returns `undefined` where there is none, or no more. */
  take(secret: string | undefined): PendingLogIn | undefined {
    const logIn = this.#all.get(secret ?? '');
    this.#all.delete(secret ?? '');
    return logIn !== undefined && logIn.endsAt > Date.now() ? logIn : undefined;
  }
}
