// RFC 3986 section 3.3: the characters of a path. Absolute form ("http://...") and "*" do not begin with a slash.
const PATH = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*$/;

// Empty segments, dot segments, broken percent signs, and encoded dots, slashes, backslashes, percent signs and controls:
// whatever a proxy or a router might resolve to another path than the one that is compared here.
const DISGUISE = /\/\/|\/\.{1,2}(?:\/|$)|%(?![0-9A-Fa-f]{2})|%(?:2[EeFf5]|5[Cc]|[01][0-9A-Fa-f]|7[Ff])/;

/**
 * The path of a request target, with the query cut off. Nothing is decoded and nothing is resolved: paths of gateways are
 * compared as they are written.
 *
 * @returns `undefined` for a target in another form or with a disguised path; never throws.
 */
export function requestPath(target: string): string | undefined {
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  return PATH.test(path) && !DISGUISE.test(path) ? path : undefined;
}

/** A segment that may be a token: nobody names a path with this many characters and digits among them. */
const LIKE_A_TOKEN = /(?<=\/)(?=[^/]*\d)[^/]{20,}/g;

/** The longest path that is audited. */
const MAX_AUDITED_PATH = 200;

/**
 * What an event says of a path that no gateway has, so that an operator finds the typing mistake: without its query, which
 * may hold a token, without segments that look like one (OWASP ASVS 5.0 16.2.5), cut to 200 characters, and with `?` for
 * what is not printable ASCII.
 */
export function auditedPath(target: string): string {
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  const shown = path.replaceAll(LIKE_A_TOKEN, '[redacted]');
  return shown.slice(0, MAX_AUDITED_PATH).replaceAll(/[^\x21-\x7e]/g, '?');
}
