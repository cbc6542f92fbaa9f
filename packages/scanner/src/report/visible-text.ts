/** What ends a line, starts an escape sequence, or shows a text in another order than it has. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Writes every character by which a server could forge a report, or drive a terminal, as `\uXXXX`. */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** JSON over several lines, of which the same holds. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).split('\n').map(visibleText).join('\n');
}
