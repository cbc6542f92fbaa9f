import { describe, expect, it } from 'vitest';
import { FIXTURES, folderOf } from './fixtures.js';
import { run } from './run.js';

describe('the packed packages', () => {
  it.each(FIXTURES)('DP-05 declare types that %s can check to the last line', async (fixture) => {
    const tsc = ['node_modules/typescript/bin/tsc', '-p', '.', '--noEmit', '--skipLibCheck', 'false'];
    expect(await run(process.execPath, tsc, folderOf(fixture))).toEqual({ code: 0, output: '' });
  });

  it.each([
    ['openfga', 'new OpenFgaApi({})', /OpenFgaApi\.url: must be an https URL/],
    [
      'cedar',
      "new CedarEngine({ policies: 'x', schema: 'y', principal: () => 0 })",
      /npm install @cedar-policy\/cedar-wasm@4/,
    ],
    ['casl', 'new CaslPolicy()', /Cannot find package '@casl\/ability'/],
  ])(
    'DP-05 load without the policy engines, and @secure-ws/nestjs/%s says what it misses',
    async (name, code, says) => {
      const script = `require('@secure-ws/nestjs'); const { ${/new (\w+)/.exec(code)?.[1]} } = require('@secure-ws/nestjs/${name}'); ${code}`;
      const { code: status, output } = await run(process.execPath, ['-e', script], folderOf('nest11-cjs'));
      expect(output).toMatch(says);
      expect(status).not.toBe(0);
    },
  );

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
