import { urlOf } from './endpoints-of-script.js';

type Fields = Readonly<Record<string, unknown>>;

/** Each path may be on each server, and each operation on each channel: of more there would be millions. */
const MAX = { channels: 1000, servers: 100, operations: 2000 } as const;

/**
 * The WebSockets that an AsyncAPI document of version 2 or 3 declares, on its servers and on the host of a page.
 *
 * @throws TypeError for what is no such document.
 */
export function endpointsOfAsyncApi(content: string, page: URL): readonly string[] {
  const document = readAsyncApi(content);
  const paths = Object.entries(fieldsOf(document['channels'])).flatMap(([name, channel]) => {
    const { address = name } = fieldsOf(channel);
    // A path with a parameter in it is none that can be asked for.
    return typeof address === 'string' && /^\/?[\w./-]{0,500}$/.test(address) ? [`/${address.replace(/^\//, '')}`] : [];
  });
  const bases = Object.values(fieldsOf(document['servers'])).flatMap((server) => baseOf(fieldsOf(server)));
  const found = paths.flatMap((path) => [
    urlOf(path, page),
    ...bases.map((base) => `${base.replace(/\/$/, '')}${path}`),
  ]);
  return [...new Set(found.filter((url) => URL.canParse(url)))];
}

/** @throws TypeError for what is no AsyncAPI document in JSON, and for one that is too large to be looked through. */
export function readAsyncApi(content: string): Fields {
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch (cause) {
    throw new TypeError('it is not JSON: save a document in YAML as JSON first.', { cause });
  }
  const fields = fieldsOf(document);
  if (!/^[23]\./.test(String(fields['asyncapi']))) throw new TypeError('it has no "asyncapi" of version 2 or 3.');
  for (const [name, max] of Object.entries(MAX)) {
    const { length } = Object.keys(fieldsOf(fields[name]));
    if (length > max) throw new TypeError(`it has ${length} ${name}, more than ${max}.`);
  }
  return fields;
}

/** What is an object, else one without fields. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** Version 2 has a URL, version 3 its parts. */
function baseOf({ protocol, url, host, pathname }: Fields): readonly string[] {
  if (protocol !== 'ws' && protocol !== 'wss') return [];
  if (typeof url === 'string')
    return url.includes('://') ? (/^wss?:/i.test(url) ? [url] : []) : [`${protocol}://${url}`];
  return typeof host === 'string' ? [`${protocol}://${host}${typeof pathname === 'string' ? pathname : ''}`] : [];
}
