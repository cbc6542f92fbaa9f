import type { BootProblems } from '../core/boot-problems.js';
import { requestPath } from '../handshake/request-path.js';
import type { GatewayRecord } from '../nest/gateway-inventory.js';

/** What a gateway may say of its server, and the module heeds. */
const HEEDED: ReadonlySet<string> = new Set(['path', 'host']);

const LIMIT = '@SecureGateway({ limits: { maxMessageBytes: 65536 } }) above the gateway';
const GUARDS = '@UseHandshakeGuards(MyGuard) above the gateway';
const ORIGINS = "@SecureGateway({ origins: ['https://app.example.com'] }) above the gateway, or handshake.origins";
const OWN_SERVER = 'remove it: the application serves its gateways, or a port of their own, @WebSocketGateway(8443)';

/**
 * What takes the place of an option of `ws`, of Nest or of Socket.IO. Dropped in silence, a check of the application's would
 * be gone.
 */
const REPLACED: ReadonlyMap<string, string> = new Map([
  ['allowRequest', GUARDS],
  ['closeTimeout', 'lifecycle.closeTimeoutMs'],
  ['connectTimeout', 'handshake.timeoutMs'],
  ['cors', ORIGINS],
  ['handleProtocols', 'remove it: the subprotocols are those of the module'],
  ['handlePreflightRequest', ORIGINS],
  ['maxFragments', 'validation.maxFragments'],
  ['maxHttpBufferSize', LIMIT],
  ['maxPayload', LIMIT],
  [
    'namespace',
    "@WebSocketGateway({ path: '/...' }): namespaces exist on Socket.IO only (forRoot({ adapter: false }))",
  ],
  ['noServer', OWN_SERVER],
  ['origins', ORIGINS],
  ['perMessageDeflate', 'remove it: compression beside secrets leaks them (RFC 7692 section 8), and it is off'],
  ['pingInterval', 'lifecycle.pingIntervalMs'],
  ['pingTimeout', 'lifecycle.pongTimeoutMs'],
  ['port', 'write it as the first argument: @WebSocketGateway(8443, { path: ... })'],
  ['server', OWN_SERVER],
  ['skipUTF8Validation', 'remove it: text that is not UTF-8 closes the connection'],
  ['upgradeTimeout', 'handshake.timeoutMs'],
  ['verifyClient', GUARDS],
]);

/** `:id`, `*`, `(a|b)`, `{/id}`, `?`, `#`: what a router or a browser would read as something else than a path. */
const NOT_LITERAL = /[:*?#(){}[\]\\]/;

/** Checks what `@WebSocketGateway(port, options)` says. Nest and `ws` accept anything and drop what they do not know. */
export function checkGatewayOptions(
  gateway: GatewayRecord,
  other: GatewayRecord | undefined,
  problems: BootProblems,
): void {
  const { name, options } = gateway;
  if (typeof options !== 'object') {
    problems.add(name, 'has a port that is not a number.', '@WebSocketGateway(8443)');
    return;
  }
  for (const [key, value] of Object.entries(options)) {
    if (HEEDED.has(key) || value === undefined) continue;
    const fix = REPLACED.get(key) ?? 'remove it: a gateway has a path, and a port and a host of its own at most';
    problems.add(name, `sets ${key} for its server, which this adapter ignores.`, fix);
  }
  checkPath(gateway, problems);
  checkHost(gateway, problems);
  if (other === undefined || comparable(gateway) === comparable(other)) return;
  problems.add(
    name,
    `shares ${gateway.path} with ${other.name}, but its options differ: Nest would follow only those of one.`,
    'write the same options on both, or give one of them a path of its own',
  );
}

function checkPath({ name, path, options }: GatewayRecord, problems: BootProblems): void {
  const { path: written = '/' } = options;
  if (typeof written === 'string' && !NOT_LITERAL.test(written) && requestPath(path) === path) return;
  problems.add(
    name,
    'has a path with a parameter, a wildcard, a query, a pattern or dot segments, which no handshake would match: paths are compared as they are.',
    "@WebSocketGateway({ path: '/rooms' }), and take what varies from the messages or the query of the request",
  );
}

function checkHost({ name, port, options }: GatewayRecord, problems: BootProblems): void {
  const { host } = options;
  if (host === undefined) return;
  const fix = "@WebSocketGateway(8443, { host: '127.0.0.1' })";
  if (typeof host !== 'string' || host === '') problems.add(name, 'has a host that is not an address.', fix);
  else if (port === 0) {
    problems.add(
      name,
      'sets a host, but is served by the application, which listens where main.ts says.',
      `app.listen(port, host), or a port of its own: ${fix}`,
    );
  }
}

/** Checks that the gateways of one port agree on where it listens. */
export function checkHosts(gateways: readonly GatewayRecord[], problems: BootProblems): void {
  const first = new Map<number, GatewayRecord>();
  for (const gateway of gateways) {
    const other = first.get(gateway.port);
    if (other === undefined) first.set(gateway.port, gateway);
    else if (other.path !== gateway.path && other.options['host'] !== gateway.options['host']) {
      problems.add(
        gateway.name,
        `shares port ${gateway.port} with ${other.name}, and their hosts differ.`,
        'write the same host on both, or give one of them a port of its own',
      );
    }
  }
}

function comparable({ options }: GatewayRecord): string {
  const entries = Object.entries(options).filter(([key]) => key !== 'path');
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
