import type { HandshakeChange } from '../probe/handshake-request.js';
import type { CheckContext, CredentialJudge, Severity, Verdict } from './check.js';
import { finding, notTested, passed } from './check.js';
import { decidedLater } from './late-decisions.js';
import { tryEach } from './try-each.js';

/** A handshake that a server should refuse, and what is wrong with it: `Origin: null`. */
export type BadHandshake = readonly [what: string, change: HandshakeChange];

/** What is said of handshakes that should all be refused. */
interface HandshakeTexts {
  readonly found: string;
  readonly passed: string;
  /** Where it differs from that of the check. */
  readonly severity?: Severity;
}

/**
 * Sends handshakes that should all be refused; each that gets a connection is evidence. The good one is sent once more
 * behind them: where that is refused by now, their refusals say nothing. Then the first and the last of them follow once more,
 * a while behind it, and a good one: a limit that says 403 for a moment begins and ends between two handshakes by chance once, and
 * not twice after different times.
 */
export async function tryHandshakes(
  context: CheckContext,
  handshakes: readonly BadHandshake[],
  texts: HandshakeTexts,
  judge: CredentialJudge = (change) => context.prober.admits(change),
): Promise<Verdict> {
  const bad = handshakes.map(([what, change]) => ({ what, change }));
  const unlessRefused = async (some: typeof bad): Promise<Verdict | undefined> => {
    const { evidence, refused, untried } = await tryEach(some, async ({ change }) => {
      const { isAdmitted, saw } = await judge(change);
      return isAdmitted ? saw : undefined;
    });
    if (evidence.length > 0) {
      const { found, severity } = texts;
      return (
        (await decidedLater(context, evidence, some)) ??
        finding(found, evidence, severity === undefined ? {} : { severity })
      );
    }
    if (untried !== undefined) return notTested(`${ofAll(refused, some.length)}${untried}`);
    return refusedByNow(judge);
  };
  const first = await unlessRefused(bad);
  if (first !== undefined) return first;
  await context.prober.pause(context.prober.settleMs);
  return (await unlessRefused([...bad.slice(0, 1), ...bad.slice(1).slice(-1)])) ?? passed(texts.passed);
}

/** What there is to say where the good handshake is refused by now: then no refusal before it says anything. */
export async function refusedByNow(judge: CredentialJudge): Promise<Verdict | undefined> {
  const { isAdmitted, saw } = await judge({});
  return isAdmitted ? undefined : notTested(`The good handshake is refused by now (${saw}): the refusals say nothing.`);
}

/** The beginning of a sentence about those that could not be tried. */
export const ofAll = (refused: number, all: number): string =>
  refused === 0 ? '' : `${refused} of ${all} were refused, and others could not be tried. `;
