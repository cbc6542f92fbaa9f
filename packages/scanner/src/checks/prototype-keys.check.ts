import { reactionsTo } from '../matrix/build-matrix.js';
import type { Reaction } from '../matrix/matrix.js';
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
    const tried: Tried[] = [];
    for (const known of await knownMessages(context, 'refused')) tried.push(await gainsPowers(context, known));
    for (const known of await knownMessages(context, 'answered')) tried.push(await comesBack(context, known));
    const evidence = tried.flatMap((each) => (each === 'silent' || each === 'unfit' ? [] : each));
    if (evidence.length > 0) return finding('Keys of prototypes in a message had an effect.', evidence);
    const seen = tried.filter((each) => typeof each !== 'string').length;
    if (tried.includes('silent'))
      return notTested(
        `Keys of prototypes had no effect in ${seen} messages; to others the server said nothing, or it does not answer them as they are any more.`,
      );
    if (seen === 0)
      return notTested('It needs messages with an object as their data, answered or refused: --messages.');
    return passed(`Keys of prototypes had no effect in ${seen} messages.`);
  },
};

/** What was seen of one message; `silent` where nothing was, `unfit` where it has no object to add a key to. */
type Tried = readonly Evidence[] | 'silent' | 'unfit';

const isSeen = ({ kind }: Reaction): boolean => ['answered', 'refused', 'closed'].includes(kind);

/** A message that was refused, and is answered with powers in the prototype of its data. */
async function gainsPowers(context: CheckContext, known: KnownMessage): Promise<Tried> {
  const data = objectData(known);
  if (data === undefined) return 'unfit';
  const keys = [ownKey('__proto__', POWERS), ownKey('constructor', { prototype: POWERS })];
  const altered = keys.map((key) => known.with(joined(data, key)));
  // What is refused for a while alone would be answered behind them as well.
  const reactions = await reactionsTo(context, 'given', [...altered, known.message]);
  if (!reactions.every(isSeen) || reactions.at(-1)?.kind === 'answered') return 'silent';
  return altered.flatMap((sent, index) => {
    const { kind = 'silent', shows = '' } = reactions[index] ?? {};
    return kind === 'answered' ? [{ sent: `refused without the key: ${sent}`, got: shows, about: known.message }] : [];
  });
}

/** Marks in the prototype that come back as fields, in the answer to the message or to the one behind it. */
async function comesBack(context: CheckContext, known: KnownMessage): Promise<Tried> {
  const data = objectData(known);
  if (data === undefined) return 'unfit';
  const marked = known.with(joined(data, ownKey('__proto__', { [MARK]: MARK })));
  const reactions = await reactionsTo(context, 'given', [marked, known.message]);
  if (!reactions.every(isSeen) || reactions.at(-1)?.kind !== 'answered') return 'silent';
  const { dialect } = context;
  return reactions.flatMap(({ heard }) => {
    // An echo of the key itself is no effect of it, and a refusal may say back what it refuses.
    const effect = heard.find(
      (frame) =>
        dialect.isAnswer(frame) &&
        !dialect.isRefusal(frame) &&
        frame.replaceAll(/"__proto__"\s*:\s*\{[^}]*\}/g, '').includes(MARK),
    );
    return effect === undefined ? [] : [{ sent: marked, got: effect, about: known.message }];
  });
}

/** An object with a key of its own that a literal would take for its prototype. */
const ownKey = (key: string, value: unknown): object => JSON.parse(`{"${key}":${JSON.stringify(value)}}`) as object;

/** Spreading defines fields, and sets no prototype. */
const joined = (data: object, more: object): object => ({ ...data, ...more });
