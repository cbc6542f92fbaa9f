import type { KeyObject } from 'node:crypto';
import type { OptionReader } from '../../core/option-reader.js';
import { readSecretKeys, type SecretMaterial } from '../secret-keys.js';

/** OWASP ASVS 5.0 4.4.4 and the WebSocket cheat sheet: as short as the way from the page's request to its handshake. */
export const MAX_TICKET_TTL_MS = 60_000;

/** `authentication.tickets`: credentials that an HTTP route of the application hands out, each for one connection. */
export interface TicketOptions {
  /**
   * How long a ticket can be used, in milliseconds; at most 60,000.
   *
   * @default 30000
   */
  readonly ttlMs?: number;
  /**
   * What the contents of tickets are sealed with in a shared store: at least 32 random bytes, the same on every node. Without
   * it, whoever can write to the store could make a ticket for anybody. To change it, list the new one first.
   *
   * @default a random one of the process; required with `store.shared`
   */
  readonly secret?: SecretMaterial;
}

/** {@link TicketOptions}, checked and frozen. */
export interface ResolvedTicketOptions {
  readonly ttlMs: number;
  /** `undefined`: a random one of the process. */
  readonly keys: readonly KeyObject[] | undefined;
}

/**
 * Checks `authentication.tickets`. Problems go to the reader; nothing is thrown.
 *
 * @param module those of the module, where the reader is that of a gateway: it has none of its own to set.
 */
export function resolveTicketOptions(
  reader: OptionReader,
  module?: { readonly tickets: ResolvedTicketOptions | undefined },
): ResolvedTicketOptions | undefined {
  if (module !== undefined) {
    reader.finish();
    if (module.tickets !== undefined) return module.tickets;
    reader.problems.add(reader.path, 'needs the same in the options of the module.', 'authentication: { tickets: {} }');
    return undefined;
  }
  const ttlMs = reader.ms('ttlMs', 30_000, { max: MAX_TICKET_TTL_MS });
  const keys = readSecretKeys(reader, 'secret', 'TICKET_SECRET');
  if (keys === undefined && reader.has('secret')) {
    reader.fail('secret', 'is an empty list.', `${reader.pathOf('secret')}: process.env.TICKET_SECRET`);
  }
  reader.finish();
  return Object.freeze({ ttlMs, keys });
}
