import { sanitizing } from './sanitizer.js';

/** What {@link SanitizeString} does; what is not named, it does. */
export interface SanitizeStringOptions {
  /**
   * Whether white space at both ends goes.
   *
   * @default true
   */
  readonly trim?: boolean;
  /**
   * The Unicode normalisation form (UAX #15), so that one text has one spelling; `NFKC` also makes letters of look-alikes
   * (`ﬁ`, `Ａ`), for names that must be told apart.
   *
   * @default 'NFC'
   */
  readonly normalize?: 'NFC' | 'NFKC' | false;
  /**
   * Whether control characters go, except tab and line breaks, and the marks that override the direction of a line.
   *
   * @default true
   */
  readonly stripControl?: boolean;
}

/** What {@link cleanText} does. */
export type TextCleaning = Required<SanitizeStringOptions>;

/**
 * Control characters except tab and line breaks, and the direction overrides and isolates that turn a line round (CVE-2021-42574);
 * not the direction marks, which Arabic and Hebrew need.
 */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

const DEFAULTS: TextCleaning = { trim: true, normalize: 'NFC', stripControl: true };

/**
 * Cleans the texts of a property before its rules judge them: the text that was validated is the one that the handler gets.
 * Texts in lists and records are cleaned as well; what is no text is left for the rules to refuse.
 *
 * @example
 * ```ts
 * @SanitizeString({ normalize: 'NFKC' })
 * @IsString()
 * @Length(1, 40)
 * name!: string;
 * ```
 */
export function SanitizeString(options: SanitizeStringOptions = {}): PropertyDecorator {
  const cleaning = { ...DEFAULTS, ...options };
  return sanitizing({
    decorator: '@SanitizeString()',
    clean: (text) => cleanText(text, cleaning),
    problem: () => {
      const { trim, normalize, stripControl, ...others } = cleaning as Record<keyof TextCleaning, unknown>;
      const isRight =
        Object.keys(others).length === 0 &&
        typeof trim === 'boolean' &&
        typeof stripControl === 'boolean' &&
        (normalize === 'NFC' || normalize === 'NFKC' || normalize === false);
      if (isRight && (trim || stripControl || normalize !== false)) return undefined;
      return {
        problem: isRight
          ? 'does nothing: everything in @SanitizeString() is off.'
          : 'has options in @SanitizeString() that it does not know, or of another type.',
        fix: "@SanitizeString({ trim: true, normalize: 'NFC', stripControl: true })",
      };
    },
  });
}

/**
 * Cleans a text. The order is what makes a second run change nothing: a control character may stand between a letter and
 * its accent, or before the white space at the beginning.
 */
export function cleanText(text: string, { trim, normalize, stripControl }: TextCleaning): string {
  let clean = stripControl ? text.replace(CONTROL, '') : text;
  if (normalize !== false) clean = clean.normalize(normalize);
  return trim ? clean.trim() : clean;
}
