import type { Clock } from '../../core/clock.js';
import type { FaultLog } from '../../core/fault-log.js';
import type { SecurityEvents } from '../../events/security-events.js';
import type { SecureWsStore } from '../../store/secure-ws.store.js';
import type { AuthenticationFailure } from '../authentication-failures.js';
import { AuthenticationError } from '../authenticator.js';
import type { JwtIssuer } from '../jwt/jwt.authenticator.js';
import { ActOnce } from '../notices/act-once.js';
import { NoticeLimits, TooManyRefusedError } from '../notices/notice-limits.js';
import { readNotice } from '../notices/read-notice.js';
import type { ResolvedSharedSignalsOptions } from './shared-signals.options.js';
import { readSignal, type Signal } from './signal-claims.js';
import { actOnSignal, type SignalEffects } from './signal-effects.js';

/** RFC 8417 section 2.3. */
const TYPES: ReadonlySet<string> = new Set(['secevent+jwt']);

/** An authorization server that tells what has changed. */
export interface SignalIssuer extends JwtIssuer {
  /** The path of its block in the options. */
  readonly block: string;
  readonly signals: ResolvedSharedSignalsOptions;
}

/** A signal, and the block of the options whose issuer has signed it. */
interface ReadSignal extends Signal {
  readonly block: string;
}

/** Where a request comes from, and by what its address is counted. */
interface Sender {
  readonly address: string;
  readonly key: string;
}

/** What a {@link WsSharedSignals} is made of. */
export interface SharedSignalsParts {
  readonly clock: Clock;
  readonly store: SecureWsStore;
  readonly events: SecurityEvents;
  /** Gets what keeps a token from being judged or acted on. */
  readonly faults: FaultLog;
  /** Those of the module and of its gateways. None before the application has started. */
  readonly issuers: () => readonly SignalIssuer[];
  /** What follows from a signal. */
  readonly effects: SignalEffects;
  /** From where a request comes, behind the listed proxies. @returns `undefined` where its forwarding fields are not valid. */
  readonly addressOf: (request: object) => Sender | undefined;
  /** As {@link addressOf}, for an event: the peer where the fields are not valid. */
  readonly blamed: (request: object) => string | undefined;
}

/**
 * Takes security event tokens of authorization servers (RFC 8417, CAEP 1.0), and ends or judges again the identities that they
 * are about. Injectable, for an HTTP route of the application; {@link createSharedSignalsController} makes one.
 */
export class WsSharedSignals {
  /** @internal Whether a route of the module waits for tokens: the boot then asks for somebody who sends them. */
  hasRoute = false;
  readonly #once: ActOnce;
  readonly #limits: NoticeLimits;

  /** @internal */
  constructor(private readonly parts: SharedSignalsParts) {
    const { store, faults } = parts;
    this.#limits = new NoticeLimits(store, 'signals');
    this.#once = new ActOnce(store, (cause) => faults.write('WsSharedSignals.receive', '', cause));
  }

  /**
   * Verifies a security event token and acts on it, once. One that was acted on before has no effect, and is answered as it was
   * (RFC 8935 section 2): its sender may have lost the answer. One that comes while the first is under way waits for it.
   *
   * @param token the body of the request.
   * @param request that of Node, Express or Fastify.
   * @returns how many connections of this node were closed, or are judged again.
   * @throws {AuthenticationError} when the token is refused, which is audited; answer `400`.
   * @throws {TooManyRefusedError} when its sender has sent too many of those, which is audited (`too-many-refused`); answer `429`.
   * @throws {Error} any other one when nobody can tell, which is audited (`unavailable`) and logged: answer `503`, and the server
   * will come again.
   */
  async receive(token: unknown, request: object): Promise<number> {
    const client = this.parts.addressOf(request);
    if (client === undefined) return this.#refuse('bad-header', this.parts.blamed(request) ?? '');
    try {
      return await this.#take(token, client);
    } catch (error) {
      if (error instanceof AuthenticationError) throw error;
      if (error instanceof TooManyRefusedError) this.#tellRefused('too-many-refused', client.address);
      else this.#untaken(error, client.address);
      throw error;
    }
  }

  async #take(token: unknown, { address, key }: Sender): Promise<number> {
    await this.#limits.check(key);
    const read = await readNotice<SignalIssuer, ReadSignal>(token, this.parts.issuers(), {
      typOf: () => TYPES,
      read: (claims, { signals, rules, block }) => {
        const signal = readSignal(claims, rules.issuer, signals, this.parts.clock.now());
        return typeof signal === 'string' ? signal : { ...signal, block };
      },
    });
    if ('refused' in read) {
      await this.#limits.refused(key, read.refused);
      return this.#refuse(read.refused.failure, address);
    }
    const { issuer, jti, name: signal, subject, block } = read.claims;
    const once = { kind: 'signal', issuer, jti, maxAgeMs: this.#longestAgeMs() };
    const delivery = await this.#once.act(once, () => actOnSignal(read.claims, this.parts.effects));
    if (delivery.outcome === 'replayed') {
      await this.#limits.refused(key, { failure: 'replayed', isSigned: true });
      this.#tellRefused('replayed', address);
      return 0;
    }
    const { connections } = delivery;
    // What was done once is told of once.
    if (delivery.outcome === 'shared') return connections;
    const sub = subject?.sub;
    const principal = sub === undefined ? {} : { principal: JSON.stringify([block, issuer, sub]) };
    this.parts.events.emit({ type: 'ws.signal.received', signal, connections, issuer, ...principal });
    return connections;
  }

  #longestAgeMs(): number {
    return Math.max(...this.parts.issuers().map(({ signals }) => signals.maxAgeMs));
  }

  #untaken(cause: unknown, address: string): void {
    this.parts.faults.write('WsSharedSignals.receive', '', cause);
    this.#tellRefused('unavailable', address);
  }

  #tellRefused(failure: AuthenticationFailure, address: string): void {
    this.parts.events.emit({ type: 'ws.signal.refused', failure, address });
  }

  #refuse(failure: AuthenticationFailure, address: string): never {
    this.#tellRefused(failure, address);
    throw new AuthenticationError(failure);
  }
}
