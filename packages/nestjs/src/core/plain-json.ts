import { dropPromises } from './drop-promises.js';

/**
 * Writes what the application sends without a declaration.
 *
 * A promise has no JSON but `{}`: what holds one was to be awaited, and its rejection, which nobody waits for, would end the
 * process. Only what has `{}` in its JSON is looked through for one, so that it costs other values nothing.
 *
 * @returns `undefined` for a function, a symbol and `undefined`, which have no JSON.
 * @throws what `JSON.stringify` throws: for a BigInt, a cycle, a throwing getter. TypeError for a value with a promise in it.
 */
export function plainJson(value: unknown): string | undefined {
  let json: string | undefined;
  try {
    json = JSON.stringify(value) as string | undefined;
  } catch (error) {
    dropPromises(value);
    throw error;
  }
  if (json?.includes('{}') === true && dropPromises(value)) {
    throw new TypeError(
      'What is to be sent holds a promise, which has no JSON: await it first, a list of them with Promise.all().',
    );
  }
  return json;
}
