import { createPrincipal, type Principal, WsAuthenticator, type WsCredential } from '@secure-ws/nestjs';
import { deferred, type Deferred } from './deferred.js';

/** An authenticator that waits until the test decides, for races between a handshake and what a client does meanwhile. */
export class GatedAuthenticator extends WsAuthenticator {
  override readonly kind = 'gated';
  readonly #verdicts: Deferred<Principal>[] = [];

  /** How many handshakes wait for a verdict. */
  get waiting(): number {
    return this.#verdicts.length;
  }

  override accepts(credential: WsCredential): boolean {
    return credential.scheme === 'bearer';
  }

  override authenticate(): Promise<Principal> {
    const verdict = deferred<Principal>();
    this.#verdicts.push(verdict);
    return verdict.promise;
  }

  /** Lets everyone who waits in as `id`. */
  admit(id: string): void {
    const principal = createPrincipal({ kind: this.kind, issuer: 'test', id, authenticatedAt: 0 });
    for (const verdict of this.#verdicts.splice(0)) verdict.resolve(principal);
  }

  /** Refuses everyone who waits, with whatever `reason` is. */
  refuse(reason: unknown): void {
    for (const verdict of this.#verdicts.splice(0)) verdict.reject(reason);
  }
}
