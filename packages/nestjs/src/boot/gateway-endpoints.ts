import { defaultSettings, type GatewaySettings, resolveGatewaySettings } from '../gateway-settings.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { ResolvedSecureWsOptions } from '../resolve-options.js';
import { SECURE_GATEWAY_METADATA } from '../secure-gateway.decorator.js';
import type { GatewayRecord } from '../nest/gateway-inventory.js';
import { warnOfGatewayContradictions } from './contradictions.js';
import { checkGatewayOptions, checkHosts } from './gateway-options.js';

/** The port and path of a gateway (and its namespace, on Socket.IO): what its connections and settings belong to. */
export function endpointOf({ port, path, options }: Pick<GatewayRecord, 'port' | 'path' | 'options'>): string {
  const { namespace } = options;
  return typeof namespace === 'string' ? `${port}${path} ${namespace}` : `${port}${path}`;
}

/**
 * An endpoint, the same on all nodes: without its port, which may be another one on each of them. Where the gateways of one
 * application differ by nothing else, the port they declare tells them apart.
 */
export function placeOf(gateway: GatewayRecord, gateways: readonly GatewayRecord[]): string {
  const withoutPort = (each: GatewayRecord): string => endpointOf({ ...each, port: 0 });
  const place = withoutPort(gateway);
  const isAlone = gateways.every((each) => each.port === gateway.port || withoutPort(each) !== place);
  return isAlone ? place : endpointOf(gateway);
}

/** What holds at an endpoint, and who lives there. */
export interface GatewayEndpoint {
  readonly settings: GatewaySettings;
  /** The gateway that says what differs here, or the first one. */
  readonly gateway: GatewayRecord;
  /** What its `@SecureGateway` was given, if it has one. */
  readonly user: unknown;
}

/** Finds the settings of every endpoint, and checks that the gateways there agree about them. */
export function resolveEndpoints(
  gateways: readonly GatewayRecord[],
  options: ResolvedSecureWsOptions,
  problems: BootProblems,
): ReadonlyMap<string, GatewayEndpoint> {
  if (options.adapter) checkHosts(gateways, problems);
  const endpoints = new Map<string, GatewayEndpoint>();
  for (const gateway of gateways) {
    const endpoint = endpointOf(gateway);
    const other = endpoints.get(endpoint);
    if (options.adapter) checkGatewayOptions(gateway, other?.gateway, problems);
    const user: unknown = Reflect.getMetadata(SECURE_GATEWAY_METADATA, gateway.type);
    if (user === undefined) {
      if (other === undefined) endpoints.set(endpoint, { settings: defaultSettings(options), gateway, user });
      continue;
    }
    if (!options.adapter) {
      problems.add(
        gateway.name,
        'has a @SecureGateway, and with `adapter: false` its connections are those of another adapter: it would be ignored.',
        'remove @SecureGateway, and set what differs in the options of that adapter',
      );
    }
    if (other?.user === undefined) {
      const settings = resolveGatewaySettings(user, gateway.name, options, problems);
      warnOfGatewayContradictions(gateway.name, settings, problems);
      endpoints.set(endpoint, { settings, gateway, user });
    } else if (other.user !== user) {
      problems.add(
        gateway.name,
        `shares ${gateway.path} with ${other.gateway.name}, and both have a @SecureGateway.`,
        'keep one of the two: the settings belong to the path',
      );
    }
  }
  return endpoints;
}
