const HIGH_SURROGATE = 0xd800;
const LOW_SURROGATE = 0xdc00;
const LAST_SURROGATE = 0xdfff;
const TEXT_SELECTOR = 0xfe0e;
const EMOJI_SELECTOR = 0xfe0f;

/**
 * The length of a text as `validator` counts it (13.15.22 and later): a surrogate pair counts once, and a variation
 * selector not at all unless it follows another one, behind which any length could hide (CVE-2025-12758).
 */
export function visibleLength(text: string): number {
  let hidden = 0;
  let previous = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= LOW_SURROGATE && code <= LAST_SURROGATE) {
      if (previous >= HIGH_SURROGATE && previous < LOW_SURROGATE) hidden++;
    } else if (isSelector(code) && previous !== -1 && !isSelector(previous)) {
      hidden++;
    }
    previous = code;
  }
  return text.length - hidden;
}

/** Whether {@link visibleLength} lies between two bounds. Texts far outside of them are not counted through. */
export function hasLength(text: string, min: number, max: number): boolean {
  const units = text.length;
  if (units < min) return false;
  // At most two units of three are hidden: a surrogate pair and its selector.
  if (units > max * 3) return false;
  if (units >= min * 3 && units <= max) return true;
  const length = visibleLength(text);
  return length >= min && length <= max;
}

function isSelector(code: number): boolean {
  return code === TEXT_SELECTOR || code === EMOJI_SELECTOR;
}
