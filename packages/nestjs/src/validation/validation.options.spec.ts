import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { type ResolvedValidationOptions, resolveValidationOptions } from './validation.options.js';

const resolve = (source: unknown): { resolved: ResolvedValidationOptions; problems: BootProblems } => {
  const problems = new BootProblems();
  return { resolved: resolveValidationOptions(new OptionReader(source, 'validation', problems)), problems };
};

describe('resolveValidationOptions', () => {
  it('fills the defaults and freezes them', () => {
    const { resolved, problems } = resolve(undefined);
    expect(resolved).toEqual({
      maxMessageBytes: 65_536,
      maxFragments: 64,
      maxDepth: 20,
      maxKeys: 200,
      maxNodes: 1000,
      messageTimeoutMs: 10_000,
    });
    expect(Object.isFrozen(resolved)).toBe(true);
    expect(problems.problems).toEqual([]);
  });

  it('takes values up to the ceilings', () => {
    const options = {
      maxMessageBytes: 16 * 1024 * 1024,
      maxFragments: 100_000,
      maxDepth: 64,
      maxKeys: 100_000,
      maxNodes: 100_000,
      messageTimeoutMs: 60_000,
    };
    const { resolved, problems } = resolve(options);
    expect(resolved).toEqual(options);
    expect(problems.problems).toEqual([]);
  });

  it.each([
    [{ maxMessageBytes: 16 * 1024 * 1024 + 1 }],
    [{ maxMessageBytes: Infinity }],
    [{ maxMessageBytes: 0 }],
    [{ maxFragments: 100_001 }],
    [{ maxDepth: 65 }],
    [{ maxDepth: 0 }],
    [{ maxKeys: -1 }],
    [{ maxNodes: NaN }],
    [{ maxNodes: Infinity }],
    [{ messageTimeoutMs: '10s' }],
    [{ messageTimeoutMs: 2 ** 31 }],
    [{ maxdepth: 20 }],
  ])('MV-06 DP-02 refuses %j', (source) => {
    const { problems } = resolve(source);
    expect(problems.problems.map(({ where }) => where)).toEqual([`validation.${Object.keys(source)[0] ?? ''}`]);
  });

  it.each([['whitelist'], ['forbidNonWhitelisted'], ['forbidUnknownValues']])('MV-03 has no option %s', (name) => {
    const { problems } = resolve({ [name]: false });
    expect(problems.problems.map(({ where }) => where)).toEqual([`validation.${name}`]);
  });
});
