import { createHash } from 'node:crypto';
import type { SecureWsStore } from '../../store/secure-ws.store.js';
import { CLOCK_TOLERANCE_MS } from './read-notice.js';

/** A notice that may be acted on once. */
export interface OnceOnly {
  /** What kind it is of: the ids of two kinds are apart. */
  readonly kind: string;
  readonly issuer: string;
  readonly jti: string;
  /** How old it may be, in milliseconds: it is remembered for longer. */
  readonly maxAgeMs: number;
}

/**
 * Acts on a notice, unless it was acted on before, on any node.
 *
 * Where the store does not answer, it is acted on all the same, and the caller hears of the failure: what ends with a notice is
 * older than it, so that who replays one ends nothing else.
 *
 * @returns what was done, or `replayed`.
 * @throws what the store or the work throws; the notice may then come again.
 */
export async function actOnce(
  store: SecureWsStore,
  { kind, issuer, jti, maxAgeMs }: OnceOnly,
  act: () => Promise<number>,
): Promise<number | 'replayed'> {
  const id = createHash('sha256')
    .update(JSON.stringify([issuer, jti]))
    .digest('base64url');
  const key = `${kind}:${id}`;
  let isFirst: boolean;
  try {
    isFirst = (await store.put(key, '1', maxAgeMs + 2 * CLOCK_TOLERANCE_MS)) === true;
  } catch (cause) {
    // The store may have noted it, and only its answer be lost.
    await act();
    throw cause;
  }
  if (!isFirst) return 'replayed';
  try {
    return await act();
  } catch (cause) {
    // Otherwise the server, which comes again, would be refused as a replay, and what it ends would stay.
    await giveBack(store, key);
    throw cause;
  }
}

async function giveBack(store: SecureWsStore, key: string): Promise<void> {
  try {
    await store.take(key);
  } catch {
    // It lapses by itself.
  }
}
