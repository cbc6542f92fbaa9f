const MAX_FOUND = 100;

const SCRIPT_TAG = /<script\b[^>]{0,1000}?\ssrc\s{0,5}=\s{0,5}["']?([^"'\s>]{1,1000})/gi;
const LINK_TAG = /<link\b[^>]{0,1000}?\shref\s{0,5}=\s{0,5}["']?([^"'\s>]{1,1000}\.m?js\b[^"'\s>]{0,200})/gi;
/** Chunks as Vite, Rollup and webpack name them. */
const CHUNK = /["'`]((?:\.{0,2}\/)?[\w./-]{1,200}\.m?js)["'`]/g;

/** The scripts that a page loads. */
export function scriptsOfPage(html: string, page: URL): readonly URL[] {
  return urls([...html.matchAll(SCRIPT_TAG), ...html.matchAll(LINK_TAG)].map(([, src = '']) => [decode(src), page]));
}

/** The scripts that a script loads: relative to itself, and as some bundlers write them, to the page. */
export function scriptsOfScript(text: string, script: URL, page: URL): readonly URL[] {
  return urls(
    [...text.matchAll(CHUNK)].flatMap(([, src = '']): (readonly [string, URL])[] =>
      src.startsWith('.') ? [[src, script]] : [[src, page]],
    ),
  );
}

function urls(found: readonly (readonly [src: string, base: URL])[]): readonly URL[] {
  const known = new Map(
    found.slice(0, MAX_FOUND).flatMap(([src, base]): (readonly [string, URL])[] => {
      if (!URL.canParse(src, base.href)) return [];
      const url = new URL(src, base);
      return /^https?:$/.test(url.protocol) ? [[url.href, url]] : [];
    }),
  );
  return [...known.values()];
}

const decode = (attribute: string): string => attribute.replaceAll('&amp;', '&');
