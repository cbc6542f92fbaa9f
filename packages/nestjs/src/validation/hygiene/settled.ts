/** How often a pass may change a text. */
const MAX_ROUNDS = 4;

/**
 * Repeats a pass until it changes nothing: an entity may stand for a character that the next pass would take away. A text
 * that never settles is an attempt, and nothing of it stays.
 */
export function settled(text: string, pass: (text: string) => string): string {
  let clean = text;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = pass(clean);
    if (next === clean) return clean;
    clean = next;
  }
  return pass(clean) === clean ? clean : '';
}
