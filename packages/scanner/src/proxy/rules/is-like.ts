/**
 * Whether a text is like a pattern, in which `*` is any text and `?` any character. Nothing in a pattern can be repeated, so it
 * takes no more steps than the text has characters times those of the pattern: a regular expression could take years.
 */
export function isLike(text: string, pattern: string): boolean {
  let [at, to] = [0, 0];
  let star = -1;
  let behind = 0;
  while (at < text.length) {
    if (pattern[to] === '*') {
      star = to++;
      behind = at;
    } else if (pattern[to] === '?' || pattern[to] === text[at]) {
      at++;
      to++;
    } else if (star >= 0) {
      to = star + 1;
      at = ++behind;
    } else return false;
  }
  while (pattern[to] === '*') to++;
  return to === pattern.length;
}
