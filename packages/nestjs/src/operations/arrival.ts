import type { IncomingHttpHeaders } from 'node:http';

/**
 * How a request came: `own` of the page itself, a typed address or a program; by a `link` of another page; or `foreign`, which
 * another page had the browser of its visitor send (`<img>`, `<iframe>`, `fetch()`), with the visitor's cookies.
 */
export type Arrival = 'own' | 'link' | 'foreign';

/** Says it by the fetch metadata (W3C), which no page can change. A browser sends none over plain HTTP: that is `own`. */
export function arrivalOf(headers: IncomingHttpHeaders): Arrival {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': target = 'document' } = headers;
  if (site === undefined || site === 'same-origin' || site === 'none') return 'own';
  return mode === 'navigate' && target === 'document' ? 'link' : 'foreign';
}
