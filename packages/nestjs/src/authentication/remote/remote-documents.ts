import type { Clock } from '../../core/clock.js';
import { exchangeJson, RemoteAnswerError } from '../../core/remote-json.js';
import type { JsonObject } from '../../core/strict-json.js';
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
    const headers = { accept: 'application/json, application/jwk-set+json', ...form?.headers };
    const request = form === undefined ? { headers } : { headers, body: new URLSearchParams(form.fields) };
    try {
      return await exchangeJson(url, request, this.limits, this.clock);
    } catch (error) {
      if (!(error instanceof RemoteAnswerError)) throw error;
      throw new IdentityProviderError(error.message, { cause: error.cause });
    }
  }
}
