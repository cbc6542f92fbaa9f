// What `tools/mutation.mjs` runs. Which files are changed is told on its command line.
export default {
  testRunner: 'vitest',
  // Which specs a mutant needs is known from the first run; looking it up for each again takes longer than running them.
  vitest: { configFile: 'tools/vitest.mutation.config.mjs', related: false },
  coverageAnalysis: 'perTest',
  // A mutant of a value that is made when its module loads needs every spec in a process of its own.
  ignoreStatic: true,
  // Texts for people, and reasons that the tests over real sockets compare.
  mutator: { excludedMutations: ['StringLiteral'] },
  // What the specs share with others lies in test/support.
  ignorePatterns: ['/.cache', 'dist', '/sample-app', '/bench', '/test/**', '!/test/support/**'],
  concurrency: 2,
  // A busy machine is not a mutant that hangs.
  timeoutMS: 30_000,
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: '.cache/mutation.json' },
  tempDirName: '.cache/stryker',
  incremental: true,
  incrementalFile: '.cache/mutation-incremental.json',
  thresholds: { high: 95, low: 85, break: 85 },
};
