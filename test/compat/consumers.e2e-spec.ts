import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FIXTURES, folderOf } from './fixtures.js';
import { run } from './run.js';

const AS_LINKED = ['--preserve-symlinks', '--preserve-symlinks-main'];

describe('the packed packages', () => {
  it.each(FIXTURES)('DP-05 declare types that %s can check to the last line', async (fixture) => {
    const tsc = ['node_modules/typescript/bin/tsc', '-p', '.', '--noEmit', '--skipLibCheck', 'false'];
    expect(await run(process.execPath, tsc, folderOf(fixture))).toEqual({ code: 0, output: '' });
  });

  it.each([
    ['openfga', 'OpenFgaApi', '{}', /OpenFgaApi\.url: must be an https URL/],
    [
      'cedar',
      'CedarEngine',
      "{ policies: 'x', schema: 'y', principal: () => 0 }",
      /npm install @cedar-policy\/cedar-wasm@4/,
    ],
    ['casl', 'CaslPolicy', '', /Cannot find package '@casl\/ability'/],
  ])('DP-05 load without the policy engines, and /%s says what it misses', async (subpath, name, options, says) => {
    // Above the fixture lies this repository, which has all of them: Node must not look there.
    const folder = mkdtempSync(join(tmpdir(), 'secure-ws-consumer-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    symlinkSync(join(folderOf('nest11-cjs'), 'node_modules'), join(folder, 'node_modules'), 'junction');
    const use = `const { ${name} } = require('@secure-ws/nestjs/${subpath}'); new ${name}(${options})`;
    const script = `require('@secure-ws/nestjs'); console.log('loaded'); ${use}`;
    const { code, output } = await run(process.execPath, [...AS_LINKED, '-e', script], folder);
    expect(output).toMatch(/^loaded/);
    expect(output).toMatch(says);
    expect(code).not.toBe(0);
  });

  it('DP-05 run in Jest 30 with the setting of the guide', async () => {
    const { code, output } = await run(
      process.execPath,
      ['node_modules/jest/bin/jest.js', '--config', 'jest.config.json'],
      folderOf('nest11-cjs'),
    );
    expect(output).toContain('Tests:       5 passed, 5 total');
    expect(code).toBe(0);
  });
});
