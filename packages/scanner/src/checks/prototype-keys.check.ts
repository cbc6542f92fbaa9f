import { reactionsTo } from '../matrix/build-matrix.js';
import { type Check, type CheckContext, type Evidence, finding, notTested, passed } from './check.js';
import { type KnownMessage, knownMessages, objectData } from './known-messages.js';

/** What a handler may ask of whoever sends a message, and finds in the prototype. */
const POWERS = { isAdmin: true, admin: true, role: 'admin', roles: ['admin'] };

/** No server has a field of this name. */
const MARK = 'secureWsScanMark';

/** MV-04. */
export const prototypeKeysCheck: Check = {
  id: 'prototype-keys',
  requirements: ['MV-04'],
  title: 'A message changes prototypes',
  why: 'Merging {"__proto__": {"isAdmin": true}} into an object gives it, or every object of the process, a property that nobody has set: checks of rights read it.',
  cwe: 1321,
  asvs: '15.3.6',
  severity: 'high',
  confidence: 'firm',
  remediation: {
    nest: 'SecureWsModule refuses the keys __proto__, constructor and prototype at any depth: import it.',
    ws: `JSON.parse(text, (key, value) => { if (key === '__proto__' || key === 'constructor') throw new Error('key'); return value; });
// and node --disable-proto=throw`,
    socketIo: `const options = Object.assign(Object.create(null), known(data)); // known(): the fields of a schema, and no other
// and node --disable-proto=throw`,
  },
  needsBaseline: true,
  async run(context) {
    const refused = await knownMessages(context, 'refused');
    const answered = await knownMessages(context, 'answered');
    const evidence = [...(await gainsPowers(context, refused)), ...(await comesBack(context, answered))];
    if (evidence.length > 0) return finding('Keys of prototypes in a message had an effect.', evidence);
    const tried = [...refused, ...answered].filter((known) => objectData(known) !== undefined).length;
    if (tried === 0)
      return notTested('It takes messages with an object as their data, answered or refused: --messages.');
    return passed(`Keys of prototypes had no effect in ${tried} messages.`);
  },
};

/** Messages that were refused, and are answered with powers in the prototype of their data. */
async function gainsPowers(context: CheckContext, known: readonly KnownMessage[]): Promise<readonly Evidence[]> {
  const evidence: Evidence[] = [];
  for (const message of known) {
    const data = objectData(message);
    if (data === undefined) continue;
    const keys = [ownKey('__proto__', POWERS), ownKey('constructor', { prototype: POWERS })];
    const altered = keys.map((key) => message.with(joined(data, key)));
    // What is refused for a while alone would be answered behind them as well.
    const reactions = await reactionsTo(context, 'given', [...altered, message.message]);
    if (reactions.at(-1)?.kind === 'answered') continue;
    for (const [index, sent] of altered.entries()) {
      const reaction = reactions[index];
      if (reaction?.kind === 'answered')
        evidence.push({ sent: `refused without the key: ${sent}`, got: reaction.shows });
    }
  }
  return evidence;
}

/** Marks in the prototype that come back as fields, in the answer to the message or to the one behind it. */
async function comesBack(context: CheckContext, known: readonly KnownMessage[]): Promise<readonly Evidence[]> {
  const evidence: Evidence[] = [];
  for (const message of known) {
    const data = objectData(message);
    if (data === undefined) continue;
    const marked = message.with(joined(data, ownKey('__proto__', { [MARK]: MARK })));
    const [first, second] = await reactionsTo(context, 'given', [marked, message.message]);
    for (const { shows = '' } of [first ?? {}, second ?? {}]) {
      // An echo of the key itself is no effect of it.
      if (shows.replaceAll(/"__proto__"\s*:\s*\{[^}]*\}/g, '').includes(MARK))
        evidence.push({ sent: marked, got: shows });
    }
  }
  return evidence;
}

/** An object with a key of its own that a literal would take for its prototype. */
const ownKey = (key: string, value: unknown): object => JSON.parse(`{"${key}":${JSON.stringify(value)}}`) as object;

/** Spreading defines fields, and sets no prototype. */
const joined = (data: object, more: object): object => ({ ...data, ...more });
