import { defaultSettings, type GatewaySettings, resolveGatewaySettings } from '../gateway-settings.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { ResolvedSecureWsOptions } from '../resolve-options.js';
import { SECURE_GATEWAY_METADATA } from '../secure-gateway.decorator.js';
import type { GatewayRecord } from '../nest/gateway-inventory.js';

/** The port and path of a gateway (and its namespace, on Socket.IO): what its connections and settings belong to. */
export function addressOf({ port, path, options }: Pick<GatewayRecord, 'port' | 'path' | 'options'>): string {
  const { namespace } = options;
  return typeof namespace === 'string' ? `${port}${path} ${namespace}` : `${port}${path}`;
}

/** Finds the settings of every path, and checks that the gateways on one path agree about them. */
export function resolvePaths(
  gateways: readonly GatewayRecord[],
  options: ResolvedSecureWsOptions,
  problems: BootProblems,
): ReadonlyMap<string, GatewaySettings> {
  const first = new Map<string, GatewayRecord>();
  const written = new Map<string, { user: unknown; by: GatewayRecord }>();
  const paths = new Map<string, GatewaySettings>();
  for (const gateway of gateways) {
    const address = addressOf(gateway);
    if (options.adapter) checkOptions(gateway, first.get(address), problems);
    if (!first.has(address)) {
      first.set(address, gateway);
      paths.set(address, defaultSettings(options));
    }
    const user = Reflect.getMetadata(SECURE_GATEWAY_METADATA, gateway.type) as unknown;
    if (user === undefined) continue;
    const other = written.get(address);
    if (other === undefined) {
      written.set(address, { user, by: gateway });
      paths.set(address, resolveGatewaySettings(user, gateway.name, options, problems));
    } else if (other.user !== user) {
      problems.add(
        gateway.name,
        `shares ${gateway.path} with ${other.by.name}, and both have a @SecureGateway.`,
        'keep one of the two: the settings belong to the path',
      );
    }
  }
  return paths;
}

/** What `ws` lets a gateway decide, and the module decides here. Dropped in silence, a check of the application's would be gone. */
const REPLACED: Readonly<Record<string, string>> = {
  verifyClient: '@UseHandshakeGuards(MyGuard) above the gateway',
  handleProtocols: 'remove it: the subprotocols are those of the module',
  maxPayload: '@SecureGateway({ limits: { maxMessageBytes: 65536 } }) above the gateway',
};

/** Nest keeps one server for a path and silently ignores the options of the second gateway on it. */
function checkOptions(gateway: GatewayRecord, other: GatewayRecord | undefined, problems: BootProblems): void {
  if (gateway.options['namespace'] !== undefined) {
    problems.add(
      gateway.name,
      'has a namespace, which exists on Socket.IO only.',
      "@WebSocketGateway({ path: '/...' })",
    );
  }
  for (const [name, fix] of Object.entries(REPLACED)) {
    if (gateway.options[name] === undefined) continue;
    problems.add(gateway.name, `sets ${name} for its server, which would no longer be heeded.`, fix);
  }
  if (other === undefined || comparable(gateway) === comparable(other)) return;
  problems.add(
    gateway.name,
    `shares ${gateway.path} with ${other.name}, but its options differ: Nest would follow only those of one.`,
    'write the same options on both, or give one of them a path of its own',
  );
}

function comparable({ options }: GatewayRecord): string {
  const entries = Object.entries(options).filter(([key]) => key !== 'path');
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
