import { ContainedLogger } from '../core/contained-logger.js';
import type { IncomingMessage } from 'node:http';
import type { HandshakeObserver, MetLimit } from '../handshake/handshake-context.js';
import type { HandshakeRefusal } from '../handshake/handshake-refusal.js';
import type { RequestHead } from '../handshake/request-head.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';

const MAX_AUDITED_ORIGIN = 200;

/** Reports what becomes of the handshakes of one server. */
export class HandshakeAudit implements HandshakeObserver {
  readonly #logger = new ContainedLogger('SecureWs');
  readonly #metOptions = new Set<string>();
  #hasIgnoredForwarding = false;
  #hasIgnoredCertificate = false;
  #hasSeenListener = false;

  constructor(private readonly runtime: SecureWsRuntime) {}

  onLimit({ reason, option, enforced, address }: MetLimit): void {
    // Once for each option, or a flood of handshakes would be a flood of lines.
    if (!this.#metOptions.has(option)) {
      this.#metOptions.add(option);
      const outcome = enforced ? 'are refused' : 'are only reported';
      this.#logger.warn(
        `${option} was reached for the first time; handshakes above it ${outcome}. Raise it if legitimate clients need more.`,
      );
    }
    // One that refuses is reported with the refusal.
    if (!enforced) this.runtime.events.emit({ type: 'ws.handshake.reported', reason, option, address });
  }

  onForwardingIgnored(address: string, { forwarding }: RequestHead): void {
    // Once: every client behind a proxy that is not listed sends them.
    if (this.#hasIgnoredForwarding) return;
    this.#hasIgnoredForwarding = true;
    const option = 'handshake.trustedProxies';
    const [header = 'other'] = Object.keys(forwarding);
    this.#logger.warn(
      `${option} does not list a peer that sends forwarding fields. Behind a proxy all clients count as one.`,
    );
    this.runtime.events.emit({ type: 'ws.handshake.forwarding-ignored', address, header, option });
  }

  onCertificateIgnored(address: string, header: string): void {
    if (this.#hasIgnoredCertificate) return;
    this.#hasIgnoredCertificate = true;
    const option = 'handshake.trustedProxies';
    this.#logger.warn(
      `${option} does not list a peer that sends the field of client certificates. It is not believed.`,
    );
    this.runtime.events.emit({ type: 'ws.handshake.forwarding-ignored', address, header, option });
  }

  /** Another `upgrade` listener came after the boot: both answer every handshake. */
  onForeignListener(): void {
    if (this.#hasSeenListener) return;
    this.#hasSeenListener = true;
    const option = 'handshake.foreignPaths';
    const warning =
      'names no path, and another listener for upgrades was added to the server: its handshakes are refused here.';
    this.#logger.warn(`${option} ${warning}`);
    this.runtime.events.emit({ type: 'ws.config.weak', option, warning });
  }

  onRefused(refusal: HandshakeRefusal, request: IncomingMessage): void {
    const { status, reason, failure, option, facts, cause } = refusal;
    const { origin } = request.headers;
    this.runtime.events.emit({
      type: 'ws.handshake.refused',
      status,
      reason,
      address: facts?.clientAddress ?? '',
      ...(facts !== undefined && facts.path !== '' && { path: facts.path }),
      ...(facts?.principal !== undefined && { principal: facts.principal }),
      ...(failure !== undefined && { failure }),
      ...(option !== undefined && { option }),
      ...(origin !== undefined && { origin: origin.slice(0, MAX_AUDITED_ORIGIN) }),
    });
    if (cause !== undefined) this.runtime.faults.write('handshake', '', cause);
  }
}
