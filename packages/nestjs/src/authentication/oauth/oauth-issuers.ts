import type { Clock } from '../../core/clock.js';
import type { LogoutIssuer } from '../back-channel-logout/ws-back-channel-logout.js';
import type { JoseLibrary } from '../load-jose.js';
import type { SignalIssuer } from '../shared-signals/ws-shared-signals.js';
import { JwkSetVerifier } from '../jwt/key-set/jwk-set-verifier.js';
import { RemoteKeySet } from '../jwt/key-set/remote-key-set.js';
import type { JwtIssuer } from '../jwt/jwt.authenticator.js';
import { RemoteDocuments } from '../remote/remote-documents.js';
import { IssuerMetadata } from './issuer-metadata.js';
import type { OpaqueTokens } from './oauth.authenticator.js';
import type { ResolvedOAuthOptions } from './oauth.options.js';
import { TokenIntrospection } from './token-introspection.js';

/** An authorization server whose tokens are accepted. */
export interface OAuthIssuer {
  readonly tokens: JwtIssuer;
  readonly logout: LogoutIssuer | undefined;
  readonly signals: Omit<SignalIssuer, 'block'> | undefined;
  readonly opaque: OpaqueTokens | undefined;
}

/** Puts together what is known and asked of one authorization server. */
export function oauthIssuer(options: ResolvedOAuthOptions, clock: Clock, jose: JoseLibrary): OAuthIssuer {
  const { issuer, hosts, isProduction, algorithms, introspection, logout, signals, remote } = options;
  const documents = new RemoteDocuments(remote, clock);
  const metadata = new IssuerMetadata(issuer, documents, { hosts, isProduction }, clock, remote.cacheMs);
  const locate = (): Promise<URL> => metadata.endpoint('jwks_uri');
  const keys = new RemoteKeySet({ jose, clock, documents, algorithms, timing: remote, locate });
  const ask = (): Promise<URL> => metadata.endpoint('introspection_endpoint');
  const tokens = { rules: options, signatures: new JwkSetVerifier(jose, keys, algorithms) };
  return {
    tokens,
    logout: logout === undefined ? undefined : { ...tokens, logout },
    signals: signals === undefined ? undefined : { ...tokens, signals },
    opaque:
      introspection === undefined
        ? undefined
        : { rules: options, introspection: new TokenIntrospection(introspection, documents, ask, clock) },
  };
}
