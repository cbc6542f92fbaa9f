import type { AuthorizationDecision } from '../authorization/authorization-plan.js';
import { requirementProblem, type WsRequirement } from '../authorization/requirement.js';
import { WS_AUTHORIZE_METADATA } from '../authorization/ws-authorize.decorator.js';
import { WS_PUBLIC_METADATA } from '../authorization/ws-public.decorator.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { checkGrants, rowsTakenBy } from './granted-parameters.js';

/**
 * Reads the authorization decision of a handler: of its method and of its class.
 *
 * @returns `undefined` where there is none that can be followed; a problem says why (AZ-01).
 */
export function readDecision(
  handler: HandlerRecord,
  admitsAnonymous: boolean,
  problems: BootProblems,
): AuthorizationDecision | undefined {
  const onClass = requirementsOf(handler.gateway.type);
  const onMethod = requirementsOf(handler.callback);
  const isPublic = [handler.callback, handler.gateway.type].some(
    (owner) => Reflect.getMetadata(WS_PUBLIC_METADATA, owner) === true,
  );
  const isUndecided = onClass === undefined && onMethod === undefined;
  if (isPublic && isUndecided && admitsAnonymous) {
    return { requirements: [], isPublic: true, takesRowsOf: () => false };
  }
  if (isPublic) {
    const [problem, fix] = isUndecided ? NOT_ANONYMOUS : PUBLIC_AND_NOT;
    problems.add(handler.label, problem, fix);
    return undefined;
  }
  if (isUndecided) {
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
  checkGrants(handler, requirements, problems);
  return { requirements, isPublic: false, takesRowsOf: rowsTakenBy(handler) };
}

const NOT_ANONYMOUS = [
  'is @WsPublic, but its gateway admits no anonymous connection.',
  'write @SecureGateway({ anonymous: true }) above the gateway, or replace @WsPublic() by @WsAuthorize()',
] as const;

const PUBLIC_AND_NOT = [
  'is @WsPublic and @WsAuthorize at once.',
  'keep one of the two; move public events to a gateway of their own',
] as const;

function requirementsOf(owner: object): readonly WsRequirement[] | undefined {
  return Reflect.getMetadata(WS_AUTHORIZE_METADATA, owner) as readonly WsRequirement[] | undefined;
}

export function quote(event: unknown): string {
  return typeof event === 'string' ? `'${event}'` : '...';
}
