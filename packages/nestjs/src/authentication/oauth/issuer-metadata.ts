import type { Clock } from '../../core/clock.js';
import { readRemoteUrl, type RemoteUrlRules } from '../../core/remote-url.js';
import type { JsonObject } from '../../core/strict-json.js';
import { IdentityProviderError, type RemoteDocuments } from '../remote/remote-documents.js';
import { RemoteValue } from '../remote/remote-value.js';

/** The addresses that are read of the metadata. */
export type IssuerEndpoint = 'jwks_uri' | 'introspection_endpoint';

/** How much of a foreign text is shown to the operator, in characters. */
const MAX_SHOWN = 200;

/** What an authorization server says of itself (RFC 8414, OpenID Connect Discovery 1.0). */
export class IssuerMetadata {
  readonly #document: RemoteValue<JsonObject>;

  /** @param issuer as it stands in the options. */
  constructor(
    private readonly issuer: string,
    private readonly documents: RemoteDocuments,
    private readonly rules: RemoteUrlRules,
    clock: Clock,
    cacheMs: number,
  ) {
    this.#document = new RemoteValue(clock, cacheMs, () => this.#discover());
  }

  /** One of its addresses. @throws {IdentityProviderError} when nobody knows, or it may not be fetched. */
  async endpoint(name: IssuerEndpoint): Promise<URL> {
    const url = readRemoteUrl((await this.#document.current())[name], this.rules);
    if (url instanceof URL) return url;
    throw new IdentityProviderError(
      `The ${name} in the metadata of ${this.issuer} ${url} To allow another host, list it in oauth.hosts.`,
    );
  }

  async #discover(): Promise<JsonObject> {
    for (const url of wellKnownUrls(this.issuer)) {
      const document = await this.documents.fetch(url);
      if (document === undefined) continue;
      // RFC 8414 section 3.3: otherwise one tenant of a provider could speak for another (mix-up).
      if (document['issuer'] === this.issuer) return document;
      const named = typeof document['issuer'] === 'string' ? document['issuer'].slice(0, MAX_SHOWN) : 'none';
      throw new IdentityProviderError(
        `The metadata of ${this.issuer} is that of another issuer, ${JSON.stringify(named)}. If it is the same server, set oauth.issuer to exactly that text.`,
      );
    }
    throw new IdentityProviderError(`The issuer ${this.issuer} publishes no metadata.`);
  }
}

/** Discovery 1.0 section 4 appends to the path of the issuer; RFC 8414 section 3.1 puts its name in front of it. */
function wellKnownUrls(issuer: string): URL[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [`${path}/.well-known/openid-configuration`, `/.well-known/oauth-authorization-server${path}`].map(
    (name) => new URL(origin + name),
  );
}
