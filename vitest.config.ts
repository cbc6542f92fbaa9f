import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// vite 8 reads the decorator flags from the nearest tsconfig.json, which is not always the root one.
const oxc = { decorator: { legacy: true, emitDecoratorMetadata: true } };

/** Nest 11, as the fixture of test/compat installs it. */
const NEST_11 = {
  find: /^(@nestjs\/|class-validator|class-transformer|reflect-metadata|rxjs|ws$)/,
  replacement: `${fileURLToPath(new URL('.cache/compat/nest11-cjs/node_modules', import.meta.url))}/$1`,
};

/** The packages as they stand in this repository. */
const SOURCES = [
  {
    find: /^@secure-ws\/(\w+)$/,
    replacement: fileURLToPath(new URL('packages/$1/src/index.ts', import.meta.url)),
  },
  {
    find: '@secure-ws/protocol/leaks',
    replacement: fileURLToPath(new URL('packages/protocol/src/leaks/index.ts', import.meta.url)),
  },
  {
    find: /^@secure-ws\/nestjs\/(casl|cedar|openfga)$/,
    replacement: fileURLToPath(new URL('packages/nestjs/src/authorization/$1/index.ts', import.meta.url)),
  },
  {
    find: '@secure-ws/nestjs/terminus',
    replacement: fileURLToPath(new URL('packages/nestjs/src/health/terminus/index.ts', import.meta.url)),
  },
  {
    find: /^@secure-ws\/nestjs\/(.+)$/,
    replacement: fileURLToPath(new URL('packages/nestjs/src/$1/index.ts', import.meta.url)),
  },
];

/** What the examples of the guide read from the environment. */
const EXAMPLE_ENV = {
  JWT_SECRET: randomBytes(32).toString('base64url'),
  JWT_SECRET_OLD: randomBytes(32).toString('base64url'),
  CSRF_SECRET: randomBytes(32).toString('base64url'),
  SESSION_SECRET: randomBytes(32).toString('base64url'),
  CLUSTER_KEY: randomBytes(32).toString('base64'),
  METRICS_TOKEN: randomBytes(32).toString('hex'),
  METRICS_PORT: '0',
  AUDIT_HASH_KEY: randomBytes(32).toString('base64url'),
  OPENFGA_STORE_ID: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  OPENFGA_MODEL_ID: '01BX5ZZKBKACTAV9WEVGEMMVRZ',
  OPENFGA_API_TOKEN: 'fga-token-1234',
  PARTNER_PUBLIC_KEY: String(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'pem', type: 'spki' }),
  ),
};

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
          // Not expectations: a busy machine is slow, and that is no failure.
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/{e2e,attacks,fuzz,range}/**/*.e2e-spec.ts'],
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
        // The contract of nest/ on Nest 11: the same source and the same specs, over the copies of the installed fixture.
        resolve: { alias: [NEST_11] },
        test: {
          name: 'nest11',
          include: ['packages/nestjs/src/nest/*.spec.ts', 'test/e2e/*.e2e-spec.ts'],
          globalSetup: ['test/compat/global-setup.ts'],
          env: { NEST_MAJOR: '11' },
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        // The examples lie outside of tsconfig.json's `include`, and share the copy of the packages that their tests use.
        resolve: { alias: SOURCES },
        test: {
          name: 'docs',
          include: ['test/docs/*.doc-spec.ts'],
          globalSetup: ['tools/doc-examples-setup.mjs'],
          env: EXAMPLE_ENV,
          testTimeout: 20_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        // What the pages say of log-ins, on Nest 11 as well.
        resolve: { alias: [...SOURCES, NEST_11] },
        test: {
          name: 'docs11',
          include: ['test/docs/{api-keys,client-certificates,oauth-page,recipes,sessions,tickets}.doc-spec.ts'],
          globalSetup: ['test/compat/global-setup.ts', 'tools/doc-examples-setup.mjs'],
          env: { ...EXAMPLE_ENV, NEST_MAJOR: '11' },
          testTimeout: 20_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'proxies',
          include: ['test/proxies/**/*.e2e-spec.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: ['test/postgres/**/*.e2e-spec.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'redis',
          include: ['test/redis/**/*.e2e-spec.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'prometheus',
          include: ['test/prometheus/**/*.e2e-spec.ts'],
          // It scrapes and evaluates once a second at most.
          testTimeout: 60_000,
          hookTimeout: 60_000,
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
