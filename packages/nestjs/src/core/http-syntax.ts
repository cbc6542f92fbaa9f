/** A token (RFC 9110 section 5.6.2). One character class without alternatives: no input makes it backtrack. */
export const HTTP_TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The value of a field that is sent: printable ASCII. CR, LF and NUL would let it end its field and begin another one
 * (response splitting, RFC 9110 section 5.5); Node lets tabs and Latin-1 pass, where some proxies end a field.
 */
export const HTTP_FIELD_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * Cuts spaces and tabs off both ends. `trim()` also cuts what is no blank in HTTP, such as U+00A0, and would take a planted
 * cookie whose name begins with it for the one with the `__Host-` prefix.
 */
export function withoutBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
