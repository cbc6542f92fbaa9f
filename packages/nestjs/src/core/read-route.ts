import { BootProblems, SecureWsBootError } from './boot-problems.js';
import { OptionReader } from './option-reader.js';

const ROUTE = /^\/?[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*\/?$/;

/** Reads the path of a route: one place, and nothing that a router would take for a pattern (`:id`, `*`). */
export function readRoute(reader: OptionReader, fallback: string): string {
  const isRoute = (value: unknown): value is string => typeof value === 'string' && ROUTE.test(value);
  return reader.checked('path', isRoute, 'must be a path of letters, digits and . _ ~ -', `'${fallback}'`) ?? fallback;
}

/**
 * Reads the options of a function that makes a controller, which Nest wants before there is a boot.
 *
 * @throws {SecureWsBootError} with everything that is wrong.
 */
export function readAtOnce<T>(options: unknown, place: string, read: (reader: OptionReader) => T): T {
  const problems = new BootProblems();
  const reader = new OptionReader(options, place, problems);
  const resolved = read(reader);
  reader.finish();
  if (problems.problems.length > 0) throw new SecureWsBootError(problems.problems);
  return resolved;
}
