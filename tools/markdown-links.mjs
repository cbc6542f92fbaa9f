/** Finds the links of a Markdown page and the anchors that links can point to. */

/**
 * @typedef {object} PageLink
 * @property {string} target as it stands in the page
 * @property {number} line
 */

const fence = /^ {0,3}(?<ticks>`{3,}|~{3,})/;
const inlineLink = /\[(?:[^\][]|\[[^\]]*\])*\]\((?<target>[^()\s]+)(?:\s+"[^"]*")?\)/g;
const heading = /^ {0,3}#{1,6}\s+(?<text>.*?)\s*#*$/;

/**
 * The lines of a page that are text: without code blocks, and with code spans and comments blanked, since what looks like a
 * link in them is none.
 *
 * @param {string} markdown
 * @returns {{ text: string, line: number }[]}
 */
function textLines(markdown) {
  const lines = markdown.replaceAll(/<!--[\s\S]*?-->/g, (comment) => comment.replaceAll(/[^\n]/g, ' ')).split(/\r?\n/);
  /** @type {string | undefined} */
  let open;
  return lines.flatMap((text, index) => {
    const ticks = fence.exec(text)?.groups?.['ticks'];
    if (open !== undefined) {
      if (ticks?.startsWith(open) === true) open = undefined;
      return [];
    }
    open = ticks;
    return ticks === undefined ? [{ text, line: index + 1 }] : [];
  });
}

/**
 * @param {string} markdown
 * @returns {PageLink[]} inline links, images among them, in the order of the page
 */
export function findLinks(markdown) {
  return textLines(markdown).flatMap(({ text, line }) => {
    const withoutCode = text.replaceAll(/(`+)(?:(?!\1).)+\1/g, 'code');
    return [...withoutCode.matchAll(inlineLink)].map(({ groups }) => ({ target: groups?.['target'] ?? '', line }));
  });
}

/**
 * The anchors that GitHub gives the headings of a page: lower case, without punctuation, blanks as hyphens, numbered where
 * one occurs again.
 *
 * @param {string} markdown
 * @returns {Set<string>}
 */
export function findAnchors(markdown) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  /** @type {Set<string>} */
  const anchors = new Set();
  for (const { text } of textLines(markdown)) {
    const title = heading.exec(text)?.groups?.['text'];
    if (title === undefined) continue;
    const slug = title
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}
