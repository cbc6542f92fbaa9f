/**
 * The word that an option was given, out of those that it takes.
 *
 * @throws TypeError for another one.
 */
export function readChoice<Word extends string>(option: string, given: string, words: readonly Word[]): Word {
  const word = words.find((one) => one === given);
  if (word === undefined) throw new TypeError(`${option} is one of ${words.join(', ')}.`);
  return word;
}
