import { findLeaks } from '@secure-ws/protocol/leaks';
import { reactionsTo } from '../matrix/build-matrix.js';
import type { HeardReaction } from '../matrix/matrix.js';
import {
  type Check,
  type CheckContext,
  type Confidence,
  type Evidence,
  finding,
  notTested,
  passed,
  SEVERITIES,
  type Severity,
} from './check.js';
import { placesIn } from './data-places.js';
import { type Injection, INJECTIONS } from './injections.js';
import { knownMessages, NEEDS_ANSWERED } from './known-messages.js';

const MAX_PLACES = 4;

/** MV-14. */
export const injectionCheck: Check = {
  id: 'injection',
  requirements: ['MV-14'],
  title: 'Data of a message is run, or is sent back as it is',
  why: 'What a handler puts into a query, a template, a command or a path is read there as a language: whoever writes the message writes the query.',
  cwe: 74,
  asvs: '1.2.4',
  severity: 'high',
  confidence: 'firm',
  remediation: {
    nest: `class Order { @IsUUID() accountId: string } // types stop objects and quotes; and queries take parameters:
manager.query('SELECT * FROM orders WHERE account = $1', [order.accountId])`,
    ws: `const order = schema.parse(data); // strings that are strings
await pool.query('SELECT * FROM orders WHERE account = $1', [order.accountId]);`,
    socketIo: `const order = schema.parse(data); // strings that are strings
await pool.query('SELECT * FROM orders WHERE account = $1', [order.accountId]);`,
  },
  needsBaseline: true,
  async run(context) {
    const known = await knownMessages(context, 'answered');
    const places = known.flatMap((each) =>
      placesIn(each)
        .slice(0, MAX_PLACES)
        .map(({ put }) => ({ message: each.message, put })),
    );
    if (places.length === 0) return notTested(NEEDS_ANSWERED);
    const found: Found[] = [];
    let reacted = 0;
    let untried: string | undefined;
    try {
      for (const { message, put } of places) {
        const sent = INJECTIONS.map(({ value }) => put(value));
        const reactions = await reactionsTo(context, 'given', sent);
        const [behind] = await reactionsTo(context, 'given', [message]);
        // Where it is not answered as it is any more, a limit may have refused the others.
        const isHeard = behind?.kind === 'answered' && reactions.every(({ kind }) => kind !== 'not-tried');
        if (isHeard && reactions.some(({ kind }) => kind !== 'silent')) reacted++;
        for (const [index, reaction] of reactions.entries())
          found.push(...(await effectsOf(context, put, INJECTIONS[index], sent[index] ?? '', reaction)));
      }
    } catch (error) {
      // What was found by then stays found.
      untried = error instanceof Error ? error.message : 'The check failed.';
    }
    const [worst] = found.toSorted(
      (one, other) => SEVERITIES.indexOf(other.severity) - SEVERITIES.indexOf(one.severity),
    );
    if (worst !== undefined) {
      const { severity, confidence } = worst;
      const evidence = found.map((each) => each.evidence);
      return finding('Data of a message had an effect that data must not have.', evidence, { severity, confidence });
    }
    if (untried !== undefined) return notTested(untried);
    if (reacted < places.length)
      return notTested(
        `Nothing was seen of ${places.length - reacted} of ${places.length} values: the server said nothing, or did not answer their message as it is any more.`,
      );
    return passed(`Quotes, templates, commands, paths and operators had no effect in ${places.length} values.`);
  },
};

interface Found {
  readonly evidence: Evidence;
  readonly severity: Severity;
  readonly confidence: Confidence;
}

/** What a value did that stood in a place: in any frame that came, for many servers acknowledge a message before they answer it. */
async function effectsOf(
  context: CheckContext,
  place: (value: unknown) => string,
  injection: Injection | undefined,
  sent: string,
  reaction: HeardReaction,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const { what, severity, confidence, isIn, control } of injection?.effects ?? []) {
    const shows = reaction.heard.find((frame) => isIn(frame, isGood(context, frame)));
    if (shows === undefined) continue;
    if (control !== undefined) {
      const [plain] = await reactionsTo(context, 'given', [place(control)]);
      if (plain?.kind !== 'refused' && plain?.kind !== 'closed') continue;
    }
    found.push({ evidence: { sent: `${what}: ${sent}`, got: shows, about: `${what}: ${sent}` }, severity, confidence });
  }
  const error = reaction.heard.find((frame) => findLeaks(frame).some(({ rule }) => rule === 'database'));
  if (error !== undefined) {
    const evidence = { sent: `an error of a database: ${sent}`, got: error, about: `an error of a database: ${sent}` };
    found.push({ evidence, severity: 'high', confidence: 'firm' });
  }
  return found;
}

const isGood = ({ dialect }: CheckContext, frame: string): boolean =>
  dialect.isAnswer(frame) && !dialect.isRefusal(frame);
