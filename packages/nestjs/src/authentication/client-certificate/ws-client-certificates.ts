import type { Clock } from '../../core/clock.js';
import type { WsConnection } from '../../core/ws-connection.js';
import { readRevocationLists, type RevocationListSource } from './revocation-lists.js';
import type { CertifiedConnection, RevokedCertificates } from './revoked-certificates.js';

/** Takes note of revoked client certificates while the application runs. Injectable. */
export class WsClientCertificates {
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(
    private readonly revoked: RevokedCertificates,
    private readonly clock: Clock,
    private readonly connections: () => readonly (CertifiedConnection & Pick<WsConnection, 'close'>)[],
  ) {}

  /**
   * Puts revocation lists in the place of those from before, and closes the connections of every certificate that they name,
   * or whose authority they name, with `REVOKED`, including those of a token that is bound to one. From then on such a
   * certificate is refused, also where a TLS session from before is resumed, which OpenSSL does not check again. For new TLS handshakes give the same object to
   * `server.setSecureContext()`, with its `key` and `cert`. Each node reads its own.
   *
   * @returns how many connections were closed.
   * @throws TypeError where a list cannot be read, has ended, or is signed by no authority in `ca`: those from before stay.
   */
  reload(lists: RevocationListSource): Promise<number> {
    // In their order: a slow earlier call must not undo a later one.
    const closed = this.#turn.then(() => this.#reload(lists));
    this.#turn = closed.catch(() => undefined);
    return closed;
  }

  async #reload(lists: RevocationListSource): Promise<number> {
    const { names, authorities } = await readRevocationLists(lists, this.clock.now());
    this.revoked.replace(names, authorities);
    const closing = this.connections().filter((connection) => this.revoked.hasThatOf(connection));
    for (const connection of closing) connection.close('REVOKED');
    return closing.length;
  }
}
