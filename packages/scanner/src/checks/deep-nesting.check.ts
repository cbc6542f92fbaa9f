import { reactionsTo } from '../matrix/build-matrix.js';
import { type Check, finding, notTested, passed } from './check.js';
import { knownMessages, NEEDS_ANSWERED, objectData } from './known-messages.js';

/** Far beyond any data of good faith, and below what parsers die of. */
const LEVELS = 1000;

/** MV-06. */
export const deepNestingCheck: Check = {
  id: 'deep-nesting',
  requirements: ['MV-06'],
  title: 'Data may be nested without an end',
  why: 'What walks through data calls itself for each level: validators, mergers and serializers run out of stack at some thousands, which a message of a few kilobytes has.',
  cwe: 674,
  asvs: '2.2.1',
  severity: 'low',
  confidence: 'firm',
  remediation: {
    nest: 'SecureWsModule refuses what is nested deeper than validation.maxDepth, 20 by default, before anything walks it.',
    ws: 'Count the brackets that are open before JSON.parse(), and validate with a schema that takes no unknown field.',
    socketIo: 'Validate in io.use() of the socket with a schema that takes no unknown field, at any depth.',
  },
  needsBaseline: true,
  async run(context) {
    const deep: unknown = JSON.parse(`${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}`);
    const messages = (await knownMessages(context, 'answered')).flatMap((known) => {
      const data = objectData(known);
      return data === undefined ? [] : [{ message: known.message, altered: known.with({ ...data, deep }) }];
    });
    if (messages.length === 0) return notTested(NEEDS_ANSWERED);
    const reactions = await reactionsTo(context, 'given', messages.map(({ altered }) => altered)); // prettier-ignore
    const evidence = reactions.flatMap(({ kind, shows }, index) => {
      const sent = `with a field of ${LEVELS} levels: ${messages[index]?.message}`;
      return kind === 'answered' ? [{ sent, got: shows, about: messages[index]?.message ?? '' }] : [];
    });
    if (evidence.length > 0) return finding(`Data of ${LEVELS} levels was taken.`, evidence);
    const behind = await reactionsTo(context, 'given', messages.map(({ message }) => message)); // prettier-ignore
    // By then a limit may have refused the others.
    if (!behind.every(({ kind }) => kind === 'answered'))
      return notTested('The server does not answer the messages as they are any more.');
    const refused = reactions.filter(({ kind }) => kind === 'refused' || kind === 'closed').length;
    if (refused < messages.length)
      return notTested(`Data of ${LEVELS} levels was refused in ${refused} of ${messages.length} messages, and the server said nothing to the others.`); // prettier-ignore
    return passed(`Data of ${LEVELS} levels was refused.`);
  },
};
