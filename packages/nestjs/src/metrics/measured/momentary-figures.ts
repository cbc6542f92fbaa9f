import type { WsFigures } from '../../ws-figures.js';
import type { ScrapedFigures } from './collect-metrics.js';

/** Those that are made when they are asked for: all connections are looked at for them, all counters copied. */
type MadeFigures = { -readonly [Name in 'connections' | 'counts' | 'audit']?: ScrapedFigures[Name] };

/** Figures that are made once for all metrics of a scrape, which are read in one turn. */
export class MomentaryFigures implements ScrapedFigures {
  #made: MadeFigures | undefined;

  constructor(private readonly figures: WsFigures) {}

  get connections(): WsFigures['connections'] {
    return (this.#ofThisTurn.connections ??= this.figures.connections);
  }

  get counts(): WsFigures['counts'] {
    return (this.#ofThisTurn.counts ??= this.figures.counts);
  }

  get audit(): WsFigures['audit'] {
    return (this.#ofThisTurn.audit ??= this.figures.audit);
  }

  get limiterKeys(): number {
    return this.figures.limiterKeys;
  }

  get storeAwayMs(): number | undefined {
    return this.figures.storeAwayMs;
  }

  get isShedding(): boolean {
    return this.figures.isShedding;
  }

  get admitsHandshakes(): boolean {
    return this.figures.admitsHandshakes;
  }

  get #ofThisTurn(): MadeFigures {
    if (this.#made === undefined) {
      this.#made = {};
      queueMicrotask(() => {
        this.#made = undefined;
      });
    }
    return this.#made;
  }
}
