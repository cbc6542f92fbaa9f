import type { OptionReader } from '../core/option-reader.js';
import { requestPath } from './request-path.js';

/** Reads `handshake.foreignPaths`. Problems go to the reader; nothing is thrown. */
export function readForeignPaths(reader: OptionReader): ReadonlySet<string> {
  const list = reader.strings('foreignPaths') ?? [];
  for (const [index, path] of list.entries()) {
    if (!path.includes('?') && requestPath(path) === path) continue;
    reader.fail(
      `foreignPaths[${index}]`,
      'must be a path as requests name it, without a host, a query, a wildcard or dot segments.',
      `${reader.pathOf('foreignPaths')}: ['/graphql']`,
    );
  }
  return new Set(list);
}

/**
 * Whether an upgrade belongs to another listener. Only the exact path does: a disguised one (`/graphql/../chat`) is nobody
 * else's, and is refused like every other.
 *
 * @param target the request target.
 */
export function isForeignPath(target: string, foreignPaths: ReadonlySet<string>): boolean {
  if (foreignPaths.size === 0) return false;
  const path = requestPath(target);
  return path !== undefined && foreignPaths.has(path);
}
