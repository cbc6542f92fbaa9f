import { AnswerTemplate, saysTooMany, withoutName } from '../dialect/answer-template.js';
import { UNKNOWN_EVENT } from '../dialect/recognise.js';
import { type Check, type CheckContext, finding, notTested, passed } from './check.js';
import { isForOnce } from './known-messages.js';

/** Two, so that what a server makes of a name, such as its hash, is seen to be that. */
const UNKNOWN = [UNKNOWN_EVENT, `${UNKNOWN_EVENT}Too`];

/** AZ-12. */
export const eventEnumerationCheck: Check = {
  id: 'event-enumeration',
  requirements: ['AZ-12'],
  title: 'Forbidden and unknown events are answered in different ways',
  why: 'Whoever may not send an event still learns that there is one: names of administration are a plan of what to attack.',
  cwe: 204,
  asvs: '16.5.1',
  severity: 'low',
  confidence: 'firm',
  remediation: {
    nest: 'Import SecureWsModule, which answers both with FORBIDDEN. Nest by itself says nothing to an unknown event.',
    ws: `socket.send(JSON.stringify({ event: 'error', data: { code: 'FORBIDDEN' } })); // from one place, for both`,
    socketIo: `socket.onAny((event, ...args) => !handlers.has(event) && args.at(-1)?.({ code: 'FORBIDDEN' }));`,
  },
  needsBaseline: true,
  async run(context) {
    let compared = 0;
    let isLimited = false;
    for (const { message, reactions } of (await context.matrix()).rows) {
      // What was answered before, and is refused now, is refused for another reason: a nonce, a limit.
      if (reactions.given?.kind === 'answered' || isForOnce(message)) continue;
      const asked = [message, ...UNKNOWN.map((name) => context.dialect.renamed(message, name) ?? ''), message];
      if (asked.includes('')) continue;
      const refused = await answersTo(context, message);
      if (!refused.some((frame) => context.dialect.isRefusal(frame))) continue;
      // The others in between, so that what grows with time, or differs from one server of several to the next, is seen to.
      const missing = [await answersTo(context, asked[1] ?? ''), await answersTo(context, asked[2] ?? '')];
      const again = await answersTo(context, message);
      const before = reactions.given?.kind === 'refused' ? [reactions.given.shows] : [];
      const compares = isToldApart(context, message, { before, refused, again, missing });
      if (compares === undefined) {
        isLimited = true;
        continue;
      }
      compared++;
      if (!compares) continue;
      return finding('A forbidden event can be told from one that does not exist.', [
        { sent: message, got: refused.join(' '), about: context.dialect.eventOf(message) ?? message },
        { sent: asked[1] ?? '', got: missing[0]?.length === 0 ? 'nothing' : (missing[0]?.join(' ') ?? '') },
      ]);
    }
    if (isLimited) return notTested('A message that is refused was refused otherwise from one time to the next.');
    if (compared > 0) return passed('What is forbidden and what does not exist are answered alike.');
    return notTested('It needs a message that is refused to this identity: put one into the file of --messages.');
  },
};

async function answersTo({ dialect, talk }: CheckContext, message: string): Promise<readonly string[]> {
  using session = await talk();
  return (await session.ask(message)).filter((frame) => dialect.isAnswer(frame));
}

/** What came of asking for what is forbidden, and for what does not exist. */
interface Answers {
  /** The refusal that was got when the matrix was built. */
  readonly before: readonly string[];
  readonly refused: readonly string[];
  readonly again: readonly string[];
  readonly missing: readonly (readonly string[])[];
}

/**
 * Whether the one is told from the other; `undefined` where one of them is answered otherwise from one time to the next, or for a
 * limit: then it is so for another reason, and who knows what the unknown one was refused for.
 */
function isToldApart({ dialect }: CheckContext, message: string, answers: Answers): boolean | undefined {
  const { before, refused, again, missing } = answers;
  const name = dialect.eventOf(message);
  const refusals = [before, refused, again].flatMap((frames) => frames.find(dialect.isRefusal) ?? []);
  const own = [refused, again].map((frames) => withoutName(frames.join('\n'), name));
  const unknown = missing.map((frames, index) => withoutName(frames.join('\n'), UNKNOWN[index]));
  const isOver = [...refused, ...again, ...missing.flat()]
    .filter(dialect.isRefusal)
    .some((frame) => saysTooMany(withoutName(frame, name)));
  const steady = AnswerTemplate.of(refusals.map((frame) => withoutName(frame, name)));
  const [forbidden, absent] = [AnswerTemplate.of(own), AnswerTemplate.of(unknown)];
  if (isOver || steady === undefined || forbidden === undefined || absent === undefined) return undefined;
  return !forbidden.isLike(absent);
}
