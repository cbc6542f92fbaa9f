/** What ends a line, starts an escape sequence, or shows a text in another order than it has. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * What a runner of continuous integration takes for a command in what a step prints: `##vso[` of Azure Pipelines, `##[` of it and
 * of GitHub and `##teamcity[` wherever they stand, and `::` of GitHub at the beginning of a line.
 */
const COMMAND = /(?<=#)#|(?<=^\s*):(?=:)/g;

/**
 * A line, with every character by which a server could forge a report, drive a terminal, or give orders to the runner that
 * prints it, as `\uXXXX`: which is what JSON has for it as well.
 */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, escaped).replace(COMMAND, escaped);
}

function escaped(characters: string): string {
  return characters
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

/** JSON over several lines, of which the same holds. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).split('\n').map(visibleText).join('\n');
}
