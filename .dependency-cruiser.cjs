/**
 * The direction of dependencies, docs/adr and the design in one place:
 *
 *   adapter -> messages, handshake -> the concerns -> store, events, core, nest
 *
 * A concern never reads another concern's inside. What two of them need lies in `protocol/` or `core/`, or is one of the few
 * contracts listed here.
 */

const source = '^packages/nestjs/src';

/** One folder a concern. */
const concerns = [
  'alerts',
  'handshake',
  'authentication',
  'authorization',
  'validation',
  'throttling',
  'lifecycle',
  'output',
  'events',
  'store',
  'cluster',
  'channels',
  'integrity',
];

/** Files of a concern that every concern may read, because they say who is connected and through what. */
const contracts = ['authentication/authenticator', 'authentication/authentication-failures'];

const contractPaths = contracts.map((path) => `${source}/${path}\\.ts$`);
const isTest = '\\.spec\\.ts$';

/** Where each concern may look inside the package besides itself and the contracts. */
const alsoAllowed = new Map([
  ['handshake', ['authentication']],
  // It does at other nodes what the lifecycle service does here.
  ['cluster', ['lifecycle']],
]);

const concernRules = concerns.map((concern) => {
  const folders = [concern, 'events', 'store', 'core', 'nest', ...(alsoAllowed.get(concern) ?? [])];
  return {
    name: `${concern}-stays-in-its-concern`,
    comment: `${concern}/ may read itself, events/, store/, core/, nest/ and the shared contracts, and nothing else of the package.`,
    severity: 'error',
    from: { path: `${source}/${concern}/`, pathNot: isTest },
    to: { path: `${source}/`, pathNot: [`${source}/(${folders.join('|')})/`, ...contractPaths] },
  };
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      comment:
        'A cycle has no order in which it can be loaded, or read: one that a type-only import closes counts as well.',
      severity: 'error',
      // @WsConnection() is a decorator and the type of what it gives, in one name.
      from: { pathNot: `${source}/core/(message-context|ws-connection)\\.ts$` },
      to: { circular: true },
    },
    {
      name: 'protocol-imports-nothing',
      comment: 'The wire vocabulary is used by browsers too: it depends on nothing.',
      severity: 'error',
      from: { path: '^packages/protocol/src/', pathNot: isTest },
      to: { pathNot: '^packages/protocol/src/' },
    },
    {
      name: 'core-imports-core',
      comment: 'core/ lies at the bottom of the package.',
      severity: 'error',
      from: { path: `${source}/core/`, pathNot: isTest },
      to: { path: `${source}/`, pathNot: [`${source}/core/`, ...contractPaths] },
    },
    {
      name: 'core-knows-contracts-by-type',
      comment: 'core/ may name the shared contracts in a type; nothing of them may run in it.',
      severity: 'error',
      from: { path: `${source}/core/`, pathNot: isTest },
      to: { path: contractPaths, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nest-imports-core',
      comment: 'nest/ touches Nest, for everybody above it: it reads core/ and nothing else of the package.',
      severity: 'error',
      from: { path: `${source}/nest/`, pathNot: isTest },
      to: { path: `${source}/`, pathNot: [`${source}/(nest|core)/`] },
    },
    ...concernRules,
    {
      name: 'policy-engines-by-their-subpath',
      comment:
        'An application that does not use CASL or Cedar never loads them: only their own entry point reaches them.',
      severity: 'error',
      from: { path: `${source}/`, pathNot: [`${source}/authorization/(casl|cedar|openfga)/`, isTest] },
      to: { path: [`${source}/authorization/(casl|cedar|openfga)/`, '@casl/', '@cedar-policy/'] },
    },
    {
      name: 'metrics-by-their-subpath',
      comment:
        'An application that measures nothing loads nothing for it: only their own entry points reach prom-client and OpenTelemetry.',
      severity: 'error',
      from: { path: `${source}/`, pathNot: [`${source}/(metrics|opentelemetry)/`, isTest] },
      to: { path: [`${source}/(metrics|opentelemetry)/`, '/prom-client/', '/@opentelemetry/'] },
    },
    {
      name: 'terminus-by-its-subpath',
      comment: 'An application without a health check never loads Terminus: only its own entry point reaches it.',
      severity: 'error',
      from: { path: `${source}/`, pathNot: [`${source}/health/terminus/`, isTest] },
      to: { path: [`${source}/health/terminus/`, '@nestjs/terminus'] },
    },
    {
      name: 'operations-by-their-subpath',
      comment: 'An application without the operations page never loads it: only its own entry point reaches it.',
      severity: 'error',
      from: { path: `${source}/`, pathNot: [`${source}/operations/`, isTest] },
      to: { path: `${source}/operations/` },
    },
    {
      name: 'messages-below-adapter',
      comment: 'The adapter drives the pipeline, never the reverse.',
      severity: 'error',
      from: { path: `${source}/messages/`, pathNot: isTest },
      to: { path: `${source}/(adapter|boot|handshake)/` },
    },
    {
      name: 'packages-know-no-application',
      comment: 'What is published cannot depend on what is not.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(test|bench|sample-app|tools)/', pathNot: '^test/support/' },
    },
    {
      name: 'packages-know-no-test-support',
      comment: 'The unit tests of a package are not published and may share what test/support offers.',
      severity: 'error',
      from: { path: '^packages/', pathNot: isTest },
      to: { path: '^test/support/' },
    },
    {
      name: 'packages-by-their-name',
      comment: 'One package reads another through its entry point, as every consumer does.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: ['^packages/$1/', '^packages/[^/]+/src/((leaks|store)/)?index\\.ts$'] },
    },
    {
      name: 'sample-app-uses-entry-points',
      comment: 'The sample application shows what a user can write.',
      severity: 'error',
      from: { path: '^sample-app/' },
      to: {
        path: '^packages/',
        pathNot:
          '^packages/[^/]+/src/((metrics|opentelemetry|operations|socket-io|store|testing|health/terminus|authorization/(casl|cedar|openfga))/)?index\\.ts$',
      },
    },
    {
      name: 'no-unresolved',
      comment: 'An import that cannot be resolved hides what it depends on from all other rules.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-package',
      comment: 'A package that is not in dependencies or peerDependencies is missing where ours gets installed.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: isTest },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'],
        dependencyTypesNot: ['npm', 'npm-peer', 'type-only'],
      },
    },
  ],
  options: {
    exclude: { path: '^(packages/[^/]+|sample-app|bench)/dist/' },
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    // Without this an `import type` would be invisible, and a concern could grow onto another's types unseen.
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
