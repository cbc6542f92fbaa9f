/**
 * What `npm run mutation` runs: Stryker over the policies of the concerns that decide about a message or a handshake.
 * A part of it: `npm run mutation -- --mutate 'packages/nestjs/src/messages/*.ts'`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The concerns whose policies decide about a message or a handshake. */
const CONCERNS = ['authorization', 'validation', 'handshake', 'authentication', 'throttling', 'messages'];

/** Bindings, which tests over real sockets hold, import Nest; options are read by tests that boot an application. */
function isPolicy(/** @type {string} */ file) {
  if (/(\.spec|\.options|\.decorator|\/index)\.ts$/.test(file)) return false;
  return !readFileSync(file, 'utf8').includes("from '@nestjs/");
}

/** Every file of a concern, as Stryker names it: from the root of the repository. */
function filesOf(/** @type {string} */ concern) {
  const folder = `packages/nestjs/src/${concern}`;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

export default {
  testRunner: 'vitest',
  vitest: { configFile: 'tools/vitest.mutation.config.mjs' },
  coverageAnalysis: 'perTest',
  mutate: CONCERNS.flatMap(filesOf).filter(isPolicy),
  // A mutant of a value that is made when its module loads needs every spec in a process of its own.
  ignoreStatic: true,
  // Texts for people, and reasons that the tests over real sockets compare.
  mutator: { excludedMutations: ['StringLiteral'] },
  ignorePatterns: ['/.cache', '/docs', 'dist', '/sample-app', '/bench', '/test'],
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: '.cache/mutation.json' },
  tempDirName: '.cache/stryker',
  incremental: true,
  incrementalFile: '.cache/mutation-incremental.json',
  thresholds: { high: 95, low: 85, break: 85 },
};
