import { endOf } from '../probe/end-of-connection.js';
import type { HandshakeChange } from '../probe/handshake-request.js';
import { InconclusiveError } from '../probe/inconclusive.js';
import { type CheckContext, type Evidence, notTested, type Verdict } from './check.js';

/** How long a connection is watched that seems to be accepted, in milliseconds: who looks a token up elsewhere takes no longer. */
const LATE_MS = 2000;

/** What was seen of a handshake that was accepted, and of which nothing else tells that it may stay. */
const BY_SILENCE = '101';

/**
 * Watches connections for longer that should have been refused and were not: many servers decide after the upgrade, and may
 * take their time. Only where one of them stays is that a finding.
 *
 * @returns why it is none; `undefined` where it is.
 */
export async function decidedLater(
  context: CheckContext,
  evidence: readonly Evidence[],
  things: readonly { readonly what: string; readonly change: HandshakeChange }[],
): Promise<Verdict | undefined> {
  // One that was answered was let in.
  if (evidence.some(({ got }) => got !== BY_SILENCE)) return undefined;
  let says: string | undefined;
  for (const { sent } of evidence) {
    const end = await lateEnd(context, things.find(({ what }) => what === sent)?.change);
    if (end === undefined) return undefined;
    says ??= `${sent}: the connection was accepted, and ended (${end}) after the scan had waited for that: give it more time with --wait.`;
  }
  // Where the good one ends as well, it does so for another reason.
  return says === undefined || (await lateEnd(context, {})) !== undefined ? undefined : notTested(says);
}

async function lateEnd(
  { prober, transcript }: CheckContext,
  change: HandshakeChange | undefined,
): Promise<string | undefined> {
  try {
    const { connection } = await prober.spoken(change);
    using _ = connection;
    const ms = Math.min(prober.answerMs, LATE_MS);
    return await endOf(connection, undefined, transcript, { answerMs: ms, settleMs: ms });
  } catch (error) {
    if (error instanceof InconclusiveError) return undefined;
    throw error;
  }
}
