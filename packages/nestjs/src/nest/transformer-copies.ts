import { createRequire } from 'node:module';
import { sep } from 'node:path';
import type { BootProblems } from '../core/boot-problems.js';

const STORAGE = ['class-transformer', 'cjs', 'storage.js'].join(sep);

/**
 * Refuses a second copy of class-transformer in the process: each keeps its own metadata, so that an `@Exclude()` or
 * `@Transform()` of the other copy would silently do nothing here. (class-validator shares one storage for all copies.)
 *
 * @param loaded the files of the CommonJS modules that are loaded.
 */
export function checkTransformerCopies(
  problems: BootProblems,
  // Any path does, every require function shows the same cache. No import.meta: Jest compiles the package to CommonJS.
  loaded: readonly string[] = Object.keys(createRequire(process.execPath).cache),
): void {
  const copies = loaded.filter((file) => file.endsWith(STORAGE)).length;
  if (copies <= 1) return;
  problems.add(
    'class-transformer',
    `is loaded ${copies} times: what one copy's decorators say, the others do not know.`,
    'npm dedupe class-transformer, and look at `npm ls class-transformer`',
  );
}
