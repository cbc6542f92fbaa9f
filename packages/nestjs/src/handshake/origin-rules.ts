import { isIPv4 } from 'node:net';
import { isPlainObject, type OptionReader } from '../core/option-reader.js';
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
  if (allowAny)
    reader.warn('dangerouslyAllowAnyOrigin', 'is on: pages of every web site may connect as their visitors.');
  if (allowNull) reader.warn('dangerouslyAllowNullOrigin', 'is on: sandboxed frames and local files may connect.');

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

function readEntries(reader: OptionReader, allowAny: boolean): readonly unknown[] {
  const list = reader.raw('origins');
  if (list !== undefined && allowAny) {
    reader.fail('origins', 'has no effect beside dangerouslyAllowAnyOrigin.', 'remove one of the two');
  }
  if (Array.isArray(list)) return list;
  const example = `[${EXAMPLE}]`;
  if (list !== undefined) reader.refuse('origins', 'must be a list.', example);
  else if (!allowAny) {
    reader.refuse('origins', 'is not set: say which web pages may connect.', `${example}, or [] for no browsers`);
  }
  return [];
}

function readExact(reader: OptionReader, where: string, text: string): Origin | undefined {
  if (text === 'null') {
    const fix = 'dangerouslyAllowNullOrigin: true, if you must';
    return reader.fail(where, "cannot be 'null': anybody can send that.", fix);
  }
  if (text.includes('*')) {
    return reader.refuse(where, 'cannot have a wildcard.', `${EXAMPLE}, or { subdomainsOf: 'example.com' }`);
  }
  if (/^wss?:/i.test(text)) {
    return reader.refuse(where, 'must be the origin of the page, not the address of the socket.', EXAMPLE);
  }
  const problem =
    'must be a protocol, a host and an optional port: no path, slash at the end, user name, trailing dot or blank; ' +
    'international names in punycode.';
  return parseOrigin(text) ?? reader.refuse(where, problem, EXAMPLE);
}

function readParent(reader: OptionReader, where: string, entry: unknown): string | undefined {
  if (entry === undefined || entry === null) {
    return reader.refuse(where, `is ${String(entry)}.`, `${EXAMPLE}, or set the variable that it is read from`);
  }
  const refuse = (problem: string): undefined => reader.refuse(where, problem, "{ subdomainsOf: 'example.com' }");
  const name = parentName(entry);
  const authority = name === undefined ? undefined : parseAuthority(name);
  if (authority === undefined || authority.port !== undefined || isAddress(authority.hostname)) {
    return refuse('must be an origin, or { subdomainsOf } with a host name and nothing else.');
  }
  if (!isPublicSuffix(authority.hostname)) return authority.hostname;
  return refuse('names a public suffix: anybody can own a subdomain of it.');
}

function parentName(entry: unknown): string | undefined {
  if (!isPlainObject(entry) || Object.keys(entry).length !== 1) return undefined;
  return typeof entry['subdomainsOf'] === 'string' ? entry['subdomainsOf'] : undefined;
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || isIPv4(hostname);
}
