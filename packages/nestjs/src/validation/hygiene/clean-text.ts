/** What {@link cleanText} does. */
export interface TextCleaning {
  readonly trim: boolean;
  readonly normalize: 'NFC' | 'NFKC' | false;
  readonly stripControl: boolean;
}

/**
 * Control characters except tab and line breaks, and the direction overrides and isolates that turn a line round (CVE-2021-42574);
 * not the direction marks, which Arabic and Hebrew need.
 */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Cleans a text. The order is what makes a second run change nothing: a control character may stand between a letter and
 * its accent, or before the white space at the beginning.
 */
export function cleanText(text: string, { trim, normalize, stripControl }: TextCleaning): string {
  let clean = stripControl ? text.replace(CONTROL, '') : text;
  if (normalize !== false) clean = clean.normalize(normalize);
  return trim ? clean.trim() : clean;
}
