import type { Clock } from '../core/clock.js';
import { isSamePerson } from '../core/person.js';
import type { Principal } from '../core/principal.js';

/** How many bans are listed: the last ones. */
export const MAX_BANS = 100;

/** A ban that an operator made at this node. */
export interface Ban {
  readonly number: number;
  readonly principal: Principal;
  readonly until: Date;
  readonly reason: string;
}

/** The bans that operators made here and that have not ended: to end one that was a mistake. */
export class BanList {
  readonly #bans = new Map<number, Ban>();
  #lastNumber = 0;

  constructor(private readonly clock: Clock) {}

  add(principal: Principal, until: Date, reason: string): void {
    // One person has one ban: the last one.
    for (const { number, principal: other } of this.#bans.values()) {
      if (isSamePerson(other, principal)) this.#bans.delete(number);
    }
    const number = (this.#lastNumber += 1);
    this.#bans.set(number, { number, principal, until, reason });
    for (const first of this.#bans.keys()) {
      if (this.#bans.size <= MAX_BANS) break;
      this.#bans.delete(first);
    }
  }

  find(number: number): Ban | undefined {
    return this.list().find((ban) => ban.number === number);
  }

  remove(number: number): void {
    this.#bans.delete(number);
  }

  /** The last one first. */
  list(): readonly Ban[] {
    const now = this.clock.now();
    for (const { number, until } of this.#bans.values()) if (until.getTime() <= now) this.#bans.delete(number);
    return [...this.#bans.values()].reverse();
  }
}
