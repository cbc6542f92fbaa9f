import { type Decision, FORWARD, type ProxyMessage } from '../proxy-message.js';
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
      const changed = action.find === undefined ? action.with : text.split(action.find).join(action.with);
      return changed === text ? FORWARD : { kind: 'forward', data: Buffer.from(changed), why };
    }
    case 'break':
    case 'delay':
      return FORWARD;
  }
}
