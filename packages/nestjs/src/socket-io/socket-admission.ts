import { andThen, type Awaitable } from '../core/awaitable.js';
import type { Principal } from '../core/principal.js';
import { AuthenticationError } from '../authentication/authenticator.js';
import { type SecureWsStore, SecureWsStoreError } from '../store/secure-ws.store.js';
import { revocationKeysOf } from '../store/store-keys.js';
import { type ViolationLedger, violationSubject } from '../throttling/violations/violation-ledger.js';
import { WsBackoffError } from './ws-backoff.error.js';

/** Whether an identity that was proved may have a socket of another adapter: what handshakes of our own are asked as well. */
export class SocketAdmission {
  constructor(
    private readonly store: SecureWsStore,
    /** Asked for when it is needed: it is made at boot. */
    private readonly ledger: () => Pick<ViolationLedger, 'backoffOf' | 'spread'>,
  ) {}

  /**
   * @param isNew whether the socket had no identity before: whoever has one may renew it, as on our own adapter.
   * @throws {AuthenticationError} `revoked`; at once or as a rejection, like the others.
   * @throws {WsBackoffError} where it has to stay away for what it sent before (MV-17).
   * @throws {SecureWsStoreError} where the store cannot tell.
   */
  check(principal: Principal, isNew: boolean): Awaitable<void> {
    if (isNew && !this.store.admitsHandshakes) throw new SecureWsStoreError('unavailable');
    const identity = { keys: revocationKeysOf(principal), issuedAt: principal.issuedAt };
    const ledger = this.ledger();
    // Never by the address: nobody here is anonymous.
    const backoff = isNew ? ledger.backoffOf(violationSubject(principal, '')) : undefined;
    return andThen(this.store.admit({ identity, backoff }), ({ granted, backoffMs, isRevoked }) => {
      if (isRevoked) throw new AuthenticationError('revoked');
      if (!granted) throw new WsBackoffError(ledger.spread(backoffMs));
    });
  }
}
