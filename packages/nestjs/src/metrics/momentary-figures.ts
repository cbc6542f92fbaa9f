import type { ConnectionFigures, WsFigures } from '../ws-figures.js';
import type { ScrapedFigures } from './collect-metrics.js';

/** Figures that look at the connections once for all metrics of a scrape, which are read in one turn. */
export class MomentaryFigures implements ScrapedFigures {
  #connections: ConnectionFigures | undefined;

  constructor(private readonly figures: WsFigures) {}

  get connections(): ConnectionFigures {
    if (this.#connections !== undefined) return this.#connections;
    queueMicrotask(() => {
      this.#connections = undefined;
    });
    return (this.#connections = this.figures.connections);
  }

  get counts(): WsFigures['counts'] {
    return this.figures.counts;
  }

  get audit(): WsFigures['audit'] {
    return this.figures.audit;
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

  get isReady(): boolean {
    return this.figures.isReady;
  }
}
