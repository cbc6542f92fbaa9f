import { withDeadline } from '../core/awaitable.js';
import { ANONYMOUS_KIND, type Principal } from '../core/principal.js';
import type { Timed } from '../lifecycle/coarse-timer.js';
import { longestDecisionMs } from '../lifecycle/longest-decision-ms.js';
import type { SecureWsRuntime } from '../secure-ws.runtime.js';
import { revocationKeysOf } from '../store/store-keys.js';
import type { AcceptedSocket } from './accepted-socket.js';
import type { IdentityRenewal } from './identity-renewal.js';

/** After how many milliseconds one that failed is tried again. */
const RETRY_MS = 60_000;

/** How long the application may think, in milliseconds. The policies of what is under way then have their own time. */
const TIMEOUT_MS = 10_000;

/** The most that the interval is shortened by, so that those who came together are not all asked about together. */
const JITTER = 0.2;

/** Finds out from time to time whether the identity of one connection still holds (SL-06, SL-11). */
export class Revalidation implements Timed {
  #goodAt: number;
  #isRunning = false;
  /** Whether somebody has asked for it since it last began. */
  #isAsked = false;

  constructor(
    private readonly runtime: SecureWsRuntime,
    private readonly renewal: IdentityRenewal,
    private readonly accepted: AcceptedSocket,
  ) {
    this.#goodAt = accepted.now();
  }

  /** Begins, where there is somebody to ask. */
  start(): void {
    const { runtime, accepted } = this;
    const { connection, socket } = accepted;
    const hasSomebody = runtime.revalidator !== undefined || runtime.store.isShared;
    if (!hasSomebody || connection.principal.kind === ANONYMOUS_KIND) return;
    connection.revalidate = () => void this.#run();
    runtime.timer.schedule(this, this.#nextAt());
    socket.once('close', () => runtime.timer.cancel(this));
    if (runtime.lifecycle.sinceRevalidationMs < longestDecisionMs(runtime.options)) void this.#run();
  }

  onDue(now: number): number {
    const { connection } = this.accepted;
    if (!connection.isOpen) return Infinity;
    if (now >= this.#endsAt) {
      connection.close('UNAUTHENTICATED');
      return Infinity;
    }
    void this.#run();
    return this.#retryAt(now);
  }

  /** When nobody has answered for too long. */
  get #endsAt(): number {
    const { everyMs, graceMs } = this.runtime.options.lifecycle.revalidation;
    return this.#goodAt + everyMs + graceMs;
  }

  #nextAt(): number {
    return this.#goodAt + this.runtime.options.lifecycle.revalidation.everyMs * (1 - JITTER * Math.random());
  }

  #retryAt(now: number): number {
    return Math.min(now + RETRY_MS, this.#endsAt);
  }

  async #run(): Promise<void> {
    this.accepted.revalidations++;
    this.#isAsked = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { connection } = this.accepted;
    while (this.#isAsked && connection.isOpen) {
      // Who is asked again meanwhile may have looked already: roles that have changed since must not be missed.
      this.#isAsked = false;
      await this.#askOnce();
    }
    this.#isRunning = false;
  }

  async #askOnce(): Promise<void> {
    const { runtime, accepted } = this;
    const { connection } = accepted;
    const { epoch } = connection;
    try {
      const work = this.#judge(connection.principal);
      const withinMs = TIMEOUT_MS + runtime.options.authorization.policyTimeoutMs;
      const conclude = await withDeadline<(() => void) | undefined>(work, withinMs, runtime.clock, undefined);
      if (!connection.isOpen) return;
      // What was found out of an identity that is not there any more is worth nothing.
      if (connection.epoch !== epoch) this.#isAsked = true;
      else if (conclude === undefined) this.#tryLater();
      else this.#conclude(conclude);
    } catch (error) {
      runtime.faults.write('revalidate', connection.id, error);
      if (connection.isOpen) this.#tryLater();
    }
  }

  #conclude(conclude: () => void): void {
    const { runtime, accepted } = this;
    conclude();
    if (!accepted.connection.isOpen) return;
    this.#goodAt = accepted.now();
    runtime.timer.schedule(this, this.#nextAt());
  }

  #tryLater(): void {
    this.runtime.timer.schedule(this, this.#retryAt(this.accepted.now()));
  }

  /** @returns what is to be done; a rejection says that nobody knows. */
  async #judge(principal: Principal): Promise<() => void> {
    const { connection, pipeline } = this.accepted;
    const { store } = this.runtime;
    const identity = { keys: revocationKeysOf(principal), issuedAt: principal.issuedAt };
    const { granted, isRevoked } = await store.admit({ identity });
    if (isRevoked || !granted) return () => connection.close('REVOKED');
    const renewed = await this.runtime.rightsOf(principal);
    if (renewed === undefined) return () => connection.close('REVOKED');
    if (renewed === principal) return () => undefined;
    const concludeRunning = await pipeline.judgeRunning(renewed);
    return () =>
      this.renewal.adopt(this.accepted, {
        principal: renewed,
        method: `${renewed.kind}:revalidation`,
        conclude: concludeRunning,
      });
  }
}
