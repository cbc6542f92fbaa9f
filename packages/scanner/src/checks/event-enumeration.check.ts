import { answerShape } from '../dialect/answer-shape.js';
import { UNKNOWN_EVENT } from '../dialect/recognise.js';
import { type Check, type CheckContext, finding, notTested, passed } from './check.js';
import { isForOnce } from './known-messages.js';

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
      const unknown = context.dialect.renamed(message, UNKNOWN_EVENT);
      if (unknown === undefined) continue;
      const refused = await answersTo(context, message);
      if (!refused.some((frame) => context.dialect.isRefusal(frame))) continue;
      const missing = await answersTo(context, unknown);
      const again = await answersTo(context, message);
      // Refused otherwise than before, it is so for another reason, and who knows what the unknown one was refused for.
      const name = context.dialect.eventOf(message);
      const before = reactions.given?.kind === 'refused' ? [shapeOf([reactions.given.shows], name)] : [];
      if (new Set([...before, shapeOf(refused.slice(0, 1), name), shapeOf(again.slice(0, 1), name)]).size > 1) {
        isLimited = true;
        continue;
      }
      compared++;
      if (shapeOf(refused, context.dialect.eventOf(message)) === shapeOf(missing, UNKNOWN_EVENT)) continue;
      return finding('A forbidden event can be told from one that does not exist.', [
        { sent: message, got: refused.join(' '), about: context.dialect.eventOf(message) ?? message },
        { sent: unknown, got: missing.length === 0 ? 'nothing' : missing.join(' ') },
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

/** Answers without what differs every time, and without the name that was asked for: many servers say it back. */
function shapeOf(answers: readonly string[], name = ''): string {
  return answers.map((answer) => answerShape(name === '' ? answer : answer.replaceAll(name, '#'))).join();
}
