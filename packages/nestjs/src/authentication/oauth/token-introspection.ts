import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { JsonObject } from '../../core/strict-json.js';
import { IdentityProviderError, type RemoteDocuments, type RemoteForm } from '../remote/remote-documents.js';
import type { ResolvedIntrospectionOptions } from './introspection.options.js';

/** How many answers of either kind are kept; the oldest is forgotten for one more. */
const MAX_ANSWERS = 10_000;

interface Answer {
  /** `undefined`: the token is not active. */
  readonly claims: JsonObject | undefined;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** Asks the authorization server about tokens, each once in a while (RFC 7662). */
export class TokenIntrospection {
  // Apart, so that a flood of made-up tokens pushes out no answer about a good one.
  readonly #active = new Map<string, Answer>();
  readonly #inactive = new Map<string, Answer>();
  readonly #pending = new Map<string, Promise<Answer>>();

  constructor(
    private readonly options: ResolvedIntrospectionOptions,
    private readonly documents: RemoteDocuments,
    private readonly locate: () => Promise<URL>,
    private readonly clock: Clock,
  ) {}

  /**
   * What the server says of a token; `undefined` when it is not active, or not for this server to know.
   *
   * @throws {IdentityProviderError} when it does not say.
   */
  async introspect(token: string): Promise<JsonObject | undefined> {
    // By its hash: what lies in memory opens nothing.
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.#active.get(key) ?? this.#inactive.get(key);
    if (known !== undefined && known.until > this.clock.monotonic()) return known.claims;
    let answer = this.#pending.get(key);
    if (answer === undefined) {
      answer = this.#ask(token, key).finally(() => this.#pending.delete(key));
      this.#pending.set(key, answer);
    }
    return (await answer).claims;
  }

  async #ask(token: string, key: string): Promise<Answer> {
    const url = await this.locate();
    const document = await this.documents.fetch(url, this.#formOf(token));
    if (typeof document?.['active'] !== 'boolean') {
      throw new IdentityProviderError(`${url.origin}${url.pathname} does not say whether a token is active.`);
    }
    const answer = document['active']
      ? this.#activeAnswer(document)
      : this.#answer(undefined, this.options.inactiveCacheMs);
    this.#active.delete(key);
    this.#inactive.delete(key);
    keep(answer.claims === undefined ? this.#inactive : this.#active, key, answer);
    return answer;
  }

  #activeAnswer(document: JsonObject): Answer {
    const { exp } = document;
    const leftMs = typeof exp === 'number' ? exp * 1000 - this.clock.now() : 0;
    return this.#answer(document, Math.min(this.options.cacheMs, leftMs));
  }

  #answer(claims: JsonObject | undefined, forMs: number): Answer {
    return { claims, until: this.clock.monotonic() + forMs };
  }

  #formOf(token: string): RemoteForm {
    const { clientId, clientSecret, method } = this.options;
    const fields = { token, token_type_hint: 'access_token' };
    if (method === 'client_secret_post') {
      return { headers: {}, fields: { ...fields, client_id: clientId, client_secret: clientSecret } };
    }
    const [id, secret] = [clientId, clientSecret].map((part) => new URLSearchParams({ p: part }).toString().slice(2));
    return { headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }, fields };
  }
}

function keep(answers: Map<string, Answer>, key: string, answer: Answer): void {
  answers.set(key, answer);
  if (answers.size <= MAX_ANSWERS) return;
  // A map keeps the order in which its keys came, so that the first one is the oldest.
  for (const oldest of answers.keys()) {
    answers.delete(oldest);
    return;
  }
}
