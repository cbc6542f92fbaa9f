/** Names of fields that carry a credential, by their ends. */
const SECRET = String.raw`[\w-]{0,64}(?:token|jwt|password|passwd|passcode|passphrase|secret|authorization|api[-_]?key|cookie)`;

/** Those that say by themselves who sends a message: a token of a page, a device or an invitation is none. */
const LOG_IN = String.raw`(?:(?:access|auth|bearer|id|session|user)[-_]?)?token|jwt|authorization|password|passwd|passcode|api[-_]?key`;

/**
 * A field up to its value: `"password":"`, the same in JSON that stands in JSON (`\"password\":\"`), an argument of GraphQL
 * (`password: \"`), what JavaScript prints of an object (`password: '`), and a number. Nothing in it repeats without a limit.
 */
const opening = (names: string): RegExp =>
  new RegExp(String.raw`(?<![\w-])(?:${names})(\\{0,15}["'])?\s{0,8}:\s{0,8}(?:(\\{0,15})(["'])|(?=-?\d))`, 'gi');

/** A text without the values of fields that are secret by their name. */
export const withoutSecretFields = (text: string): string => replaceFields(text, opening(SECRET), '[redacted]');

/** A text with something else in the fields that say who sends it. */
export const withLogIn = (text: string, secret: string): string => replaceFields(text, opening(LOG_IN), secret);

/**
 * The end of a value is looked for by hand: a regular expression keeps a place to go back to for each character, and throws on
 * a value of some megabytes.
 */
function replaceFields(text: string, fields: RegExp, value: string): string {
  const parts: string[] = [];
  let behind = 0;
  for (let found = fields.exec(text); found !== null; found = fields.exec(text)) {
    const start = fields.lastIndex;
    const [, closing = '', escapes = '', quote] = found;
    const end = quote === undefined ? endOfNumber(text, start) : endOfText(text, start, quote, escapes.length);
    // In the place of a number stands a text, as JSON has it.
    const shown = quote === undefined ? `${closing}${value}${closing}` : value;
    if (end > start) parts.push(text.slice(behind, start), shown);
    if (end > start) behind = end;
    fields.lastIndex = end;
  }
  return parts.length === 0 ? text : [...parts, text.slice(behind)].join('');
}

/** Where a number ends. */
function endOfNumber(text: string, start: number): number {
  let at = start;
  while (at < text.length && /[\d.eE+-]/.test(text[at] ?? '')) at++;
  return at;
}

/**
 * Where a text of JSON ends: at its next quote, or with what was cut off.
 *
 * @param escapes how many backslashes stand in front of the quotes around it: 1 in JSON that stands in JSON, where those of a quote
 * that belongs to the value are 3.
 */
function endOfText(text: string, start: number, quote: string, escapes: number): number {
  let backslashes = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === quote && (backslashes < escapes || isUnescaped(backslashes, escapes)))
      return at - Math.min(backslashes, escapes);
    backslashes = character === '\\' ? backslashes + 1 : 0;
  }
  return text.length;
}

const isUnescaped = (backslashes: number, escapes: number): boolean =>
  Math.floor((backslashes - escapes) / (escapes + 1)) % 2 === 0;
