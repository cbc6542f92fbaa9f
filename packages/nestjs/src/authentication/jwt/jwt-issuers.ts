import type { Clock } from '../../core/clock.js';
import type { JoseLibrary } from '../load-jose.js';
import { RemoteDocuments } from '../remote/remote-documents.js';
import { JwkSet, type KeySource } from './key-set/jwk-set.js';
import { JwkSetVerifier } from './key-set/jwk-set-verifier.js';
import type { ResolvedKeySet } from './key-set/key-set.options.js';
import { RemoteKeySet } from './key-set/remote-key-set.js';
import { type JwtIssuer, keyVerifier, type SignatureVerifier } from './jwt.authenticator.js';
import type { ResolvedJwtOptions } from './jwt.options.js';

/** Puts an issuer of `authentication.jwt` together: with keys at hand, or with a key set where `jose` is there. */
export function jwtIssuer(options: ResolvedJwtOptions, clock: Clock, jose: JoseLibrary | undefined): JwtIssuer {
  const { keySet } = options;
  if (keySet === undefined) return { rules: options, signatures: keyVerifier(options) };
  if (jose === undefined) throw new TypeError('A key set needs jose.');
  return { rules: options, signatures: setVerifier(keySet, options, clock, jose) };
}

function setVerifier(
  { algorithms, from }: ResolvedKeySet,
  { remote }: ResolvedJwtOptions,
  clock: Clock,
  jose: JoseLibrary,
): SignatureVerifier {
  let source: KeySource;
  if (from instanceof URL) {
    const documents = new RemoteDocuments(remote, clock);
    const locate = (): Promise<URL> => Promise.resolve(from);
    source = new RemoteKeySet({ jose, clock, documents, algorithms, timing: remote, locate });
  } else {
    source = new JwkSet(jose, from);
  }
  return new JwkSetVerifier(jose, source, algorithms);
}
