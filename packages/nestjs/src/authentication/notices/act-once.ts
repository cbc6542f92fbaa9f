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
 * It is noted when all is done, and not before: while the first delivery is under way, or has died of it, nothing is stored,
 * and a server that were told "taken" would not come again. Two that come at once are both acted on, as is one where the store
 * does not answer: what ends with a notice is older than it, so that who replays one ends nothing else.
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
  const note = async () => (await store.put(key, '1', maxAgeMs + 2 * CLOCK_TOLERANCE_MS)) === true;
  let isKnown: boolean;
  try {
    isKnown = (await store.take(key)) !== undefined;
  } catch (cause) {
    await act();
    throw cause;
  }
  if (isKnown) {
    await note();
    return 'replayed';
  }
  const done = await act();
  return (await note()) ? done : 'replayed';
}
