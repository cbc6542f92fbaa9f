import type { Clock } from '../../core/clock.js';
import { type JsonObject, parseStrictJsonObject } from '../jwt/strict-json.js';
import type { ResolvedRemoteOptions } from './remote.options.js';

/** Nobody knows whether a credential is good: its handshake gets `503`. The text is for the operator alone. */
export class IdentityProviderError extends Error {
  override readonly name = 'IdentityProviderError';
}

/** A form to be posted. */
export interface RemoteForm {
  readonly headers: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

/** Fetches JSON objects of an identity provider: no redirects, within a time and a size. */
export class RemoteDocuments {
  constructor(
    private readonly limits: Pick<ResolvedRemoteOptions, 'timeoutMs' | 'maxBytes'>,
    private readonly clock: Clock,
  ) {}

  /**
   * Fetches a document, or posts a form and gives the answer.
   *
   * @param url checked by `readRemoteUrl`.
   * @returns `undefined` for `404`, where the caller may look elsewhere.
   * @throws {IdentityProviderError} when there is no answer that can be read.
   */
  async fetch(url: URL, form?: RemoteForm): Promise<JsonObject | undefined> {
    const abort = new AbortController();
    const cancel = this.clock.after(this.limits.timeoutMs, () => abort.abort());
    try {
      return await this.#exchange(url, form, abort.signal);
    } catch (cause) {
      if (cause instanceof IdentityProviderError) throw cause;
      const why = abort.signal.aborted
        ? `did not answer within ${this.limits.timeoutMs} ms`
        : `cannot be reached${reasonOf(cause)}`;
      throw new IdentityProviderError(`${nameOf(url)} ${why}.`, { cause });
    } finally {
      cancel();
      // Whatever of the answer nobody reads any more.
      abort.abort();
    }
  }

  async #exchange(url: URL, form: RemoteForm | undefined, signal: AbortSignal): Promise<JsonObject | undefined> {
    const response = await fetch(url, {
      // Followed, it could lead anywhere, and would take the form along.
      redirect: 'manual',
      signal,
      headers: { accept: 'application/json, application/jwk-set+json', ...form?.headers },
      ...(form !== undefined && { method: 'POST', body: new URLSearchParams(form.fields) }),
    });
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw new IdentityProviderError(`${nameOf(url)} answered ${response.status}.`);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > this.limits.maxBytes) {
        throw new IdentityProviderError(`${nameOf(url)} answered more than ${this.limits.maxBytes} bytes.`);
      }
      chunks.push(chunk);
    }
    const document = parseStrictJsonObject(Buffer.concat(chunks));
    if (document === undefined) throw new IdentityProviderError(`${nameOf(url)} answered no JSON object.`);
    return document;
  }
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
