/** When handshakes count as an attack, in handshakes a second over ten seconds. */
export interface AttackThresholds {
  readonly handshakesPerSecond: number;
  readonly failuresPerSecond: number;
  /** How long both must stay below half of it before the attack counts as over, in milliseconds. */
  readonly calmMs: number;
}

/** What is counted, and how often it came in a second. */
export interface AttackRates {
  readonly handshakesPerSecond: number;
  readonly failuresPerSecond: number;
}

/** How many seconds are looked at together: a page that many people open at the same moment is no attack. */
const SECONDS = 10;

class SecondsCounter {
  readonly #counts = new Array<number>(SECONDS).fill(0);
  #second = -Infinity;

  add(second: number): void {
    this.#moveTo(second);
    const index = second % SECONDS;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  perSecond(second: number): number {
    this.#moveTo(second);
    return this.#counts.reduce((sum, count) => sum + count, 0) / SECONDS;
  }

  #moveTo(second: number): void {
    const passed = Math.min(SECONDS, second - this.#second);
    for (let i = 0; i < passed; i++) this.#counts[(second + SECONDS - i) % SECONDS] = 0;
    this.#second = Math.max(this.#second, second);
  }
}

/**
 * Tells an attack from an ordinary day by how many handshakes come, and how many of their credentials are wrong. It begins
 * at a threshold and ends well below it, or a rate near the threshold would switch the challenge on and off all the time.
 *
 * Times are monotonic milliseconds.
 */
export class AttackDetector {
  readonly #handshakes = new SecondsCounter();
  readonly #failures = new SecondsCounter();
  #since: number | undefined;
  #lastHighAt = 0;

  constructor(private readonly thresholds: AttackThresholds) {}

  /** Whether there is an attack. */
  get isUnderAttack(): boolean {
    return this.#since !== undefined;
  }

  /** A handshake came. @returns the rates, where it begins an attack. */
  onHandshake(now: number): AttackRates | undefined {
    this.#handshakes.add(second(now));
    return this.#judge(now);
  }

  /** A credential was wrong. @returns the rates, where it begins an attack. */
  onFailure(now: number): AttackRates | undefined {
    this.#failures.add(second(now));
    return this.#judge(now);
  }

  /** Called from time to time. @returns how many milliseconds the attack took, where it has just ended. */
  tick(now: number): number | undefined {
    if (this.#since === undefined) return undefined;
    if (this.#isAbove(this.#rates(now), 0.5)) this.#lastHighAt = now;
    if (now - this.#lastHighAt < this.thresholds.calmMs) return undefined;
    const durationMs = now - this.#since;
    this.#since = undefined;
    return durationMs;
  }

  #judge(now: number): AttackRates | undefined {
    if (this.#since !== undefined) return undefined;
    const rates = this.#rates(now);
    if (!this.#isAbove(rates, 1)) return undefined;
    this.#since = this.#lastHighAt = now;
    return rates;
  }

  #rates(now: number): AttackRates {
    const at = second(now);
    return { handshakesPerSecond: this.#handshakes.perSecond(at), failuresPerSecond: this.#failures.perSecond(at) };
  }

  #isAbove({ handshakesPerSecond, failuresPerSecond }: AttackRates, share: number): boolean {
    const limits = this.thresholds;
    return (
      handshakesPerSecond > limits.handshakesPerSecond * share || failuresPerSecond > limits.failuresPerSecond * share
    );
  }
}

const second = (now: number): number => Math.floor(now / 1000);
