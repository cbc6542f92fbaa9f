import validator from 'validator';
import { sanitizing } from './sanitizer.js';

/**
 * Writes `<`, `>`, `&`, quotes, `/`, `\` and backticks of a text as entities, with `escape` of validator.js, before its rules
 * judge it; for texts that one place alone ever shows as HTML. Length rules count what was written.
 *
 * Entities that `escape` makes are not escaped again (`&lt;` stays), so that a text may pass twice.
 *
 * @example
 * ```ts
 * @EscapeHtml()
 * @IsString()
 * @MaxLength(200)
 * caption!: string;
 * ```
 */
export function EscapeHtml(): PropertyDecorator {
  return sanitizing({
    decorator: '@EscapeHtml()',
    clean: escapeHtml,
  });
}

/** Escapes a text once: every `&` that `escape` writes is undone by `unescape`, so that a second run changes nothing. */
export function escapeHtml(text: string): string {
  return validator.escape(validator.unescape(text));
}
