import { classesOf } from '../authentication/create-authenticators.js';
import type { ResolvedAuthenticationOptions } from '../authentication/authentication.options.js';
import { policiesOf } from '../authorization/requirement.js';
import type { BootProblems } from '../core/boot-problems.js';
import { handshakeGuardsOf } from '../handshake/guards/use-handshake-guards.decorator.js';
import type { ApplicationClasses } from '../nest/application-classes.js';
import type { GatewayRecord, NestModule } from '../nest/gateway-inventory.js';
import type { ResolvedSecureWsOptions } from '../resolve-options.js';
import type { CoveredHandler } from './coverage.js';
import type { GatewayEndpoint } from './gateway-endpoints.js';

/** Where the classes are named, apart from the gateways. */
export interface NamingPlaces {
  readonly classes: ApplicationClasses;
  readonly options: ResolvedSecureWsOptions;
  /** The module that names the classes of the module's options. */
  readonly home: NestModule;
  readonly endpoints: Iterable<GatewayEndpoint>;
}

/** Checks every class of the application that something names, so that one error lists what is not clear. */
export function checkNamedClasses(
  { classes, options, home, endpoints }: NamingPlaces,
  gateways: readonly GatewayRecord[],
  handlers: readonly CoveredHandler[],
  problems: BootProblems,
): void {
  for (const { record, decision } of handlers) {
    for (const policy of new Set(policiesOf([...decision.requirements, ...(decision.shadow ?? [])]))) {
      classes.check(policy, record.gateway.module, record.label, problems);
    }
  }
  for (const gateway of gateways) {
    const guards = handshakeGuardsOf(gateway.type);
    for (const guard of guards) {
      classes.check(guard, gateway.module, gateway.name, problems);
      if (canBeGuard(guard)) continue;
      problems.add(
        gateway.name,
        `has @UseHandshakeGuards(${guard.name}), and ${guard.name} has no canActivate(): every handshake would be refused.`,
        `write class ${guard.name} implements CanActivate, or name another class`,
      );
    }
    if (guards.length === 0 || options.adapter) continue;
    problems.add(
      gateway.name,
      'has @UseHandshakeGuards(), and with `adapter: false` the handshake is that of another adapter: they would never run.',
      'remove the decorator, and check the handshake in a middleware of that adapter',
    );
  }
  const checkAuthentication = (named: ResolvedAuthenticationOptions, where: string, module: NestModule): void => {
    for (const [name, type] of classesOf(named)) classes.check(type, module, `${where}.${name}`, problems, true);
  };
  checkAuthentication(options.authentication, 'authentication', home);
  const verifier = options.handshake.challenge?.verifier;
  if (typeof verifier === 'function') classes.check(verifier, home, 'handshake.challenge.verifier', problems, true);
  const { revalidator } = options.lifecycle.revalidation;
  if (typeof revalidator === 'function') {
    classes.check(revalidator, home, 'lifecycle.revalidation.revalidator', problems, true);
  }
  for (const { settings, gateway } of endpoints) {
    if (settings.authentication === undefined) continue;
    checkAuthentication(settings.authentication, `${gateway.name} @SecureGateway.authentication`, gateway.module);
  }
}

/** Whether a class can be asked: its `canActivate` is a method, or a property that its constructor sets. */
function canBeGuard(type: abstract new (...args: never[]) => object): boolean {
  for (let at: unknown = type; typeof at === 'function' && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
    if (Function.prototype.toString.call(at).includes('canActivate')) return true;
  }
  return 'canActivate' in (type.prototype as object);
}
