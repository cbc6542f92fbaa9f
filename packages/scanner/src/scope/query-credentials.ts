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
