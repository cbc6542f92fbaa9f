import { fieldsOf } from '../discovery/endpoints-of-async-api.js';
import { readInput, readInputFile } from './read-input-file.js';

const MAX_BYTES = 1_048_576;
const MAX_ENDPOINTS = 50;

/**
 * Reads what `secure-ws-scan discover --output` has written: the endpoints that are on the host of the target. Others are left
 * out, since nobody has named their host; and so is `ws://` where the target is `wss://`, which would have the credentials in
 * the clear.
 *
 * @throws TypeError for a file that cannot be read, or holds none for that host.
 */
export async function readEndpoints(path: string, target: string): Promise<readonly string[]> {
  const content = await readInputFile('--endpoints', path, MAX_BYTES);
  const { host, origin } = URL.canParse(target) ? new URL(target) : { host: '', origin: '' };
  const urls = readInput('--endpoints', path, () => {
    const { endpoints } = fieldsOf(JSON.parse(content) as unknown);
    if (!Array.isArray(endpoints)) throw new TypeError('it has no "endpoints", as "discover --output" writes them.');
    return (endpoints as readonly unknown[]).map((endpoint) => String(fieldsOf(endpoint)['url']));
  });
  const isHere = (url: string): boolean => URL.canParse(url) && new URL(url).origin === origin;
  const here = [...new Set(urls.filter(isHere))];
  if (here.length === 0 || here.length > MAX_ENDPOINTS) {
    throw new TypeError(
      `--endpoints ${path} holds ${here.length} endpoints of ${host}: it takes 1 to ${MAX_ENDPOINTS}.`,
    );
  }
  return here;
}

/** The name of a report of one endpoint of several: `scan.json` becomes `scan.1-orders.json`. */
export function reportNameFor(path: string, url: string, index: number): string {
  const { pathname } = new URL(url);
  const name = pathname
    .replace(/[^\w-]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 100);
  const dot = path.lastIndexOf('.');
  return `${path.slice(0, dot)}.${index + 1}${name === '' ? '' : `-${name}`}${path.slice(dot)}`;
}
