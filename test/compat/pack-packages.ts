import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, WORKSHOP } from './fixtures.js';
import { runOrThrow } from './run.js';

const TARBALLS = join(WORKSHOP, 'tarballs');

/** A package as it would be published. */
export interface Tarball {
  readonly name: string;
  readonly path: string;
  readonly hash: string;
}

/** Packs packages of this repository. @throws Error for one that is not built. */
export async function packPackages(names: readonly string[]): Promise<readonly Tarball[]> {
  await mkdir(TARBALLS, { recursive: true });
  const tarballs: Tarball[] = [];
  for (const name of names) {
    const folder = join(ROOT, 'packages', name);
    if (!existsSync(join(folder, 'dist/index.js'))) {
      throw new Error(`packages/${name} is not built: run npm run build before the compat tests.`);
    }
    const output = await runOrThrow('npm', ['pack', '--silent', '--pack-destination', TARBALLS], folder);
    const packed = join(TARBALLS, output.trim().split('\n').at(-1) ?? '');
    const hash = createHash('sha256')
      .update(await readFile(packed))
      .digest('hex')
      .slice(0, 16);
    // npm takes a tarball whose name it has seen for the same: a new content needs a new name.
    const path = join(TARBALLS, `${name}-${hash}.tgz`);
    await cp(packed, path);
    tarballs.push({ name: `@secure-ws/${name}`, path, hash });
  }
  return tarballs;
}
