import { type Decision, FORWARD, type ProxyMessage } from '../proxy-message.js';
import { MAX_MESSAGE_BYTES } from '../wire/frame-cutter.js';
import type { RuleAction } from './rule.js';

/** What a rule makes of a message at once; breaks and delays are of the desk. */
export function applyRule({ isBinary, data }: ProxyMessage, action: RuleAction, why: string): Decision {
  switch (action.do) {
    case 'drop':
      return { kind: 'drop', why };
    case 'replay':
      return { kind: 'forward', copies: action.times, why };
    case 'replace': {
      // A text in the place of bytes would be another kind of message.
      if (isBinary || data === undefined) return FORWARD;
      const text = data.toString();
      if (isTooLarge(text, action)) return { kind: 'drop', why: `${why}: the result is too large` };
      const changed = action.find === undefined ? action.with : text.split(action.find).join(action.with);
      return changed === text ? FORWARD : { kind: 'forward', data: Buffer.from(changed), why };
    }
    case 'break':
    case 'delay':
      return FORWARD;
  }
}

/** Whether a replacement makes more of a text than goes through: 40 characters for each of 15 million are more than a text can have. */
function isTooLarge(text: string, { find, with: put }: Extract<RuleAction, { do: 'replace' }>): boolean {
  if (find === undefined) return false;
  const more = Buffer.byteLength(put) - Buffer.byteLength(find);
  let size = Buffer.byteLength(text);
  let at = more > 0 ? text.indexOf(find) : -1;
  while (at >= 0 && size <= MAX_MESSAGE_BYTES) {
    size += more;
    at = text.indexOf(find, at + find.length);
  }
  return size > MAX_MESSAGE_BYTES;
}
