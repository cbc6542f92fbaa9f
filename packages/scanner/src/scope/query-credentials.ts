/** Values that credentials are not shorter than; a `v=1` in the query says something, and stands in every message. */
const MIN_VALUE = 8;

/** Parameters that say how something is spoken (Engine.IO, Phoenix), and never who speaks. */
const SPOKEN = new Set(['transport', 'EIO', 'vsn']);

/** The values in the query of a URL that may be credentials, as they stand there and as they are read. */
export function queryCredentials({ search, searchParams }: URL): readonly string[] {
  const read = [...searchParams].filter(([name]) => !SPOKEN.has(name)).map(([, value]) => value);
  const raw = search
    .slice(1)
    .split('&')
    .map((pair) => /^([^=]*)=(.*)$/s.exec(pair) ?? [])
    .filter(([, name = '']) => !SPOKEN.has(name))
    .map(([, , value = '']) => value);
  return [...new Set([...read, ...raw])].filter(({ length }) => length >= MIN_VALUE);
}

/** The path of a URL with the names of its query, whose values may be credentials; how something is spoken stays. */
export function withoutQueryValues({ pathname, searchParams }: URL): string {
  const kept = new URLSearchParams(
    [...searchParams].map(([name, value]): [string, string] => [name, SPOKEN.has(name) ? value : '']),
  );
  return kept.size === 0 ? pathname : `${pathname}?${kept.toString()}`;
}

/** Names that say that a value opens something: those that servers read a token, a ticket, a key or a session from. */
const OPENING =
  /(?:^|[-_])(?:\w*token|jwt|ticket|auth|authorization|bearer|api[-_]?key|secret|password|passwd|session(?:[-_]?id)?|sid|signature|credentials?)$/i;
/** Three parts of base64url, of which the first is an object of JSON: a JWT, whatever it is called. */
const JWT = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/;

/** The parameters of a query that open the target, by their names or as JWTs: they are those of the first account. */
export function openingParameters({ searchParams }: URL): readonly string[] {
  const names = [...searchParams].filter(
    ([name, value]) => !SPOKEN.has(name) && (OPENING.test(name) || JWT.test(value)),
  );
  return [...new Set(names.map(([name]) => name))];
}

/** The path of a URL with its query as it stands there, but for some parameters. */
export function withoutParameters({ pathname, search }: URL, names: readonly string[]): string {
  const kept = search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && ![...new URLSearchParams(pair).keys()].some((name) => names.includes(name)));
  return kept.length === 0 ? pathname : `${pathname}?${kept.join('&')}`;
}
