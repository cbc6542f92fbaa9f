import type { Clock } from '../core/clock.js';
import type { HandshakeFacts, ObservedHandshake, ObservedRun } from '../core/observer.js';
import type { CompiledObserver } from '../core/observers.js';
import type { HandshakeContext } from './handshake-context.js';
import type { HandshakeStep } from './handshake-steps.js';

/** How a handshake ended, without what is measured of it. */
export type HandshakeEnd = Omit<ObservedHandshake, 'durationMs'>;

/** The step after which origin and address of a client are known: what was sent with a handshake may be believed from there on. */
const JUDGED_BY = 'client-address';

/** What is measured of one handshake, for whoever observes. */
export class HandshakeObservation {
  readonly #startedAt: number;
  #since: number;
  #spentMs = 0;
  #run: ObservedRun<ObservedHandshake> | undefined;
  #hasEnded = false;

  constructor(
    private readonly observer: CompiledObserver,
    private readonly request: { readonly headers: HandshakeFacts['headers'] },
    private readonly clock: Clock,
  ) {
    this.#startedAt = clock.now();
    this.#since = clock.monotonic();
  }

  /** Its client is waited for. */
  pause(): void {
    this.#spentMs += this.clock.monotonic() - this.#since;
    this.#since = Infinity;
  }

  /** Its client has sent what was waited for. */
  resume(): void {
    this.#since = this.clock.monotonic();
  }

  /** Origin and address are judged. */
  begin({ path, clientAddress: address, remoteAddress: peer = '', origin }: HandshakeContext): void {
    const allowed = origin.kind === 'allowed' ? origin.text : undefined;
    this.#begin({ path, address, peer, origin: allowed, isJudged: true });
  }

  /** Does the work of a step inside of the trace, if there is one. */
  run<T>(work: () => T): T {
    if (this.#run === undefined) return work();
    let result: { readonly value: T } | undefined;
    this.#run.run(() => {
      result = { value: work() };
    });
    // The observers see to it that work was done, or has thrown.
    return (result as unknown as { readonly value: T }).value;
  }

  /** Later calls do nothing. */
  end(end: HandshakeEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#since !== Infinity) this.pause();
    const observed: ObservedHandshake = { ...end, durationMs: this.#spentMs };
    this.observer.onHandshake?.(observed);
    if (this.#run === undefined) {
      this.#begin({ path: end.path, address: '', peer: '', origin: undefined, isJudged: false });
    }
    this.#run?.end(observed);
  }

  #begin(facts: Omit<HandshakeFacts, 'headers' | 'startedAt'>): void {
    this.#run ??= this.observer.beginHandshake?.({
      ...facts,
      headers: this.request.headers,
      startedAt: this.#startedAt,
    });
  }
}

/** Whether anybody wants to know of handshakes. */
export function observesHandshakes({ onHandshake, beginHandshake }: CompiledObserver): boolean {
  return onHandshake !== undefined || beginHandshake !== undefined;
}

/** The steps of handshakes that are observed: from where origin and address are judged they run inside of the trace. */
export function observedHandshakeSteps(steps: readonly HandshakeStep[]): readonly HandshakeStep[] {
  const judgedAt = steps.findIndex(({ name }) => name === JUDGED_BY);
  return steps.map((step, index) =>
    index <= judgedAt
      ? step
      : {
          name: step.name,
          run: (context) => {
            const { observation } = context.input;
            if (observation === undefined) return step.run(context);
            if (index === judgedAt + 1) observation.begin(context);
            return observation.run(() => step.run(context));
          },
        },
  );
}
