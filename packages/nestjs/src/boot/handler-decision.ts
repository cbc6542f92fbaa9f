import { policiesOf } from '../authorization/authorization-plan.js';
import { requirementProblem, type WsRequirement } from '../authorization/requirement.js';
import { WS_AUTHORIZE_METADATA } from '../authorization/ws-authorize.decorator.js';
import { WS_PUBLIC_METADATA } from '../authorization/ws-public.decorator.js';
import type { WsPolicyType } from '../authorization/ws-policy.js';
import { WsRowFilter } from '../authorization/ws-row-filter.decorator.js';
import { WsResource } from '../authorization/ws-resource.decorator.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { factoryOf } from '../nest/metadata.js';

/** Who may call a handler, as its decorators say. */
export interface HandlerDecision {
  /** Everything that must agree; empty for "any authenticated principal", and for a public handler. */
  readonly requirements: readonly WsRequirement[];
  readonly isPublic: boolean;
  readonly takesRowsOf: (policy: WsPolicyType) => boolean;
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

function rowsTakenBy(handler: HandlerRecord): (policy: WsPolicyType) => boolean {
  const filters = (handler.parameters ?? []).filter(({ factory }) => factory === ROW_FILTER);
  return (policy) => filters.some(({ data: named }) => named === undefined || named === policy);
}

const ROW_FILTER = factoryOf(WsRowFilter);

/** What only a policy can fill, by the factory in the metadata of a parameter. */
const FILLED_BY_POLICIES: ReadonlyMap<unknown, readonly [decorator: string, what: string]> = new Map([
  [factoryOf(WsResource), ['@WsResource', 'resource']],
  [ROW_FILTER, ['@WsRowFilter', 'row filter']],
]);

/**
 * Checks that each `@WsResource()` and `@WsRowFilter()` names one policy. A bare one beside two policies would take what the
 * first granted and drop the rest: of two row filters, the second would narrow nothing.
 */
function checkGrants(handler: HandlerRecord, requirements: readonly WsRequirement[], problems: BootProblems): void {
  const policies = policiesOf(requirements);
  for (const { factory, data: named } of handler.parameters ?? []) {
    const [decorator, what] = FILLED_BY_POLICIES.get(factory) ?? [];
    if (decorator === undefined) continue;
    // Of the members of one anyOf() only one grants.
    const granting = factory === ROW_FILTER ? requirements.filter((item) => policiesOf([item]).length > 0) : policies;
    if (named === undefined && granting.length > 1) {
      problems.add(
        handler.label,
        `has several policies, and its ${decorator}() does not say whose ${what} it wants.`,
        `${decorator}(${policies[0]?.name ?? 'MyPolicy'})`,
      );
    } else if (policies.length === 0 || (named !== undefined && !policies.some((policy) => policy === named))) {
      problems.add(
        handler.label,
        `has a ${decorator}() that no policy of its @WsAuthorize can fill.`,
        `@WsAuthorize(${typeof named === 'function' ? named.name : 'MyPolicy'})`,
      );
    }
  }
}

export function quote(event: unknown): string {
  return typeof event === 'string' ? `'${event}'` : '...';
}
