import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The two applications that the packed packages are installed into. */
export const FIXTURES = Object.freeze(['nest11-cjs', 'nest12-esm'] as const);

/** One of {@link FIXTURES}. */
export type Fixture = (typeof FIXTURES)[number];

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where the fixtures are installed: in a folder that git ignores. */
export const WORKSHOP = join(ROOT, '.cache/compat');

/** The folder of an installed fixture. */
export function folderOf(fixture: Fixture): string {
  return join(WORKSHOP, fixture);
}
