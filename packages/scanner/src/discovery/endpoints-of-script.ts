const MAX_FOUND = 200;

/** A URL as a literal. */
const ABSOLUTE = /\bwss?:\/\/[\w.:[\]-]{1,255}(?:\/[\w./~%?&=-]{0,500})?/gi;
/** `${location.host}/ws`, `location.host + '/ws'`. */
const OF_THIS_HOST = /\blocation\.host(?:name)?\}?[\s"'`+]{0,8}(\/(?!\/)[\w./-]{1,200})/g;
/** Browsers take a path as well. */
const CONSTRUCTED = /\bnew WebSocket\(\s{0,20}["'`](\/(?!\/)[\w./-]{1,200})/g;
/** And another host, with the scheme of the page. */
const OF_ANOTHER_HOST = /\bnew WebSocket\(\s{0,20}["'`](\/\/[\w.:[\]-]{1,255}(?:\/[\w./-]{0,200})?)/g;
/** Texts that look like the path of a WebSocket: what a client library is given. */
const PATH_LIKE =
  /["'`](\/(?:[\w-]{1,50}\/){0,5}(?:wss?|sockets?|websockets?|graphql|subscriptions|cable|hubs?|live|realtime|stomp|connection)(?:\/[\w-]{1,50}){0,4}\/?)["'`]/gi;
/** Where a client of Socket.IO is told of another path than `/socket.io`. */
const PATH_OPTION = /\bpath:\s{0,5}["'`](\/[\w./-]{1,200})["'`]/g;

/** What the handshake of Socket.IO asks for. */
export const SOCKET_IO_QUERY = '?EIO=4&transport=websocket';

/** Clients of Phoenix are given the path without its end. */
const PHOENIX = /\/(?:socket|live)$/;

/**
 * The WebSockets that a script (or a page with scripts in it) may open: as literals of its source, so what it puts together
 * from parts is not found.
 *
 * @param page where relative ones belong.
 */
export function endpointsOfScript(text: string, page: URL): readonly string[] {
  const isSocketIo = /socket\.io|\bio\(/.test(text);
  const socketIo = [...matches(text, PATH_OPTION), ...(isSocketIo ? ['/socket.io'] : [])]
    .filter((path) => isSocketIo && !/\.\w{1,5}$/.test(path.replace(/\.io$/, '')))
    .map((path) => `${path.replace(/\/$/, '')}/${SOCKET_IO_QUERY}`);
  const paths = [...matches(text, OF_THIS_HOST), ...matches(text, CONSTRUCTED), ...matches(text, PATH_LIKE)];
  const phoenix = paths.filter((path) => PHOENIX.test(path)).map((path) => `${path}/websocket`);
  const others = matches(text, OF_ANOTHER_HOST).map((url) => `${schemeOf(page)}${url}`);
  const found = [
    ...matches(text, ABSOLUTE),
    ...others,
    ...[...paths, ...phoenix, ...socketIo].map((path) => urlOf(path, page)),
  ];
  return [...new Set(found.filter((url) => URL.canParse(url)))].slice(0, MAX_FOUND);
}

/** The WebSocket of a path on the host of a page. */
export function urlOf(path: string, page: URL): string {
  return `${schemeOf(page)}//${page.host}${path}`;
}

const schemeOf = ({ protocol }: URL): string => (protocol === 'https:' ? 'wss:' : 'ws:');

function matches(text: string, pattern: RegExp): readonly string[] {
  const found = new Set<string>();
  for (const [whole, group] of text.matchAll(pattern)) {
    found.add(group ?? whole);
    if (found.size >= MAX_FOUND) break;
  }
  return [...found];
}
