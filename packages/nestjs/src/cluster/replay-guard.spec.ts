import { describe, expect, it } from 'vitest';
import { ReplayGuard } from './replay-guard.js';

const NOW = 1_800_000_000_000;
const said = (seq: number, { node = 'a', at = NOW } = {}) => ({ node, seq, at });

describe('ReplayGuard', () => {
  it('DP-06 a message is followed once, and in its order', () => {
    const guard = new ReplayGuard();
    const judged = [1, 2, 2, 5, 3, 5, 6].map((seq) => guard.judge(said(seq), NOW));
    expect(judged).toEqual(['fresh', 'fresh', 'replayed', 'fresh', 'replayed', 'replayed', 'fresh']);
    expect(guard.judge(said(1, { node: 'b' }), NOW)).toBe('fresh');
  });

  it('DP-06 follows none that is a minute old, or from a minute ahead', () => {
    const judge = (at: number) => new ReplayGuard().judge(said(1, { at }), NOW);
    expect([-60_001, -60_000, 60_000, 60_001].map((off) => judge(NOW + off))).toEqual(['old', 'fresh', 'fresh', 'old']);
    expect(judge(Number.NaN)).not.toBe('replayed');
  });

  it('DR-16 of more nodes than it remembers it believes none, until the old ones are over', () => {
    const guard = new ReplayGuard();
    for (let i = 0; i < 10_000; i++) expect(guard.judge(said(1, { node: `n${i}` }), NOW)).toBe('fresh');
    expect(guard.judge(said(1, { node: 'late' }), NOW)).toBe('old');
    expect(guard.judge(said(1, { node: 'n0' }), NOW)).toBe('replayed');
    const later = NOW + 60_001;
    expect(guard.judge(said(1, { node: 'late', at: later }), later)).toBe('fresh');
    // What is forgotten is too old to be said again.
    expect(guard.judge(said(1, { node: 'n0' }), later)).toBe('old');
  });
});
