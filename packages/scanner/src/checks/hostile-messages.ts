import { UNKNOWN_EVENT } from '../dialect/recognise.js';
import type { CheckContext } from './check.js';

const DEPTH = 20_000;
const MAX_KNOWN = 2;

/** No envelope of any dialect, or one that only looks like it. */
const TEXTS = [
  '{',
  '',
  'null',
  '[]',
  '{"event":null}',
  '{"event":{"toString":null}}',
  `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`,
];

/** Names that every object has, where handlers are looked up in one. */
const EVENTS = ['__proto__', 'constructor', 'toString'];

/** What throws where it is read, compared, awaited or written into a text. */
const VALUES: readonly unknown[] = [
  null,
  { toString: null, valueOf: null },
  JSON.parse('{"then":1,"length":-1}'),
  '\ud800',
];

/** Messages at which servers throw that nobody has told what may come. */
export function hostileMessages({ dialect, messages }: Pick<CheckContext, 'dialect' | 'messages'>): readonly string[] {
  const known = messages.slice(0, MAX_KNOWN).flatMap((message) => {
    return VALUES.flatMap((value) => dialect.withData(message, value) ?? []);
  });
  return [
    ...TEXTS,
    ...EVENTS.map((event) => dialect.message(event, {})),
    ...VALUES.map((value) => dialect.message(UNKNOWN_EVENT, value)),
    ...known,
  ];
}
