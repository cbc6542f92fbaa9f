import type { DoctorRule } from '../finding.js';

/** The words that NODE_ENV is compared with, here and in most libraries. */
const KNOWN = ['production', 'development', 'test'];

/** nginx, HAProxy and the balancers of clouds end a connection on which nothing moved for a minute. */
const PROXY_IDLE_MS = 60_000;

/** What shows that an application runs in several processes or on several machines, and by what. */
const INSTANCES: readonly (readonly [variable: string, means: string, isMany: (value: string) => boolean])[] = [
  ['WEB_CONCURRENCY', 'several processes', (value) => Number(value) > 1],
  ['NODE_APP_INSTANCE', 'a cluster of PM2', () => true],
  ['NODE_UNIQUE_ID', 'a worker of node:cluster', () => true],
  ['KUBERNETES_SERVICE_HOST', 'Kubernetes', () => true],
  ['K_SERVICE', 'Cloud Run', () => true],
  ['ECS_CONTAINER_METADATA_URI_V4', 'ECS', () => true],
  ['FLY_MACHINE_ID', 'Fly.io', () => true],
];

/** Where and how the application runs. */
export const DEPLOYMENT_RULES: readonly DoctorRule[] = [
  {
    id: 'node-env-unset',
    severity: 'note',
    title: 'NODE_ENV is not set',
    why: 'Without it the boot does not demand what production needs: a decision about proxies, the host of this server, TLS on a port of its own.',
    check: ({ environment }) =>
      hasText(environment['NODE_ENV'])
        ? []
        : [
            {
              place: 'NODE_ENV',
              problem: 'is not set: SecureWs takes this for a machine of a developer.',
              fix: 'NODE_ENV=production secure-ws doctor, as the server will run',
            },
          ],
  },
  {
    id: 'node-env-misspelt',
    severity: 'error',
    title: 'NODE_ENV is nearly production',
    why: 'It is compared letter by letter: "Production" is development, with plaintext on loopback addresses and detailedErrors allowed.',
    check: ({ environment: { NODE_ENV = '' } }) =>
      /prod/i.test(NODE_ENV) && !KNOWN.includes(NODE_ENV)
        ? [
            {
              place: 'NODE_ENV',
              problem: 'is not "production", letter by letter: what production demands is not checked.',
              fix: 'NODE_ENV=production',
            },
          ]
        : [],
  },
  {
    id: 'memory-store-several-instances',
    severity: 'warning',
    title: 'Several instances, and each counts by itself',
    why: 'Caps, rates and penalties hold once for each instance, and a revocation reaches one of them only.',
    check: ({ environment, options }) => {
      if (options.store.shared !== undefined) return [];
      const found = INSTANCES.find(([variable, , isMany]) => {
        const value = environment[variable];
        return hasText(value) && isMany(value);
      });
      if (found === undefined) return [];
      const [variable, means] = found;
      return [
        {
          place: 'store.shared',
          problem: `is not set, and ${variable} says ${means}: limits and revocations would hold on one instance each.`,
          fix: 'store: { shared: myStore }, or run exactly one instance',
        },
      ];
    },
  },
  {
    id: 'local-origin-in-production',
    severity: 'warning',
    title: 'Pages on the visitor’s own machine may connect in production',
    why: 'Whatever serves a page on that port of a visitor’s machine acts for that visitor: a development server, a tool, malware.',
    check: ({ origins, options }) =>
      options.handshake.transport.isProduction
        ? origins.flatMap(({ place, rules }) =>
            rules.exact
              .filter(({ hostname, protocol }) => isLoopback(hostname) && protocol.startsWith('http'))
              .map(({ hostname }) => ({
                place,
                problem: `lists ${hostname} in production: any page on that port of a visitor’s machine may connect.`,
                fix: "handshake: { origins: process.env.NODE_ENV === 'production' ? ['https://app.example.com'] : [...] }",
              })),
          )
        : [],
  },
  {
    id: 'plaintext-origin',
    severity: 'warning',
    title: 'A page without TLS may connect',
    why: 'Whoever is on its way can change that page, and then acts for its visitors on a connection that is encrypted.',
    check: ({ origins }) =>
      origins.flatMap(({ place, rules }) =>
        rules.exact
          .filter(({ hostname, protocol }) => protocol === 'http' && !isLoopback(hostname))
          .map(({ hostname }) => ({
            place,
            problem: `lists http://${hostname}: a page that anybody on its way can change.`,
            fix: `'https://${hostname}'`,
          })),
      ),
  },
  {
    id: 'heartbeat-slower-than-proxies',
    severity: 'warning',
    title: 'Proxies cut idle connections before the heartbeat',
    why: 'nginx, HAProxy and the balancers of clouds end a connection on which nothing moved for 60 s: clients see 1006 again and again.',
    check: ({ options }) =>
      options.adapter && options.lifecycle.pingIntervalMs >= PROXY_IDLE_MS
        ? [
            {
              place: 'lifecycle.pingIntervalMs',
              problem: `is ${options.lifecycle.pingIntervalMs}: most proxies end a connection that is silent for 60 s.`,
              fix: 'lifecycle: { pingIntervalMs: 25_000 }',
            },
          ]
        : [],
  },
];

function hasText(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || hostname.startsWith('127.')
  );
}
