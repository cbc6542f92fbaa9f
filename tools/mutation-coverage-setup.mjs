/**
 * Runs before each spec of a mutation run. Stryker sends with every spec what the tests have run of each mutant; in one process for all specs that would
 * be that of all specs before it as well, again and again: gigabytes.
 */
const { mutantCoverage } =
  /** @type {{ __stryker__?: { mutantCoverage?: { perTest: Record<string, unknown> } } }} */ (globalThis).__stryker__ ??
  {};
for (const test of Object.keys(mutantCoverage?.perTest ?? {})) delete mutantCoverage?.perTest[test];
