import type { HandshakeChange } from '../probe/handshake-request.js';
import type { CheckContext, CredentialJudge, Evidence, Verdict } from './check.js';
import { finding, notTested, passed } from './check.js';

/** A handshake that a server should refuse, and what is wrong with it: `Origin: null`. */
export type BadHandshake = readonly [what: string, change: HandshakeChange];

/** What is said of handshakes that should all be refused. */
export interface HandshakeTexts {
  readonly found: string;
  readonly passed: string;
}

/**
 * Sends handshakes that should all be refused; each that gets a connection is evidence. The good one is sent once more
 * behind them: where that is refused by now, their refusals say nothing.
 */
export async function tryHandshakes(
  { prober }: CheckContext,
  handshakes: readonly BadHandshake[],
  texts: HandshakeTexts,
  judge: CredentialJudge = (change) => prober.admits(change),
): Promise<Verdict> {
  const evidence: Evidence[] = [];
  for (const [sent, change] of handshakes) {
    const { isAdmitted, saw } = await judge(change);
    if (isAdmitted) evidence.push({ sent, got: saw });
  }
  if (evidence.length > 0) return finding(texts.found, evidence);
  const { isAdmitted, saw } = await judge({});
  if (!isAdmitted) return notTested(`The good handshake is refused by now (${saw}): the refusals say nothing.`);
  return passed(texts.passed);
}
