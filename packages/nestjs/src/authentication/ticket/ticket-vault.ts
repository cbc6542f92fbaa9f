import { createCipheriv, createDecipheriv, createHash, createHmac, type KeyObject, randomBytes } from 'node:crypto';
import { andThen, type Awaitable } from '../../core/awaitable.js';
import type { Principal } from '../../core/principal.js';
import type { SecureWsStore } from '../../store/secure-ws.store.js';

/** What a ticket stands for. */
export interface TicketContent {
  /** The block of the authenticator that takes it: a ticket for one gateway opens no other one. */
  readonly audience: string;
  /** The origin of the page; none for a client that sends none. */
  readonly origin?: string;
  /** The key of the only address that may use it. */
  readonly address?: string;
  readonly principal: Omit<Principal, 'key'>;
}

/** 256 random bits in base64url (OWASP ASVS 5.0 7.2.3 and 11.5.1 ask for 128). All of them are characters of a subprotocol. */
const SHAPE = /^[A-Za-z0-9_-]{43}$/;

/** What a store keeps at most. */
const MAX_VALUE_LENGTH = 16 * 1024;

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Keeps tickets in the store until they are used.
 *
 * The store has neither the ticket, only its SHA-256 (a secret of 256 random bits needs no slow hash), nor what it stands for
 * in the clear: that is encrypted and authenticated with a key that both the ticket and the server's secret go into. Whoever
 * reads the store opens no connection and learns no name, and whoever writes to it becomes nobody.
 */
export class TicketVault {
  /** @param keys at least one; the first seals. */
  constructor(
    private readonly store: SecureWsStore,
    private readonly keys: readonly KeyObject[],
  ) {}

  /**
   * Keeps what a ticket is to stand for.
   *
   * @returns the ticket.
   * @throws TypeError for a principal that is too large for the store; at once.
   * @throws SecureWsStoreError when the store has no answer; at once or as a rejection.
   */
  put(content: TicketContent, ttlMs: number): Awaitable<string> {
    const ticket = randomBytes(32).toString('base64url');
    const sealed = seal(JSON.stringify(content), sealingKey(this.keys[0] as KeyObject, ticket));
    if (sealed.length > MAX_VALUE_LENGTH) {
      throw new TypeError(
        'A ticket holds 12 KB at most: leave out of the principal what its connection does not need.',
      );
    }
    return andThen(this.store.put(storeKey(ticket), sealed, ttlMs), (isKept) => {
      if (isKept) return ticket;
      throw new Error('Two tickets of 256 random bits were the same: the random numbers are not random.');
    });
  }

  /**
   * Takes what a ticket stands for, so that nobody else does: of all who ask at once, one gets it (AN-05).
   *
   * @returns `undefined` for a ticket that was used, has lapsed or never was.
   */
  take(ticket: string): Awaitable<TicketContent | undefined> {
    return andThen(this.store.take(storeKey(ticket)), (sealed) => {
      const text = sealed === undefined ? undefined : this.#open(sealed, ticket);
      return text === undefined ? undefined : (JSON.parse(text) as TicketContent);
    });
  }

  #open(sealed: string, ticket: string): string | undefined {
    for (const key of this.keys) {
      const text = open(sealed, sealingKey(key, ticket));
      if (text !== undefined) return text;
    }
    return undefined;
  }
}

/** Whether a text can be a ticket. */
export function isTicket(text: string): boolean {
  return SHAPE.test(text);
}

function storeKey(ticket: string): string {
  return `ticket:${createHash('sha256').update(ticket).digest('base64url')}`;
}

/** One key for each ticket, so that no content can be moved to another one. */
function sealingKey(key: KeyObject, ticket: string): Buffer {
  return createHmac('sha256', key).update(`secure-ws ticket v1:${ticket}`).digest();
}

function seal(text: string, key: Buffer): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv);
  const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), encrypted]).toString('base64');
}

/** @returns `undefined` for what was not sealed with this key. Never throws: a store may hold anything. */
function open(sealed: string, key: Buffer): string | undefined {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}
