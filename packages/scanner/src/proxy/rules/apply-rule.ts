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
      if (sizeOf(text, action) > MAX_MESSAGE_BYTES) return { kind: 'drop', why: `${why}: the result is too large` };
      const changed = action.find === undefined ? action.with : text.replaceAll(action.find, () => action.with);
      return changed === text ? FORWARD : { kind: 'forward', data: Buffer.from(changed), why };
    }
    case 'break':
    case 'delay':
      return FORWARD;
  }
}

/** Of what a replacement makes of a text, in bytes: 40 characters for each of 15 million would be more than a text can have. */
function sizeOf(text: string, { find, with: put }: Extract<RuleAction, { do: 'replace' }>): number {
  const [size, more] = [text, put].map((one) => Buffer.byteLength(one)) as [number, number];
  if (find === undefined) return more;
  let count = 0;
  for (let at = text.indexOf(find); at >= 0; at = text.indexOf(find, at + find.length)) count++;
  return size + count * (more - Buffer.byteLength(find));
}
