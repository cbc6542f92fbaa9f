import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTalker } from '../range/talker.js';
import { packPackages } from './pack-packages.js';
import { type Finished, run, runOrThrow } from './run.js';

describe('npx secure-ws-scan, from the packed packages, where nothing else is', () => {
  let folder = '';
  const scan = (...args: string[]): Promise<Finished> => run('npx', ['secure-ws-scan', ...args], folder);

  beforeAll(async () => {
    // Not in this repository, where Node would find what the packages do not say that they need.
    folder = await mkdtemp(join(tmpdir(), 'secure-ws-scan-'));
    const tarballs = await packPackages(['protocol', 'scanner']);
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--omit=dev'];
    await runOrThrow('npm', [...install, ...tarballs.map(({ path }) => path)], folder);
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('SC-03 installs itself, the protocol and ws', async () => {
    expect((await readdir(join(folder, 'node_modules'))).filter((name) => !name.startsWith('.'))).toEqual([
      '@secure-ws',
      'ws',
    ]);
    expect((await readdir(join(folder, 'node_modules/@secure-ws'))).sort()).toEqual(['protocol', 'scanner']);
  });

  it('SC-03 scans a server, writes its reports, and ends with 1', { timeout: 120_000 }, async () => {
    const target = await startTalker((message) => [message]);
    const forms = ['json', 'sarif', 'xml', 'html', 'txt'];
    const outputs = forms.flatMap((form) => ['--output', `report.${form}`]);
    const { code, output } = await scan(target, '--rate', '100', '--wait', '50', ...outputs);
    expect(output).toContain('Pages of any web site may connect');
    expect(code).toBe(1);
    expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toMatchObject({ grade: { letter: 'F' } });
    for (const form of forms)
      expect(await readFile(join(folder, `report.${form}`), 'utf8')).toContain('foreign-origin');
    // The same as before: nothing is new.
    const again = await scan(target, '--rate', '100', '--wait', '50', '--baseline', 'report.json');
    expect(again.code).toBe(0);
  });

  it('SC-04 ends with 2 where nobody listens, and SC-01 where nobody has agreed', async () => {
    const closed = await scan('ws://127.0.0.1:1/');
    expect(closed.output).toContain('No connection to 127.0.0.1:1');
    const foreign = await scan('wss://api.example.com/');
    expect(foreign.output).toContain('--i-am-allowed');
    expect([closed.code, foreign.code]).toEqual([2, 2]);
  });

  it('SC-03 shows its help, and ends with 0', async () => {
    const { code, output } = await scan('--help');
    expect(output).toMatch(/^secure-ws-scan TARGET/);
    expect(code).toBe(0);
  });
});
