import { type IncomingMessage, ServerResponse } from 'node:http';
import { HTTP_FIELD_VALUE, HTTP_TOKEN } from '../../core/http-syntax.js';

/**
 * What the handshake itself decides (RFC 6455 section 4.2.2, RFC 9110 section 7.6.1), and what a `101` must not have: a
 * body, an expiry of its own, or a cookie, which would be set in the browser of whoever opened the connection (OD-11).
 */
const RESERVED: ReadonlySet<string> = new Set([
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** How many fields a guard may add, so that a mistake cannot make an answer that clients refuse to read. */
const MAX_FIELDS = 32;

/**
 * The response that a handshake guard is given. It belongs to no socket, and only its header fields can be set: they go
 * into the `101`. To refuse, a guard returns `false`; everything that would answer by itself throws, which refuses as well.
 */
export class HandshakeResponse extends ServerResponse {
  /** Every response has it (Node 15.4); the types know it of requests only. */
  declare readonly getRawHeaderNames: () => string[];

  constructor(request: IncomingMessage) {
    super(request);
    // Everything that writes goes through one of these.
    for (const name of [
      'end',
      'flushHeaders',
      'write',
      'writeContinue',
      'writeEarlyHints',
      'writeHead',
      'writeProcessing',
    ]) {
      Object.defineProperty(this, name, { value: refuseToWrite });
    }
  }

  /** The fields for the `101`. */
  get fields(): readonly (readonly [name: string, value: string])[] {
    return this.getRawHeaderNames().flatMap((name) => this.#textsOf(name).map((text) => [name, text] as const));
  }

  override setHeader(name: string, value: number | string | readonly string[]): this {
    checkName(name);
    const texts = textsOf(value);
    if (!texts.every((text) => HTTP_FIELD_VALUE.test(text))) {
      throw new TypeError(`The header ${name} must be printable ASCII without line breaks.`);
    }
    if (this.fields.length - this.#textsOf(name).length + texts.length > MAX_FIELDS) {
      throw new RangeError(`A guard may set at most ${MAX_FIELDS} headers.`);
    }
    // Frozen: getHeader() hands it out, and what is put into it there would be checked by nobody.
    return super.setHeader(name, Object.freeze(texts));
  }

  override appendHeader(name: string, value: string | readonly string[]): this {
    return this.setHeader(name, [...this.#textsOf(name), ...textsOf(value)]);
  }

  #textsOf(name: string): readonly string[] {
    return textsOf(this.getHeader(name) ?? []);
  }
}

function textsOf(value: number | string | readonly string[]): string[] {
  return typeof value === 'object' ? [...value].map(String) : [String(value)];
}

function checkName(name: string): void {
  const lower = name.toLowerCase();
  if (!HTTP_TOKEN.test(name) || RESERVED.has(lower) || lower.startsWith('sec-websocket-')) {
    throw new TypeError('A handshake guard cannot set this header: the handshake itself decides it, or forbids it.');
  }
}

function refuseToWrite(): never {
  throw new TypeError('The response of a handshake takes headers only; return false to refuse the handshake.');
}
