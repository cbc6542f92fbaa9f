import { defineConfig } from 'vitest/config';

// vite 8 reads the decorator flags from the nearest tsconfig.json, which is not always the root one.
const oxc = { decorator: { legacy: true, emitDecoratorMetadata: true } };

export default defineConfig({
  oxc,
  resolve: { tsconfigPaths: true },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.spec.ts', 'sample-app/src/**/*.spec.ts', 'tools/*.spec.mjs'],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/{e2e,attacks}/**/*.e2e-spec.ts'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'compat',
          include: ['test/compat/**/*.e2e-spec.ts'],
          globalSetup: ['test/compat/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.e2e-spec.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
