import type { Consent } from '../scope/scan-target.js';
import { readTarget } from '../scope/scan-target.js';

/** The page that discovery begins with, and the only host that it contacts. */
export interface NamedHost {
  /** `http:` or `https:`. */
  readonly page: URL;
  /** With its port, as `URL.host`. */
  readonly host: string;
}

/**
 * Reads where discovery begins: a page, or a WebSocket whose host is asked for its page.
 *
 * @throws TypeError for anything else, and for a host other than this machine without consent.
 */
export function readNamedHost(text: string, consent: Consent): NamedHost {
  if (!/^(?:https?|wss?):\/\//i.test(text) || !URL.canParse(text)) {
    throw new TypeError('secure-ws-scan discover takes a page, such as https://app.example.com/.');
  }
  const { url } = readTarget(text.replace(/^http/i, 'ws'), consent);
  return { page: new URL(url.href.replace(/^ws/, 'http')), host: url.host };
}
