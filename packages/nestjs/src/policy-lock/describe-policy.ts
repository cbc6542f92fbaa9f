import type { BootInspection } from '../boot/boot-inspection.js';
import type { CoveredHandler } from '../boot/coverage.js';
import { endpointOf, type GatewayEndpoint } from '../boot/gateway-endpoints.js';
import { DEFAULT_POLICY_TIMEOUT_MS } from '../authorization/authorization.options.js';
import type { ResolvedAuthenticationOptions } from '../authentication/authentication.options.js';
import { defaultSettings, type GatewaySettings } from '../gateway-settings.js';
import { handshakeGuardsOf } from '../handshake/guards/use-handshake-guards.decorator.js';
import type { GatewayRecord } from '../nest/gateway-inventory.js';
import type { ResolvedSecureWsOptions } from '../resolve-options.js';
import { describeAccess, type ModuleOfPolicy } from './describe-access.js';
import { describeAuthenticators, describeOrigins } from './describe-authenticators.js';
import { byText, compareText, differenceOf, plainOf, sorted, type PlainValue, without } from './plain-value.js';
import {
  OUTPUT,
  POLICY_FORMAT,
  REPLIES_DECLARED,
  type PolicyDocument,
  type PolicyEndpoint,
  type PolicyEvent,
} from './policy-document.js';
import { SchemaCatalogue } from './schema/schema-catalogue.js';

/** What a policy is read from. */
export interface PolicySource {
  readonly inspection: Pick<BootInspection, 'gateways' | 'endpoints' | 'handlers' | 'ownerOf'>;
  readonly options: ResolvedSecureWsOptions;
}

/**
 * Describes who may do what through the gateways of an application. The same application gives the same document on every
 * machine: nothing in it depends on the order of imports or decorators, on paths, or on secrets.
 *
 * @throws Error for two policy classes that have one name in one module: the document could not tell one from the other.
 */
export function describePolicy({ inspection, options }: PolicySource): PolicyDocument {
  const { gateways, endpoints, handlers, ownerOf } = inspection;
  const catalogue = new SchemaCatalogue();
  const names = new PolicyNames();
  const usual = settingsOf(defaultSettings(options));
  // In their order, whatever that of the imports is: of two classes of one name, the second one met gets another.
  const inOrder = [...endpoints].sort(([a], [b]) => compareText(a, b));
  const described = inOrder.map(([address, endpoint]): PolicyEndpoint => {
    const isHere = (gateway: GatewayRecord): boolean => endpointOf(gateway) === address;
    const own = handlers
      .filter(({ record }) => isHere(record.gateway))
      .sort((a, b) => byText([a.event, a.subprotocols], [b.event, b.subprotocols]));
    const events = own.map((handler) => {
      const moduleOf: ModuleOfPolicy = (policy) => names.check(policy, ownerOf(policy, handler.record.gateway));
      return describeEvent(handler, moduleOf, catalogue);
    });
    return describeEndpoint(endpoint, gateways.filter(isHere), events, usual, options);
  });
  return {
    format: POLICY_FORMAT,
    settings: sorted({ ...(usual as object), ...outputOf(options), ...moduleSettingsOf(options) }),
    endpoints: described.sort((a, b) => byText([a.path, a.port, a.namespace], [b.path, b.port, b.namespace])),
    schemas: catalogue.schemas,
  };
}

function describeEndpoint(
  { settings, gateway }: GatewayEndpoint,
  gateways: readonly GatewayRecord[],
  events: readonly PolicyEvent[],
  usual: PlainValue,
  options: ResolvedSecureWsOptions,
): PolicyEndpoint {
  const { namespace } = gateway.options;
  const authentication: ResolvedAuthenticationOptions = settings.authentication ?? options.authentication;
  const guards = gateways.flatMap(({ type }) => handshakeGuardsOf(type).map(({ name }) => name));
  const { dpop } = authentication;
  return {
    path: gateway.path,
    port: gateway.port,
    ...(typeof namespace === 'string' && { namespace }),
    // On another adapter, the handshake is that one's.
    origins: options.adapter ? describeOrigins(settings.origins ?? options.handshake.origins) : [],
    authenticators: describeAuthenticators(authentication),
    ...(dpop !== undefined && { dpop: dpop.required ? 'required' : 'optional' }),
    ...(guards.length > 0 && { handshakeGuards: [...new Set(guards)].sort(compareText) }),
    settings: differenceOf(settingsOf(settings), usual),
    events,
  };
}

function describeEvent(handler: CoveredHandler, moduleOf: ModuleOfPolicy, catalogue: SchemaCatalogue): PolicyEvent {
  const { record, event, decision, payload, reply, bytes, throttles, subprotocols, isReported } = handler;
  return {
    event,
    handler: record.label,
    module: record.gateway.module.name,
    access: describeAccess(decision, moduleOf),
    ...(subprotocols !== undefined && { subprotocols: [...subprotocols].sort(compareText) }),
    ...(isReported && { reported: true }),
    throttles: throttles.map((rule) => without(rule, 'label', 'counter', 'fixed')).sort(byText),
    ...(bytes !== undefined && { bytes: plainOf(bytes) }),
    payload: catalogue.schemaOf(payload.declaration, payload.selection),
    ...(reply !== undefined && { reply: catalogue.outputOf(reply.declaration) }),
  };
}

/** Only what holds back: a lock without it lets out what no handler declares. */
function outputOf({ output }: ResolvedSecureWsOptions): Readonly<Record<string, PlainValue>> {
  return output.undeclaredReplies === 'fail' ? { [OUTPUT]: REPLIES_DECLARED } : {};
}

/** What holds for the module alone. A lock without it means the default. */
function moduleSettingsOf({
  authorization,
  detailedErrors,
}: ResolvedSecureWsOptions): Readonly<Record<string, PlainValue>> {
  const { policyTimeoutMs } = authorization;
  return {
    ...(policyTimeoutMs !== DEFAULT_POLICY_TIMEOUT_MS && { authorization: { policyTimeoutMs } }),
    ...(detailedErrors && { detailedErrors }),
  };
}

/** What holds for connections, apart from what has a field of its own. */
function settingsOf(settings: GatewaySettings): PlainValue {
  return without(settings, 'origins', 'authentication');
}

/** Sees to it that a name in the document stands for one policy class. */
class PolicyNames {
  readonly #known = new Map<string, unknown>();

  /**
   * Keeps a policy in mind under its name and module.
   *
   * @returns the module.
   * @throws Error where another class has both already.
   */
  check(policy: abstract new (...args: never[]) => object, module: string): string {
    const key = JSON.stringify([policy.name, module]);
    const other = this.#known.get(key);
    if (other !== undefined && other !== policy) {
      throw new Error(
        `Two policies are called ${policy.name} in ${module}: the policy lock cannot tell which one is asked. Rename one.`,
      );
    }
    this.#known.set(key, policy);
    return module;
  }
}
