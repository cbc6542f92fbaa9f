/**
 * What ends a line, starts an escape sequence, or shows a text in another order than it has: control characters (CR, LF,
 * ESC, C1), format characters (bidi overrides, zero-width and tag characters), the separators U+2028 and U+2029, and whatever
 * else shows as nothing (fillers, variation selectors): two names that look alike must not be two principals.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** What most texts are: the search by Unicode property costs several times as much. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Writes every character that could forge or hide a part of a log line as `\uXXXX` (OWASP ASVS 5.0 16.4.1). */
export function visibleText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(INVISIBLE, escapeUnits);
}

/** The first `maxLength` UTF-16 units of a text, made visible; one that was cut ends in `...`. */
export function excerpt(text: string, maxLength: number): string {
  return visibleText(text.length > maxLength ? `${text.slice(0, maxLength)}...` : text);
}

/** The JSON of a value on a single line, whatever a client put into it. */
export function toLine(value: object): string {
  // JSON escapes CR, LF and ESC by itself, but not U+2028, the C1 controls and bidi overrides. What is left of those stands
  // inside strings, where `\uXXXX` means the same.
  return visibleText(JSON.stringify(value));
}

function escapeUnits(character: string): string {
  let escaped = '';
  for (let index = 0; index < character.length; index++) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
