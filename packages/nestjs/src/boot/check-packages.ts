import type { BootProblems } from '../core/boot-problems.js';
import { checkTransformerCopies } from '../nest/transformer-storage.js';
import { canTakeDataPath } from '../nest/ws-data-path.js';
import { checkWsVersion } from '../nest/ws-version.js';

/**
 * Refuses packages that the module cannot protect: another `ws` than it knows, two copies of class-transformer, and itself
 * twice.
 *
 * @param imports how many modules `SecureWsModule.forRoot()` has made.
 */
export function checkPackages(imports: number, problems: BootProblems): void {
  checkWsVersion(problems);
  checkTransformerCopies(problems);
  if (!canTakeDataPath()) {
    problems.add(
      'ws',
      'does not read from its sockets as 8.23 does: floods and unfinished messages would have no limit.',
      'npm install ws@8.23.0',
    );
  }
  if (imports > 1) {
    problems.add(
      'SecureWsModule',
      'is imported twice: which forRoot() wins would depend on the order of imports.',
      'import SecureWsModule.forRoot() once, in the root module; it is global',
    );
  }
}
