import type { DoctorRule } from '../finding.js';

/** The HTTP server that sockets begin on, and what stands in front of it. */
export const PROXY_RULES: readonly DoctorRule[] = [
  {
    id: 'http-trusts-proxy-sockets-do-not',
    severity: 'warning',
    title: 'HTTP believes a proxy, and the handshake does not',
    why: 'All clients then share the address of the proxy, with its limits: one that is refused locks the others out.',
    check: ({ platform, options }) =>
      options.adapter && platform.trustProxy !== undefined && options.handshake.proxies === undefined
        ? [
            {
              place: 'handshake.trustedProxies',
              problem: `is 'none', while ${settingOf(platform.name)} is set: one of the two is wrong.`,
              fix: "handshake: { trustedProxies: { addresses: ['10.0.0.0/8'], header: 'x-forwarded-for' } }",
            },
          ]
        : [],
  },
  {
    id: 'sockets-trust-proxy-http-does-not',
    severity: 'note',
    title: 'The handshake believes a proxy, and HTTP does not',
    why: 'Routes that hand out tickets, and ThrottlerGuard, then see the proxy in req.ip: all clients are one to them.',
    // Only main.ts would set it.
    check: ({ platform, options, hasMain }) =>
      options.adapter && hasMain && platform.trustProxy === undefined && options.handshake.proxies !== undefined
        ? [
            {
              place: settingOf(platform.name),
              problem: 'is not set, while handshake.trustedProxies is: HTTP routes take the proxy for the client.',
              fix:
                platform.name === 'fastify'
                  ? "new FastifyAdapter({ trustProxy: '10.0.0.0/8' })"
                  : "app.set('trust proxy', '10.0.0.0/8')",
            },
          ]
        : [],
  },
  {
    id: 'http-trusts-everybody',
    severity: 'warning',
    title: 'HTTP believes a forwarding field of anybody',
    why: 'Every client writes its own address then: in req.ip, in the limits of ThrottlerGuard and in the access log.',
    check: ({ platform: { trustProxy, name } }) =>
      trustProxy === true
        ? [
            {
              place: settingOf(name),
              problem: 'is true: whoever connects may write any address into X-Forwarded-For.',
              fix: `list the proxies, as handshake.trustedProxies does: ${name === 'fastify' ? "trustProxy: ['10.0.0.7']" : "app.set('trust proxy', ['10.0.0.7'])"}`,
            },
          ]
        : [],
  },
  {
    id: 'http-close-may-hang',
    severity: 'note',
    title: 'An HTTP request may hold up the shutdown',
    why: 'Nest runs onApplicationShutdown, where the audit is flushed and the store is closed, only once its HTTP server has closed: a stream or a slow client keeps it open until the process is killed.',
    // Only main.ts would set it; Fastify ends idle connections by itself.
    check: ({ platform, hasMain }) =>
      hasMain && platform.name === 'express' && !platform.forceCloseConnections
        ? [
            {
              place: 'NestFactory.create()',
              problem: 'does not set forceCloseConnections: an HTTP request that does not end keeps the process alive.',
              fix: 'NestFactory.create(AppModule, { forceCloseConnections: true })',
            },
          ]
        : [],
  },
  {
    id: 'no-shutdown-hooks',
    severity: 'warning',
    title: 'SIGTERM cuts every connection off',
    why: 'Without shutdown hooks Node ends at once: clients see 1006, running handlers are lost, and so are the last events.',
    check: ({ hasMain, hasShutdownHooks }) =>
      hasMain && !hasShutdownHooks
        ? [
            {
              place: 'main.ts',
              problem: 'listens for no SIGTERM: connections are not drained.',
              fix: 'app.enableShutdownHooks()',
            },
          ]
        : [],
  },
];

function settingOf(platform: string): string {
  return platform === 'fastify' ? 'trustProxy of Fastify' : "'trust proxy' of Express";
}
