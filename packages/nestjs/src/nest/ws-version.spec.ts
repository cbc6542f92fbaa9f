import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { checkWsVersion, type WsDefaults } from './ws-version.js';

function check(defaults?: WsDefaults): { problems: string[]; warnings: string[] } {
  const problems = new BootProblems();
  checkWsVersion(problems, defaults);
  return {
    problems: problems.problems.map(({ where, problem, fix }) => `${where} ${problem} ${fix}`),
    warnings: problems.warnings.map(({ where, warning }) => `${where} ${warning}`),
  };
}

// What `new WebSocketServer({ noServer: true }).options` was seen to hold in these versions.
const DEFAULTS = {
  '8.18.0': {},
  '8.21.0': { maxFragments: 131_072 },
  '8.21.1': { maxFragments: 16_384 },
  '8.22.0': { maxFragments: 16_384 },
  '8.23.0': { maxFragments: 16_384, maxPendingAutoPongs: 60 },
} as const;

describe('checkWsVersion', () => {
  it('DP-03 finds nothing wrong with the copy that the package runs on', () => {
    expect(check()).toEqual({ problems: [], warnings: [] });
  });

  it.each(['8.18.0', '8.21.0'] as const)('DP-03 refuses to boot on ws %s', (version) => {
    const { problems, warnings } = check(DEFAULTS[version]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('ws is older than 8.21.1');
    expect(problems[0]).toContain('npm install ws@^8.23.0');
    expect(warnings).toEqual([]);
  });

  it.each(['8.21.1', '8.22.0'] as const)('DP-03 warns on ws %s', (version) => {
    const { problems, warnings } = check(DEFAULTS[version]);
    expect(problems).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('ws is older than 8.23.0');
  });

  it('DP-03 has no complaint about ws 8.23.0', () => {
    expect(check(DEFAULTS['8.23.0'])).toEqual({ problems: [], warnings: [] });
  });

  it.each([undefined, null, '16384', NaN, 0, -1, Infinity])(
    'DP-03 refuses a copy that takes %s fragments',
    (maxFragments) => {
      expect(check({ maxFragments, maxPendingAutoPongs: 60 }).problems).toHaveLength(1);
    },
  );
});
