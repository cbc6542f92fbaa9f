import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Fixture, FIXTURES, folderOf, ROOT } from './fixtures.js';
import { packPackages, type Tarball } from './pack-packages.js';
import { runOrThrow } from './run.js';

const SOURCES = join(ROOT, 'test/compat/fixtures');
const PACKAGES = ['protocol', 'nestjs'] as const;

/**
 * Packs the packages as they would be published, and installs and compiles the fixtures with them. What has not changed
 * since the last run is left as it is.
 */
export async function installFixtures(): Promise<void> {
  const tarballs = await packPackages(PACKAGES);
  // One after the other: two npm processes at once only wait for each other's cache.
  for (const fixture of FIXTURES) {
    await install(fixture, tarballs);
    await compile(fixture);
  }
}

async function install(fixture: Fixture, tarballs: readonly Tarball[]): Promise<void> {
  const folder = folderOf(fixture);
  const source = await readFile(join(SOURCES, fixture, 'package.json'), 'utf8');
  const key = hashOf([source, ...tarballs.map(({ hash }) => hash)]);
  if (await isDone(folder, 'installed', key)) return;
  const manifest = JSON.parse(source) as { dependencies: Record<string, string> };
  for (const { name, path } of tarballs) manifest.dependencies[name] = `file:${relative(folder, path)}`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await runOrThrow(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--install-links'],
    folder,
  );
  await markDone(folder, 'installed', key);
}

async function compile(fixture: Fixture): Promise<void> {
  const folder = folderOf(fixture);
  const origins = [join(SOURCES, 'app'), join(SOURCES, fixture)];
  const files = (await Promise.all(origins.map(readTree))).flat();
  const key = hashOf([await readFile(join(folder, '.installed'), 'utf8'), ...files]);
  if (await isDone(folder, 'compiled', key)) return;
  for (const target of ['src', 'test', 'dist']) await rm(join(folder, target), { recursive: true, force: true });
  for (const origin of origins) {
    const isNotManifest = (path: string): boolean => !path.endsWith('package.json');
    await cp(origin, folder, { recursive: true, filter: isNotManifest });
  }
  await runOrThrow(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], folder);
  await markDone(folder, 'compiled', key);
}

async function readTree(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.sort().map(async (file) => `${relative(SOURCES, file)}\n${await readFile(file, 'utf8')}`));
}

function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function isDone(folder: string, step: string, key: string): Promise<boolean> {
  const mark = join(folder, `.${step}`);
  return existsSync(mark) && (await readFile(mark, 'utf8')) === key;
}

async function markDone(folder: string, step: string, key: string): Promise<void> {
  await writeFile(join(folder, `.${step}`), key);
}
