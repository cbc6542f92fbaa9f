import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Fixture, FIXTURES, folderOf } from './fixtures.js';
import { run } from './run.js';

const AS_LINKED = ['--preserve-symlinks', '--preserve-symlinks-main'];

/** Above the fixture lies this repository, which has all optional packages: nobody must look there. */
function emptyFolderWith(fixture: Fixture): string {
  const folder = mkdtempSync(join(tmpdir(), 'secure-ws-consumer-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  symlinkSync(join(folderOf(fixture), 'node_modules'), join(folder, 'node_modules'), 'junction');
  return folder;
}

describe('the packed packages', () => {
  it.each(FIXTURES)('DP-05 declare types that %s can check to the last line', async (fixture) => {
    const tsc = ['node_modules/typescript/bin/tsc', '-p', '.', '--noEmit', '--skipLibCheck', 'false'];
    expect(await run(process.execPath, tsc, folderOf(fixture))).toEqual({ code: 0, output: '' });
  });

  it.each(FIXTURES)('DP-05 declare no type of an optional package that %s has not installed', async (fixture) => {
    const folder = emptyFolderWith(fixture);
    const imports = ['', '/operations', '/openfga', '/store', '/testing'].map(
      (subpath) => `import '@secure-ws/nestjs${subpath}';\n`,
    );
    writeFileSync(join(folder, 'main.mts'), imports.join(''));
    const { compilerOptions } = JSON.parse(readFileSync(join(folderOf(fixture), 'tsconfig.json'), 'utf8')) as {
      readonly compilerOptions: object;
    };
    const options = { ...compilerOptions, noEmit: true, rootDir: '.', skipLibCheck: false, preserveSymlinks: true };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['main.mts'] }));
    const tsc = [join(folder, 'node_modules/typescript/bin/tsc'), '-p', folder];
    expect(await run(process.execPath, tsc, folder)).toEqual({ code: 0, output: '' });
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
    const folder = emptyFolderWith('nest11-cjs');
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
