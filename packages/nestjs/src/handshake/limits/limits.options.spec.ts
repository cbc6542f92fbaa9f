import { describe, expect, it } from 'vitest';
import { BootProblems } from '../../core/boot-problems.js';
import { OptionReader } from '../../core/option-reader.js';
import { type ResolvedHandshakeLimitsOptions, resolveHandshakeLimitsOptions } from './limits.options.js';

function resolve(
  source: unknown,
  fileDescriptors = Infinity,
): { options: ResolvedHandshakeLimitsOptions; problems: readonly string[]; warnings: readonly string[] } {
  const problems = new BootProblems();
  const reader = new OptionReader(source, 'handshake.limits', problems);
  const options = resolveHandshakeLimitsOptions(reader, fileDescriptors);
  const where = (item: { readonly where: string }): string => item.where;
  return { options, problems: problems.problems.map(where), warnings: problems.warnings.map(where) };
}

describe('resolveHandshakeLimitsOptions', () => {
  it('fills the defaults of the design and warns of nothing', () => {
    expect(resolve(undefined)).toEqual({
      options: {
        mode: 'enforce',
        ratePerAddress: { limit: 20, ttl: 10_000 },
        ratePerPrincipal: { limit: 20, ttl: 10_000 },
        maxPending: 1000,
        maxPendingPerAddress: 50,
        maxOpen: 10_000,
        maxOpenPerAddress: 500,
        maxOpenPerPrincipal: 10,
        maxOpenPerSession: 10,
        maxOpenPerApiKey: 10,
        onPrincipalLimit: 'refuse',
        leaseMs: 60_000,
        backoff: { freeFailures: 5, firstDelayMs: 1000, maxDelayMs: 60_000 },
      },
      problems: [],
      warnings: [],
    });
  });

  it.each([
    [1024, 819],
    [1_048_576, 10_000],
    [1, 1],
  ])('DR-03 with %d file descriptors %d connections fit', (fileDescriptors, maxOpen) => {
    expect(resolve({}, fileDescriptors).options.maxOpen).toBe(maxOpen);
  });

  it.each(['maxOpen', 'maxOpenPerAddress', 'maxOpenPerPrincipal', 'maxOpenPerSession', 'maxOpenPerApiKey'])(
    'DP-02 takes Infinity for %s, with a warning',
    (name) => {
      const { problems, warnings } = resolve({ [name]: Infinity });
      expect(problems).toEqual([]);
      expect(warnings).toEqual([`handshake.limits.${name}`]);
    },
  );

  it.each([
    ['maxPending', Infinity],
    ['maxPending', 10_001],
    ['maxPendingPerAddress', Infinity],
    ['maxPendingPerAddress', 0],
    ['maxOpen', 0],
    ['maxOpenPerAddress', -1],
    ['maxOpenPerPrincipal', NaN],
    ['mode', 'off'],
    ['onPrincipalLimit', 'close'],
    ['maxConnections', 5],
  ])('DP-02 refuses %s: %s', (name, value) => {
    expect(resolve({ [name]: value }).problems).toEqual([`handshake.limits.${name}`]);
  });

  it.each([
    [{ ratePerAddress: { limit: 0 } }, 'ratePerAddress.limit'],
    [{ ratePerPrincipal: { ttl: Infinity } }, 'ratePerPrincipal.ttl'],
    [{ ratePerAddress: { blockDuration: 5 } }, 'ratePerAddress.blockDuration'],
    [{ backoff: { freeFailures: Infinity } }, 'backoff.freeFailures'],
    [{ backoff: { firstDelayMs: 2000, maxDelayMs: 1000 } }, 'backoff.maxDelayMs'],
  ])('DP-02 refuses %j', (source, where) => {
    expect(resolve(source).problems).toEqual([`handshake.limits.${where}`]);
  });

  it('says at boot that a limit only reports', () => {
    expect(resolve({ mode: 'report' }).warnings).toEqual(['handshake.limits.mode']);
  });
});
