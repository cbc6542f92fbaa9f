/**
 * The whole number that an option was given; `undefined` where it was not.
 *
 * @throws TypeError for what is none from 1 to `max`.
 */
export function readCount(option: string, given: string | undefined, max: number): number | undefined {
  if (given === undefined) return undefined;
  const count = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  if (count < 1 || count > max) throw new TypeError(`${option} takes a whole number from 1 to ${max}.`);
  return count;
}
