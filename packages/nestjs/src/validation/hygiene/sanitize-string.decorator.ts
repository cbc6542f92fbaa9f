import { cleanText, type TextCleaning } from './clean-text.js';
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
          : 'has options in @SanitizeString() that are none.',
        fix: "@SanitizeString({ trim: true, normalize: 'NFC', stripControl: true })",
      };
    },
  });
}
