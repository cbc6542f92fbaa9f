import { Random } from './random.js';

/** How many inputs each of these tests makes; `npm run fuzz` makes more of them. */
export const FUZZ_INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 2000);

/** `npm run fuzz` takes another one. */
export const FUZZ_SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_128);

/** Long enough for a busy machine: it is no expectation. */
export const FUZZ_TIMEOUT = { timeout: 60_000 + FUZZ_INPUTS * 20 };

/** Has each input looked at, and says which one it was that failed. */
export async function eachInput(look: (random: Random, input: number) => void | Promise<void>): Promise<void> {
  const random = new Random(FUZZ_SEED);
  for (let input = 0; input < FUZZ_INPUTS; input++) {
    try {
      await look(random, input);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Input ${input} of the seed ${FUZZ_SEED}: ${why}`, { cause });
    }
  }
}

/** What breaks readers: ends of lines, escapes, quotes, bidi and lone surrogates, beside plain letters. */
const CHARACTERS = [
  ...Array.from(
    'abcXYZ019 .-_:;,=/+"\'\\{}[]<>%$\n\r\t\0\u001b\u007f\u0085\u00a0\u00e9\u2028\u2029\u202e\ufeff\u{e0041}',
  ),
  '\ud800',
  '\udc00',
  '\u{1f600}',
  '__proto__',
  'constructor',
];

/** A text of at most `maxParts` of those. */
export function anyText(random: Random, maxParts = 24): string {
  return Array.from({ length: random.below(maxParts + 1) }, () => random.pick(CHARACTERS)).join('');
}

/** A text with one to three small changes: a character less, twice, another, or two that changed places. */
export function mutated(random: Random, text: string): string {
  let result = text;
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = random.below(result.length + 1);
    const [before, there, after] = [result.slice(0, at), result.charAt(at), result.slice(at + 1)];
    result = random.pick([
      () => before + after,
      () => before + there + there + after,
      () => before + random.pick(CHARACTERS) + after,
      () => before + random.pick(CHARACTERS) + there + after,
      () => before + after.slice(0, 1) + there + after.slice(1),
      () => before,
    ])();
  }
  return result;
}
