import type { RequestHandler } from 'express';

/**
 * Answers only requests that name one of the app's own hosts. A page that points its own domain at 127.0.0.1 (DNS
 * rebinding) gets `421`.
 *
 * @param origins - the app's own origins.
 */
export function hostCheck(origins: readonly string[]): RequestHandler {
  const hosts = new Set(origins.map((origin) => new URL(origin).host));
  return (request, response, next) => {
    if (hosts.has(request.headers.host ?? '')) next();
    else response.status(421).type('text/plain').send('This server does not answer for that host.\n');
  };
}
