import type { Clock } from './clock.js';
import { type JsonObject, parseStrictJsonObject } from './strict-json.js';

/** A service gave no answer that can be used. The text names the address without its query, and nothing that was sent. */
export class RemoteAnswerError extends Error {
  override readonly name = 'RemoteAnswerError';
}

/** How long an answer may take, in milliseconds, and how large it may be, in bytes. */
export interface RemoteLimits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** What is sent to a service; without a body it is a GET. */
export interface RemoteRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams;
}

/**
 * Asks a service for a JSON object: no redirects, within a time that covers the last byte of the answer, and a size.
 *
 * @param url checked by `readRemoteUrl`.
 * @returns `undefined` for `404`.
 * @throws {RemoteAnswerError} when there is no answer that can be read.
 */
export async function exchangeJson(
  url: URL,
  request: RemoteRequest,
  limits: RemoteLimits,
  clock: Clock,
): Promise<JsonObject | undefined> {
  const abort = new AbortController();
  const cancel = clock.after(limits.timeoutMs, () => abort.abort());
  try {
    return await exchange(url, request, limits, abort.signal);
  } catch (cause) {
    if (cause instanceof RemoteAnswerError) throw cause;
    const why = abort.signal.aborted
      ? `did not answer within ${limits.timeoutMs} ms`
      : `cannot be reached${reasonOf(cause)}`;
    throw new RemoteAnswerError(`${nameOf(url)} ${why}.`, { cause });
  } finally {
    cancel();
    // Whatever of the answer nobody reads any more.
    abort.abort();
  }
}

async function exchange(
  url: URL,
  { headers, body }: RemoteRequest,
  { maxBytes }: RemoteLimits,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  const response = await fetch(url, {
    // Followed, it could lead anywhere, and would take along what is sent.
    redirect: 'manual',
    signal,
    headers,
    ...(body !== undefined && { method: 'POST', body }),
  });
  if (response.status === 404) return undefined;
  if (response.status !== 200) throw new RemoteAnswerError(`${nameOf(url)} answered ${response.status}.`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) throw new RemoteAnswerError(`${nameOf(url)} answered more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  const document = parseStrictJsonObject(Buffer.concat(chunks));
  if (document === undefined) throw new RemoteAnswerError(`${nameOf(url)} answered no JSON object.`);
  return document;
}

/** What Node says beneath `fetch failed`, and what to do where TLS does not know the authority of the server. */
function reasonOf(cause: unknown): string {
  const { code } = (cause instanceof Error ? (cause.cause ?? cause) : {}) as { readonly code?: unknown };
  if (typeof code !== 'string') return '';
  const isUntrusted = /CERT|VERIFY|ISSUER/.test(code) && code !== 'CERT_HAS_EXPIRED';
  return `: ${code}${isUntrusted ? '; NODE_EXTRA_CA_CERTS names the file of an authority that Node should trust' : ''}`;
}

/** Without a query, which may hold a key of an API. */
function nameOf(url: URL): string {
  return url.origin + url.pathname;
}
