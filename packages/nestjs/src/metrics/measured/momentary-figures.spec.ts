import { describe, expect, it } from 'vitest';
import type { WsFigures } from '../../ws-figures.js';
import { MomentaryFigures } from './momentary-figures.js';

describe('MomentaryFigures', () => {
  it.each(['connections', 'counts', 'audit'] as const)(
    'MO-10 makes %s once for all metrics of a scrape',
    async (name) => {
      let made = 0;
      const source = Object.defineProperty({}, name, { get: () => ({ made: ++made }) });
      const figures = new MomentaryFigures(source as WsFigures);
      const first = figures[name];
      for (let metrics = 0; metrics < 50; metrics++) expect(figures[name]).toBe(first);
      expect(made).toBe(1);
      await Promise.resolve();
      expect(figures[name]).not.toBe(first);
      expect(made).toBe(2);
    },
  );
});
