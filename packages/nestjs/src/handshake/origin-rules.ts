import { isIPv4 } from 'node:net';
import type { OptionReader } from '../core/option-reader.js';
import { parseAuthority } from './authority.js';
import { type Origin, parseOrigin } from './origin.js';
import type { OriginRules } from './origin-policy.js';
import { isPublicSuffix } from './public-suffixes.js';

/** One entry of `handshake.origins`. */
export type OriginRule =
  /** An exact origin: `https://app.example.com`, `http://localhost:4200`, `capacitor://localhost`. */
  | string
  /**
   * All subdomains of a name, at any depth, over `https` on port 443. The name itself is not among them. Whoever controls
   * any subdomain, an abandoned one included, can then act for your users: prefer exact origins.
   */
  | { readonly subdomainsOf: string };

const EXAMPLE = "'https://app.example.com'";

/**
 * Reads `origins`, `dangerouslyAllowAnyOrigin` and `dangerouslyAllowNullOrigin`.
 *
 * The boot fails where no decision was taken (a missing list must not mean "everybody"), and on every entry that could
 * be read in more than one way.
 */
export function readOriginRules(reader: OptionReader): OriginRules {
  const allowAny = reader.boolean('dangerouslyAllowAnyOrigin', false);
  const allowNull = reader.boolean('dangerouslyAllowNullOrigin', false);
  if (allowAny) warn(reader, 'dangerouslyAllowAnyOrigin', 'pages of every web site may connect as their visitors.');
  if (allowNull) warn(reader, 'dangerouslyAllowNullOrigin', 'sandboxed frames and local files may connect.');

  const exact: Origin[] = [];
  const parents: string[] = [];
  for (const [index, entry] of readEntries(reader, allowAny).entries()) {
    const where = `origins[${index}]`;
    if (typeof entry === 'string') {
      const origin = readExact(reader, where, entry);
      if (origin !== undefined) exact.push(origin);
    } else {
      const parent = readParent(reader, where, entry);
      if (parent !== undefined) parents.push(parent);
    }
  }
  return Object.freeze({ exact: Object.freeze(exact), parents: Object.freeze(parents), allowAny, allowNull });
}

function warn(reader: OptionReader, name: string, consequence: string): void {
  reader.problems.warn(reader.pathOf(name), `is on: ${consequence}`);
}

function readEntries(reader: OptionReader, allowAny: boolean): readonly unknown[] {
  const list = reader.raw('origins');
  const fix = `${reader.pathOf('origins')}: [${EXAMPLE}]`;
  if (list === undefined) {
    if (allowAny) return [];
    reader.fail('origins', 'is not set: say which web pages may connect.', `${fix}, or [] for no browsers`);
    return [];
  }
  if (allowAny) {
    reader.fail('origins', 'has no effect beside dangerouslyAllowAnyOrigin.', 'remove one of the two');
  }
  if (Array.isArray(list)) return list;
  reader.fail('origins', 'must be a list.', fix);
  return [];
}

function readExact(reader: OptionReader, where: string, text: string): Origin | undefined {
  const fix = `${reader.pathOf(where)}: ${EXAMPLE}`;
  if (text === 'null') {
    reader.fail(where, "cannot be 'null': anybody can send that.", 'dangerouslyAllowNullOrigin: true, if you must');
  } else if (text.includes('*')) {
    reader.fail(where, 'cannot have a wildcard.', `${fix}, or { subdomainsOf: 'example.com' }`);
  } else if (/^wss?:/i.test(text)) {
    reader.fail(where, 'must be the origin of the page, not the address of the socket.', fix);
  } else {
    const origin = parseOrigin(text);
    if (origin === undefined) {
      reader.fail(
        where,
        'must be a protocol, a host and an optional port: no path, slash at the end, user name, trailing dot or blank; ' +
          'international names in punycode.',
        fix,
      );
    }
    return origin;
  }
  return undefined;
}

function readParent(reader: OptionReader, where: string, entry: unknown): string | undefined {
  if (entry === undefined || entry === null) {
    const fix = `${reader.pathOf(where)}: ${EXAMPLE}, or set the variable that it is read from`;
    reader.fail(where, `is ${String(entry)}.`, fix);
    return undefined;
  }
  const fix = `${reader.pathOf(where)}: { subdomainsOf: 'example.com' }`;
  const name = parentName(entry);
  const authority = name === undefined ? undefined : parseAuthority(name);
  if (authority === undefined || authority.port !== undefined || isAddress(authority.hostname)) {
    reader.fail(where, 'must be an origin, or { subdomainsOf } with a host name and nothing else.', fix);
    return undefined;
  }
  if (isPublicSuffix(authority.hostname)) {
    reader.fail(where, 'names a public suffix: anybody can own a subdomain of it.', fix);
    return undefined;
  }
  return authority.hostname;
}

function parentName(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || Object.keys(entry).length !== 1) return undefined;
  return 'subdomainsOf' in entry && typeof entry.subdomainsOf === 'string' ? entry.subdomainsOf : undefined;
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || isIPv4(hostname);
}
