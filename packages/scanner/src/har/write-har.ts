import { packageVersion } from '../report/package-version.js';
import type { HarEntry } from './har-entry.js';
import { redactEntry } from './redact-entry.js';

/** How a recording is written. */
export interface WriteHarOptions {
  /** Leaves credentials in. The file then opens the accounts that were recorded. @default false */
  readonly keepsSecrets?: boolean;
}

/**
 * Writes recorded WebSockets as HAR 1.2, with the `_webSocketMessages` of Chrome: its developer tools open the file.
 *
 * @see http://www.softwareishard.com/blog/har-12-spec/
 */
export function writeHar(entries: readonly HarEntry[], { keepsSecrets = false }: WriteHarOptions = {}): string {
  const shown = keepsSecrets ? entries : entries.map(redactEntry);
  const log = {
    version: '1.2',
    creator: { name: 'secure-ws-scan', version: packageVersion() },
    entries: shown.map(entryOf),
  };
  return `${JSON.stringify({ log }, undefined, 2)}\n`;
}

function entryOf({ url, startedAt, request, status, response, messages }: HarEntry): object {
  const unknown = { httpVersion: 'HTTP/1.1', cookies: [], headersSize: -1, bodySize: -1 };
  const last = messages.at(-1)?.time ?? startedAt / 1000;
  return {
    startedDateTime: new Date(startedAt).toISOString(),
    time: Math.max(0, last * 1000 - startedAt),
    request: {
      ...unknown,
      method: 'GET',
      url,
      headers: request,
      queryString: [...new URL(url).searchParams].map(([name, value]) => ({ name, value })),
    },
    response: {
      ...unknown,
      status,
      statusText: '',
      headers: response,
      content: { size: 0, mimeType: 'x-unknown' },
      redirectURL: '',
    },
    cache: {},
    timings: { send: 0, wait: 0, receive: 0 },
    _resourceType: 'websocket',
    _webSocketMessages: messages,
  };
}
