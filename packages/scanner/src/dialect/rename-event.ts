import type { Dialect } from './dialect.js';

/**
 * A captured message with another name of the event in it, and all else as it was.
 *
 * @returns `undefined` for a message in which no event can be found.
 */
export function renameEvent(dialect: Dialect, message: string, name: string): string | undefined {
  return dialect.renamed(message, name);
}
