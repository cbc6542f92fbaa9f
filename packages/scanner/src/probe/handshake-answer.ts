import { createHash } from 'node:crypto';

/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What a server answered to a handshake. */
export interface HandshakeAnswer {
  readonly status: number;
  /** Names in lower case; several fields of one name are joined with a comma. */
  readonly fields: ReadonlyMap<string, string>;
  /** The head as it came, without its end. */
  readonly head: string;
  /** Whether it is `101` and fits the key (RFC 6455 section 4.1): the connection is a WebSocket now. */
  readonly isAccepted: boolean;
}

/**
 * Reads the head of an answer.
 *
 * @throws Error where it is not HTTP.
 */
export function readAnswer(head: string, key: string): HandshakeAnswer {
  const [statusLine = '', ...lines] = head.split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) throw new Error('The answer is not HTTP/1.1.');
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    fields.set(name, fields.has(name) ? `${fields.get(name)}, ${value}` : value);
  }
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  return { status, fields, head, isAccepted: status === 101 && fields.get('sec-websocket-accept') === accept };
}
