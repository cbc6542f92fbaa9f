import { Injectable } from '@nestjs/common';
import { AttemptLimiter } from './attempt-limiter.js';

const MINUTE_MS = 60_000;

/** What a limiter says of an attempt. */
export interface LoginVerdict {
  /** 0 when it is allowed, else the milliseconds to wait. */
  readonly waitMs: number;
  /** Whether it must come with a proof of work. */
  readonly isSuspect: boolean;
}

/**
 * Limits log-ins: sixty attempts a minute for one address, and a proof of work after five failures in ten minutes for one
 * address and user (OWASP ASVS 5.0 6.3.1). No limit counts by user alone, or a stranger could lock a user out.
 */
@Injectable()
export class LoginLimiter {
  readonly #byAddress = new AttemptLimiter({ limit: 60, windowMs: MINUTE_MS });
  readonly #byUser = new AttemptLimiter({ limit: 5, windowMs: 10 * MINUTE_MS });

  /** Counts an attempt before the password is looked at, so that many at once do not slip through together. */
  take(address: string, username: string): LoginVerdict {
    const network = networkOf(address);
    const waitMs = this.#byAddress.take(network);
    return { waitMs, isSuspect: waitMs === 0 && this.#byUser.take(`${network} ${username}`) > 0 };
  }

  /** The log-in succeeded: it is not a failure. */
  succeeded(address: string, username: string): void {
    this.#byUser.giveBack(`${networkOf(address)} ${username}`);
  }
}

/** IPv6 counts by /64: one subscriber has 2^64 addresses. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  if (tail !== undefined) {
    const rest = tail.split(':').filter((group) => group !== '');
    while (groups.length + rest.length < 8) groups.push('0');
    groups.push(...rest);
  }
  return groups.slice(0, 4).join(':');
}
