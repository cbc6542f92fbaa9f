import { cp, mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './fixtures.js';
import { runOrThrow } from './run.js';

const PACKAGES = ['protocol', 'nestjs', 'redis', 'scanner'] as const;
const CLONE = join(ROOT, '.cache/publish');

/** What is published as it stands in the repository: the page of the operators, and what Prometheus and Grafana are given. */
const AS_THEY_ARE = { protocol: [], nestjs: ['assets', 'monitoring'], redis: [], scanner: ['assets'] } as const;

interface Manifest {
  readonly name: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly repository: { readonly url: string; readonly directory: string };
  readonly publishConfig: object;
}

interface Report {
  readonly files: readonly { readonly path: string }[];
}

/** What a fresh clone of the repository holds: every file that git knows or would take, and nothing built. */
async function cloneSources(): Promise<void> {
  await rm(CLONE, { recursive: true, force: true });
  const listed = await runOrThrow('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], ROOT);
  const needed = /^(package\.json|LICENSE|tsconfig.*|(packages|sample-app)\/.*)$/;
  for (const file of listed.split('\0').filter((name) => needed.test(name))) {
    await mkdir(dirname(join(CLONE, file)), { recursive: true });
    // A file that was deleted and not committed yet is still listed.
    await cp(join(ROOT, file), join(CLONE, file)).catch(() => undefined);
  }
  // As npm install would link them. Everything else is found in the repository around the clone.
  await mkdir(join(CLONE, 'node_modules/@secure-ws'), { recursive: true });
  for (const name of PACKAGES) {
    await symlink(join(CLONE, 'packages', name), join(CLONE, 'node_modules/@secure-ws', name), 'junction');
  }
}

/** The files that `npm publish` would send, by a dry run. */
async function publishedFiles(name: string): Promise<readonly string[]> {
  const output = await runOrThrow('npm', ['publish', '--dry-run', '--json'], join(CLONE, 'packages', name));
  // The output of `prepack` and npm's warnings may stand before it.
  const report = JSON.parse(output.slice(output.search(/^\{$/m), output.lastIndexOf('}') + 1)) as
    Report | Record<string, Report>;
  // npm 10 answers with the report itself, npm 11 with one for each package.
  const { files } = 'files' in report ? (report as Report) : (Object.values(report)[0] ?? { files: [] });
  return files.map(({ path }) => path);
}

const manifestOf = async (name: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(ROOT, 'packages', name, 'package.json'), 'utf8')) as Manifest;

describe('the packages as npm would publish them', () => {
  beforeAll(cloneSources);

  // Compiles the package and those that it builds on.
  it.each(PACKAGES)('F46 hold all of %s when they are packed in a fresh clone', { timeout: 240_000 }, async (name) => {
    const files = await publishedFiles(name);
    const sources = await readdir(join(ROOT, 'packages', name, 'src'), { recursive: true });
    const modules = sources
      .filter((file) => file.endsWith('.ts') && !/\.(spec|d)\.ts$|^testing.stub-/.test(file))
      .map((file) => `dist/${file.replaceAll('\\', '/').replace(/\.ts$/, '')}`);
    const folders = AS_THEY_ARE[name].map(async (folder) => {
      const entries = await readdir(join(ROOT, 'packages', name, folder), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) =>
          relative(join(ROOT, 'packages', name), join(entry.parentPath, entry.name)).replaceAll('\\', '/'),
        );
    });
    expect([...files].sort()).toEqual(
      [
        ...(await Promise.all(folders)).flat(),
        'LICENSE',
        'README.md',
        'package.json',
        ...modules.flatMap((module) => [`${module}.d.ts`, `${module}.js`, `${module}.js.map`]),
      ].sort(),
    );
  });

  it.each(PACKAGES)(
    'F46 DP-09 say in the manifest of %s what npm asks for, and run nothing on install',
    async (name) => {
      const manifest = await manifestOf(name);
      expect(manifest).toMatchObject({
        license: 'MIT',
        description: expect.any(String) as string,
        keywords: expect.arrayContaining([expect.any(String)]) as string[],
        homepage: expect.stringMatching(/^https:\/\//) as string,
        bugs: { url: expect.stringMatching(/^https:\/\//) as string },
        repository: { type: 'git', directory: `packages/${name}` },
        publishConfig: { access: 'public', provenance: true },
      });
      for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) {
        expect(manifest.scripts).not.toHaveProperty(script);
      }
      // npm installs these as well; `dependencies` alone are counted below.
      for (const field of ['optionalDependencies', 'bundleDependencies', 'bundledDependencies']) {
        expect(manifest).not.toHaveProperty(field);
      }
      expect(await readFile(join(ROOT, 'packages', name, 'LICENSE'), 'utf8')).toBe(
        await readFile(join(ROOT, 'LICENSE'), 'utf8'),
      );
    },
  );

  it('DP-09 have few dependencies, and a lock file that holds the hash of each and runs no script of any', async () => {
    expect(Object.keys((await manifestOf('protocol')).dependencies ?? {})).toEqual([]);
    expect(Object.keys((await manifestOf('nestjs')).dependencies ?? {})).toEqual([
      '@secure-ws/protocol',
      '@types/ws',
      // The one that class-validator has: where packages cannot reach those of others (pnpm), it is not ours to import.
      'validator',
      'ws',
    ]);
    expect(Object.keys((await manifestOf('scanner')).dependencies ?? {})).toEqual(['@secure-ws/protocol', 'ws']);
    const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { integrity?: string; link?: boolean; hasInstallScript?: boolean }>>;
    };
    const installed = Object.entries(packages).filter(
      ([path, { link }]) => path.includes('node_modules/') && link !== true,
    );
    expect(installed.length).toBeGreaterThan(100);
    expect(installed.filter(([, { integrity }]) => integrity === undefined)).toEqual([]);
    expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
  });

  it.each([
    ['ci', 'npm ci'],
    ['ci', 'npm audit --omit=dev --audit-level=moderate --workspace @secure-ws/nestjs --workspace @secure-ws/protocol'],
    ['release', 'npm ci --ignore-scripts'],
    ['release', 'npm sbom --sbom-format cyclonedx'],
  ])('DP-09 are built by a workflow %s that runs `%s`', async (workflow, command) => {
    const text = await readFile(join(ROOT, `.github/workflows/${workflow}.yml`), 'utf8');
    const commands = [...text.matchAll(/^ +- run: (.+)$/gm)].map(([, line = '']) => line);
    expect(commands.filter((line) => line === command || line.startsWith(`${command} --`))).not.toEqual([]);
    expect(commands.filter((line) => /^npm (install|i|add)\b/.test(line))).toEqual([]);
  });

  it('DP-09 come with a bill of materials', async () => {
    const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--omit', 'dev'];
    const bill = JSON.parse(await runOrThrow('npm', [...args, '--workspace', '@secure-ws/nestjs'], ROOT)) as {
      readonly components: readonly { readonly name: string }[];
    };
    expect(bill.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['protocol', 'ws']));
  });
});
