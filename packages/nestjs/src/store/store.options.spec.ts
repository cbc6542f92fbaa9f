import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { resolveStoreOptions } from './store.options.js';

function resolve(source: unknown): { options: unknown; problems: readonly string[] } {
  const problems = new BootProblems();
  const options = resolveStoreOptions(new OptionReader(source, 'store', problems));
  return { options, problems: problems.problems.map(({ where }) => where) };
}

describe('resolveStoreOptions', () => {
  it('fills the default', () => {
    const options = { maxKeys: 100_000, revocationMs: 86_400_000, admitWhileAwayMs: 30_000 };
    expect(resolve(undefined)).toEqual({ options, problems: [] });
  });

  it.each([0, -1, 999, 1.5, NaN, Infinity, '5000', null])('DP-02 refuses maxKeys: %s', (maxKeys) => {
    expect(resolve({ maxKeys }).problems).toEqual(['store.maxKeys']);
  });

  it.each([0, -1, 1.5, NaN, Infinity, '5000', null])('DP-02 refuses revocationMs: %s', (revocationMs) => {
    expect(resolve({ revocationMs }).problems).toEqual(['store.revocationMs']);
  });

  it.each([-1, 1.5, NaN, Infinity, 600_001, '0', null])('DP-02 refuses admitWhileAwayMs: %s', (admitWhileAwayMs) => {
    expect(resolve({ admitWhileAwayMs }).problems).toEqual(['store.admitWhileAwayMs']);
  });

  it('DP-02 refuses an unknown key', () => {
    expect(resolve({ maxkeys: 5000 }).problems).toEqual(['store.maxkeys']);
  });
});
