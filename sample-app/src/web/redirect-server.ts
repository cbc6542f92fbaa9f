import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Headers that carry a secret. It has been on the wire in plain text by now; a redirect would hide that. */
const CREDENTIAL_HEADERS = ['authorization', 'cookie', 'sec-websocket-protocol'] as const;

/**
 * Makes the plain HTTP server that sends page loads to HTTPS and refuses everything else.
 *
 * @param publicUrl - where to: never taken from the request, or `Host` would choose the destination.
 */
export function createRedirectServer(publicUrl: string): Server {
  const server = createServer((request, response) => answer(request, response, publicUrl));
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  return server;
}

function answer(request: IncomingMessage, response: ServerResponse, publicUrl: string): void {
  response.setHeader('Connection', 'close');
  response.setHeader('Cache-Control', 'no-store');
  const path = pagePath(request);
  if (path === undefined) {
    response.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`Use ${publicUrl} instead. What was sent here was not encrypted.\n`);
    return;
  }
  response.writeHead(308, { Location: `${publicUrl}${path}` });
  response.end();
}

/** The path of a page load, or `undefined` for anything else. */
function pagePath(request: IncomingMessage): string | undefined {
  const { method, headers, url = '' } = request;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (headers.upgrade !== undefined || CREDENTIAL_HEADERS.some((name) => headers[name] !== undefined)) return undefined;
  // The query is dropped: it may carry a token, and no page of this app has one.
  const path = /^\/(?:[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*\/?)?(?=\?|$)/.exec(url)?.[0];
  return path === undefined || path.startsWith('/api') ? undefined : path;
}
