import { type Awaitable, isPromiseLike } from '../core/awaitable.js';
import type { Clock } from '../core/clock.js';
import { type Deadline, DeadlineList } from '../core/deadline-list.js';
import type { Linked } from '../core/linked-list.js';
import type { ObservedStoreCall } from '../core/observer.js';
import { SecureWsStoreError } from './secure-ws.store.js';

/** How long one answer may take, in milliseconds, noticed at the next tick. */
const TIMEOUT_MS = 1000;

/** How often a store that is away is asked again, in milliseconds. */
const PROBE_EVERY_MS = 1000;

/** After how many failures without an answer in between it is away: a slow key is not an outage. */
const FAILURES_UNTIL_AWAY = 3;

/** How many probes in a row it must answer to be back: one that comes and goes is not. */
const PROBES_UNTIL_BACK = 3;

/** What a {@link StoreHealth} tells. Nothing here may throw. */
export interface StoreHealthListener {
  /** The store stopped answering. @param cause for the operator only. */
  onAway(cause: unknown): void;
  /** The store answers again. */
  onBack(awayMs: number): void;
}

/** How many answers are waited for at once: a store that hangs must not hold one more for each message that comes. */
const MAX_PENDING = 10_000;

class PendingAnswer implements Deadline {
  due = 0;
  previous: Linked | undefined;
  next: Linked | undefined;
  /** Whether it is still waited for: an answer that comes too late is ignored. */
  isAwaited = true;

  constructor(readonly onTimeout: () => void) {}
}

/**
 * Whether a shared store answers. Calls that fail or take too long, one after the other, make it away; from then on calls
 * fail at once, and a probe a second finds out when it is back (DR-17).
 */
export class StoreHealth {
  readonly #pending = new DeadlineList<PendingAnswer>(TIMEOUT_MS, (answer) => {
    answer.isAwaited = false;
    answer.onTimeout();
  });
  #awaySince: number | undefined;
  #failures = 0;
  #answeredProbes = 0;
  #nextProbeAt = 0;
  #isProbing = false;
  /** Is told of every question; set where somebody observes. Must not throw. */
  onCall: ((call: ObservedStoreCall) => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly probe: () => Awaitable<unknown>,
    private readonly listener: StoreHealthListener,
  ) {}

  /** For how many milliseconds the store has not answered; 0 while it does. */
  get awayMs(): number {
    // At least 1: away for no time yet is away.
    return this.#awaySince === undefined ? 0 : Math.max(1, this.clock.monotonic() - this.#awaySince);
  }

  /**
   * Asks the store.
   *
   * @throws SecureWsStoreError `unavailable` (at once or as a rejection) when it is away, fails or takes too long; `full`
   * and `closed` as the store says them.
   * @param isEarly asks one that {@link isAnswering} as well: what cannot wait until it counts as back.
   */
  ask<T>(call: () => Awaitable<T>, isEarly = false): Awaitable<T> {
    const isAway = isEarly ? !this.isAnswering : this.#awaySince !== undefined;
    if (isAway || this.#pending.size >= MAX_PENDING) throw new SecureWsStoreError('unavailable');
    return this.#send(call);
  }

  /** Whether it answers, as far as is known: also one that is away, and has answered its last probe. */
  get isAnswering(): boolean {
    return this.#awaySince === undefined || this.#answeredProbes > 0;
  }

  /** Ends the calls that take too long, and probes a store that is away. Called from the coarse timer. */
  tick(): void {
    const now = this.clock.monotonic();
    this.#pending.expire(now);
    if (this.#awaySince === undefined || this.#isProbing || now < this.#nextProbeAt) return;
    this.#isProbing = true;
    this.#nextProbeAt = now + PROBE_EVERY_MS;
    void this.#runProbe();
  }

  async #runProbe(): Promise<void> {
    try {
      await this.#send(this.probe);
      if (++this.#answeredProbes >= PROBES_UNTIL_BACK) this.#markBack();
    } catch {
      this.#answeredProbes = 0;
    } finally {
      this.#isProbing = false;
    }
  }

  #send<T>(call: () => Awaitable<T>): Awaitable<T> {
    const { onCall } = this;
    return onCall === undefined ? this.#sendUnobserved(call) : this.#observed(call, onCall);
  }

  #observed<T>(call: () => Awaitable<T>, onCall: (call: ObservedStoreCall) => void): Awaitable<T> {
    const askedAt = this.clock.monotonic();
    const told = (result: ObservedStoreCall['result']): void =>
      onCall({ result, durationMs: this.clock.monotonic() - askedAt });
    const failed = (error: unknown): never => {
      // One that refuses has answered.
      told(error instanceof SecureWsStoreError && error.failure !== 'unavailable' ? 'answered' : 'failed');
      throw error;
    };
    try {
      const answer = this.#sendUnobserved(call);
      if (isPromiseLike(answer)) {
        return answer.then((value) => {
          told('answered');
          return value;
        }, failed);
      }
      told('answered');
      return answer;
    } catch (error) {
      return failed(error);
    }
  }

  #sendUnobserved<T>(call: () => Awaitable<T>): Awaitable<T> {
    try {
      const answer = call();
      if (isPromiseLike(answer)) return this.#wait(answer);
      this.#failures = 0;
      return answer;
    } catch (error) {
      throw this.#judge(error);
    }
  }

  #wait<T>(answer: PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const refuse = (error: unknown): void => reject(this.#judge(error));
      const pending = new PendingAnswer(() => refuse(new Error(`The store did not answer within ${TIMEOUT_MS} ms.`)));
      this.#pending.add(pending, this.clock.monotonic());
      const isInTime = (): boolean => {
        if (!pending.isAwaited) return false;
        pending.isAwaited = false;
        this.#pending.remove(pending);
        return true;
      };
      answer.then(
        (value) => {
          if (!isInTime()) return;
          this.#failures = 0;
          resolve(value);
        },
        (error: unknown) => {
          if (isInTime()) refuse(error);
        },
      );
    });
  }

  /** An answer that refuses is an answer; everything else means that there is no store. */
  #judge(error: unknown): SecureWsStoreError {
    if (error instanceof SecureWsStoreError && error.failure !== 'unavailable') return error;
    if (++this.#failures >= FAILURES_UNTIL_AWAY) this.#markAway(error);
    return new SecureWsStoreError('unavailable', error);
  }

  #markAway(cause: unknown): void {
    if (this.#awaySince !== undefined) return;
    const now = this.clock.monotonic();
    this.#awaySince = now;
    this.#nextProbeAt = now + PROBE_EVERY_MS;
    this.listener.onAway(cause);
  }

  #markBack(): void {
    const { awayMs } = this;
    this.#awaySince = undefined;
    this.#failures = this.#answeredProbes = 0;
    this.listener.onBack(awayMs);
  }
}
