import { policiesOf } from '../authorization/authorization-plan.js';
import { requirementProblem, type WsRequirement } from '../authorization/requirement.js';
import { WS_AUTHORIZE_METADATA } from '../authorization/ws-authorize.decorator.js';
import { WS_PUBLIC_METADATA } from '../authorization/ws-public.decorator.js';
import { WsResource } from '../authorization/ws-resource.decorator.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';

/** Who may call a handler, as its decorators say. */
export interface HandlerDecision {
  /** Everything that must agree; empty for "any authenticated principal", and for a public handler. */
  readonly requirements: readonly WsRequirement[];
  /** Whether it needs no identity. */
  readonly isPublic: boolean;
}

/**
 * Reads the authorization decision of a handler: of its method and of its class.
 *
 * @returns `undefined` where there is none that can be followed; a problem says why (AZ-01).
 */
export function readDecision(
  handler: HandlerRecord,
  admitsAnonymous: boolean,
  problems: BootProblems,
): HandlerDecision | undefined {
  const onClass = requirementsOf(handler.gateway.type);
  const onMethod = requirementsOf(handler.callback);
  const isPublic = [handler.callback, handler.gateway.type].some(
    (owner) => Reflect.getMetadata(WS_PUBLIC_METADATA, owner) === true,
  );
  if (isPublic) {
    const asksForIdentity = onClass !== undefined || onMethod !== undefined;
    if (!asksForIdentity && admitsAnonymous) return { requirements: [], isPublic: true };
    reportPublic(handler, asksForIdentity, problems);
    return undefined;
  }
  if (onClass === undefined && onMethod === undefined) {
    problems.add(
      handler.label,
      'has no authorization decision: nothing says who may send this event.',
      `add @WsAuthorize() above @SubscribeMessage(${quote(handler.event)}), with policies, roles or scopes as needed`,
    );
    return undefined;
  }
  const requirements = [...(onClass ?? []), ...(onMethod ?? [])];
  for (const requirement of requirements) {
    const problem = requirementProblem(requirement);
    if (problem !== undefined) {
      problems.add(handler.label, `@WsAuthorize: ${problem}.`, "@WsAuthorize(MyPolicy, { roles: ['admin'] })");
      return undefined;
    }
  }
  checkResources(handler, requirements, problems);
  return { requirements, isPublic: false };
}

function reportPublic(handler: HandlerRecord, asksForIdentity: boolean, problems: BootProblems): void {
  problems.add(
    handler.label,
    asksForIdentity
      ? 'is @WsPublic and @WsAuthorize at once.'
      : 'is @WsPublic, but its gateway admits no anonymous connection.',
    asksForIdentity
      ? 'keep one of the two; move public events to a gateway of their own'
      : 'write @SecureGateway({ anonymous: true }) above the gateway, or replace @WsPublic() by @WsAuthorize()',
  );
}

function requirementsOf(owner: object): readonly WsRequirement[] | undefined {
  return Reflect.getMetadata(WS_AUTHORIZE_METADATA, owner) as readonly WsRequirement[] | undefined;
}

// createParamDecorator keeps the factory in the parameter's metadata: that is how ours is told from the application's.
const RESOURCE_FACTORY = factoryOf(WsResource);

function factoryOf(decorator: (...args: never[]) => ParameterDecorator): unknown {
  class Probe {
    method(): void {}
  }
  decorator()(Probe.prototype, 'method', 0);
  const metadata = Reflect.getMetadata('__routeArguments__', Probe, 'method') as Record<string, { factory: unknown }>;
  return Object.values(metadata)[0]?.factory;
}

function checkResources(handler: HandlerRecord, requirements: readonly WsRequirement[], problems: BootProblems): void {
  const policies = policiesOf(requirements);
  for (const parameter of handler.parameters ?? []) {
    if (parameter.factory !== RESOURCE_FACTORY) continue;
    const named = parameter.data;
    if (named === undefined && policies.length > 1) {
      problems.add(
        handler.label,
        'has several policies, and its @WsResource() does not say whose resource it wants.',
        `@WsResource(${policies[0]?.name ?? 'MyPolicy'})`,
      );
    } else if (policies.length === 0 || (named !== undefined && !policies.some((policy) => policy === named))) {
      problems.add(
        handler.label,
        'has a @WsResource() that no policy of its @WsAuthorize can fill.',
        `@WsAuthorize(${typeof named === 'function' ? named.name : 'MyPolicy'})`,
      );
    }
  }
}

/** Quotes an event name of the application's for a message. */
export function quote(event: unknown): string {
  return typeof event === 'string' ? `'${event}'` : '...';
}
