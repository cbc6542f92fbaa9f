import { describe, expect, it } from 'vitest';
import { FIXTURES, folderOf } from './fixtures.js';
import { run } from './run.js';

describe('the packed packages', () => {
  it.each(FIXTURES)('DP-05 declare types that %s can check to the last line', async (fixture) => {
    const tsc = ['node_modules/typescript/bin/tsc', '-p', '.', '--noEmit', '--skipLibCheck', 'false'];
    expect(await run(process.execPath, tsc, folderOf(fixture))).toEqual({ code: 0, output: '' });
  });

  it('DP-05 run in Jest 30 with the setting of the guide', async () => {
    const { code, output } = await run(
      process.execPath,
      ['node_modules/jest/bin/jest.js', '--config', 'jest.config.json'],
      folderOf('nest11-cjs'),
    );
    expect(output).toContain('Tests:       3 passed, 3 total');
    expect(code).toBe(0);
  });
});
