import type { Readable } from 'node:stream';
import { withDeadline } from '../../core/awaitable.js';
import type { Clock } from '../../core/clock.js';

/** Longer than any token that is taken. */
const MAX_BYTES = 16_384;

/** How long a sender may take for it, in milliseconds. */
const TIMEOUT_MS = 5000;

/** RFC 8935 section 2.1. */
const MEDIA_TYPE = /^application\/secevent\+jwt\s*(;|$)/i;

/** What the requests of Express, of Fastify and of Node have in common. */
export interface SetRequest {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly raw?: unknown;
}

/**
 * Reads the token of a request, whoever reads bodies in this application: no more of it than a token may have, and no longer
 * than a sender may take.
 *
 * @returns `undefined` where it is none.
 */
export async function readSetBody(request: SetRequest, clock: Clock): Promise<string | undefined> {
  const { headers, body, raw } = request;
  const type = headers['content-type'];
  if (typeof type !== 'string' || !MEDIA_TYPE.test(type)) return undefined;
  if (typeof body === 'string') return body;
  if (Buffer.isBuffer(body)) return body.toString('latin1');
  const stream = [body, raw, request].find(isReadable);
  if (stream === undefined) return undefined;
  return withDeadline<string | undefined>(readAll(stream), TIMEOUT_MS, clock, undefined);
}

async function readAll(stream: Readable): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Destroyed, it would take the answer along.
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    // The sender has left.
    return undefined;
  }
  // A token is ASCII: what is not is refused with its signature.
  return Buffer.concat(chunks).toString('latin1');
}

function isReadable(value: unknown): value is Readable {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Readable>).iterator === 'function';
}
