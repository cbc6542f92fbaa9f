/** Fields of captured messages, and of answers, that carry a credential by their name, up to the quote that opens their value. */
const OPENING = /"[\w-]{0,64}(?:token|password|passwd|secret|authorization|api_?key|cookie)"\s{0,8}:\s{0,8}"(?!")/gi;

/**
 * A text without the values of fields that are secret by their name. The end of a value is looked for by hand: a regular
 * expression keeps a place to go back to for each character, and throws on a value of some megabytes.
 */
export function withoutSecretFields(text: string): string {
  const opening = new RegExp(OPENING);
  const parts: string[] = [];
  let behind = 0;
  while (opening.exec(text) !== null) {
    const end = endOfText(text, opening.lastIndex);
    parts.push(text.slice(behind, opening.lastIndex), '[redacted]');
    behind = end;
    opening.lastIndex = end;
  }
  return parts.length === 0 ? text : [...parts, text.slice(behind)].join('');
}

/** Where a text of JSON ends: at the next quote without a backslash, or with what was cut off. */
function endOfText(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}
