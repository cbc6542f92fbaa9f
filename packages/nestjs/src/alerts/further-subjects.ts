import type { AlertEnd } from '../events/catalogue/alert-events.js';
import type { AlertReports, ToldAlert } from './alert-reports.js';

/** Those who met a rule and found no room for an alert of their own: one alert tells how many they are. */
export class FurtherSubjects {
  /** The alert about them. */
  #told: ToldAlert | undefined;
  /** How many there are since the last tick. */
  #added = 0;
  /** How many there are since the alert was raised. */
  #all = 0;
  /** Monotonic moment of the tick that found the last one. */
  #lastAt = 0;

  constructor(private readonly reports: AlertReports) {}

  /** The alert about them, while it is under way. */
  get told(): ToldAlert | undefined {
    return this.#told;
  }

  /** Counts one more. */
  add(): void {
    this.#added++;
  }

  /** Tells of them, or ends the alert where there was none for `quietMs`. */
  tick(now: number): void {
    if (this.#added > 0) this.#take(now);
    else if (now - this.#lastAt >= this.reports.rule.quietMs) this.#end('calm');
  }

  /** Ends the alert: nobody looks any longer. */
  close(): void {
    this.#end('shutdown');
  }

  #take(now: number): void {
    const further = this.#added;
    this.#added = 0;
    this.#all += further;
    this.#lastAt = now;
    this.#told ??= this.reports.begin({}, { value: further, limit: this.reports.rule.limit, further });
    this.#told.peak = this.#all;
  }

  #end(because: AlertEnd): void {
    const told = this.#told;
    if (told === undefined) return;
    this.#told = undefined;
    this.#all = 0;
    this.reports.end(told, because);
  }
}
