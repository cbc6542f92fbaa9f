import { cleanText, type TextCleaning } from './sanitize-string.decorator.js';
import { escapeHtml } from './escape-html.decorator.js';
import { htmlLibrary, requestHtmlLibrary } from './html-library.js';
import { sanitizing } from './sanitizer.js';
import { settled } from './settled.js';

/** What markup {@link SanitizeHtml} keeps. */
export interface SanitizeHtmlOptions {
  /**
   * The elements that stay; of others only the text stays, and nothing of scripts and styles.
   *
   * @default the text elements, lists, tables and links of sanitize-html: no images, no frames
   */
  readonly allowedTags?: readonly string[];
  /**
   * The attributes that stay, by element; `*` for every element.
   *
   * @default those of sanitize-html: `href`, `name` and `target` of links
   */
  readonly allowedAttributes?: Readonly<Record<string, readonly string[]>>;
  /**
   * The schemes of links that stay.
   *
   * @default ['http', 'https', 'mailto', 'tel']
   */
  readonly allowedSchemes?: readonly string[];
  /**
   * How long a text may be that is parsed, in UTF-16 units, at most 100000: in a longer one, all markup is escaped, which costs
   * little however it is made (MV-13). How long a text may be at all is for `@MaxLength()` to say.
   *
   * @default 10000
   */
  readonly maxLength?: number;
}

const CLEANING: TextCleaning = { trim: true, normalize: 'NFC', stripControl: true };
const SCHEMES = ['http', 'https', 'mailto', 'tel'];
const MAX_LENGTH = 10_000;
const MAX_MAX_LENGTH = 100_000;

/** What would run, load or restyle, or is read by another parser than the one that cleaned it. */
const RISKY_TAG =
  /^(script|style|iframe|frame|frameset|object|embed|applet|base|link|meta|form|input|button|textarea|select|option|noscript|noembed|noframes|template|title|xmp|plaintext|svg|math|portal)$/i;
const RISKY_ATTRIBUTE = /^(on.*|style|srcdoc|\*|formaction|xlink:href)$/i;
const RISKY_SCHEME = /^(javascript|vbscript|data|blob|filesystem)$/i;

/**
 * Cleans the HTML of a property with `sanitize-html` before its rules judge it: what is on no list goes, and what was
 * validated is what the handler gets. It does what `@SanitizeString()` does as well.
 *
 * Needs the optional peer `sanitize-html`; without it the boot fails.
 *
 * @example
 * ```ts
 * @SanitizeHtml({ allowedTags: ['p', 'b', 'i', 'a'] })
 * @IsString()
 * @MaxLength(5000)
 * body!: string;
 * ```
 */
export function SanitizeHtml(options: SanitizeHtmlOptions = {}): PropertyDecorator {
  requestHtmlLibrary();
  const { allowedTags, allowedAttributes, allowedSchemes = SCHEMES, maxLength = MAX_LENGTH } = options;
  const allowed = {
    ...(allowedTags === undefined ? {} : { allowedTags: [...allowedTags] }),
    ...(allowedAttributes === undefined ? {} : { allowedAttributes: copyLists(allowedAttributes) }),
    allowedSchemes: [...allowedSchemes],
    allowProtocolRelative: false,
  };
  const pass = (text: string): string => {
    const clean = cleanText(text, CLEANING);
    // No markup and no entity: nothing that a parser would look at.
    if (!/[<>&]/.test(clean)) return clean;
    if (clean.length > maxLength) return escapeHtml(clean);
    const library = htmlLibrary();
    if (library === undefined) throw new Error('@SanitizeHtml() needs sanitize-html: npm install sanitize-html@2');
    return library(clean, allowed);
  };
  return sanitizing({
    decorator: '@SanitizeHtml()',
    clean: (text) => settled(text, pass),
    problem: () => problemOf(options),
  });
}

function copyLists(lists: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, [...list]]));
}

function problemOf(options: SanitizeHtmlOptions): { problem: string; fix: string } | undefined {
  if (htmlLibrary() === undefined) {
    return { problem: 'needs the package sanitize-html, which cannot be loaded.', fix: 'npm install sanitize-html@2' };
  }
  const { allowedTags = [], allowedAttributes = {}, allowedSchemes = [], maxLength = MAX_LENGTH, ...others } = options;
  const attributes = Object.values(allowedAttributes);
  const isBound = Number.isInteger(maxLength) && maxLength >= 1 && maxLength <= MAX_MAX_LENGTH;
  const lists = [allowedTags, allowedSchemes, ...attributes];
  const isRight = isBound && Object.keys(others).length === 0 && lists.every(isWords);
  if (!isRight) {
    return {
      problem: 'has wrong options in @SanitizeHtml(): it takes lists of names, and maxLength up to 100000.',
      fix: "@SanitizeHtml({ allowedTags: ['p', 'a'], allowedAttributes: { a: ['href'] }, allowedSchemes: ['https'] })",
    };
  }
  const risky = [
    ...[...allowedTags, ...Object.keys(allowedAttributes)].filter((tag) => RISKY_TAG.test(tag)),
    ...attributes.flat().filter((attribute) => RISKY_ATTRIBUTE.test(attribute)),
    ...allowedSchemes.filter((scheme) => RISKY_SCHEME.test(scheme)),
  ];
  if (risky.length === 0) return undefined;
  return {
    problem: `allows ${[...new Set(risky)].join(', ')} in @SanitizeHtml(): with it, what a client sends can run or load what it likes where it is shown.`,
    fix: 'allow text elements, and links with schemes such as https',
  };
}

function isWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((word) => typeof word === 'string' && word !== '');
}
