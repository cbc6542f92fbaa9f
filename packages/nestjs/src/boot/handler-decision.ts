import type { ResolvedAuthenticationOptions } from '../authentication/authentication.options.js';
import type { AuthorizationDecision } from '../authorization/authorization-plan.js';
import { requirementProblem, type WsRequirement } from '../authorization/requirement.js';
import { requirementsIn, type Shadowed, shadowIn, shadowProblem } from '../authorization/shadow/ws-shadow.js';
import type { WsRule } from '../authorization/rules/ws-rule-table.js';
import { WS_AUTHORIZE_METADATA } from '../authorization/ws-authorize.decorator.js';
import { WS_PUBLIC_METADATA } from '../authorization/ws-public.decorator.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { checkGrants, rowsTakenBy } from './granted-parameters.js';
import { readStepUp } from './handler-step-up.js';

/** What a decision depends on besides the decorators of its handler. */
export interface DecisionContext {
  /** The line of `authorization.rules` for the event, where there is a table. */
  readonly rule: WsRule | undefined;
  /** Whether the gateway admits anonymous connections. */
  readonly admitsAnonymous: boolean;
  /** Whether handshakes are those of the module: with `adapter: false` nobody comes in without an identity. */
  readonly hasAdapter: boolean;
  /** How the clients of the gateway prove who they are. */
  readonly authentication: ResolvedAuthenticationOptions;
}

/**
 * Reads the authorization decision of a handler: of its method, of its class and of the rule table. What they ask for adds
 * up, so that the stricter one wins.
 *
 * @returns `undefined` where there is none that can be followed; a problem says why (AZ-01).
 */
export function readDecision(
  handler: HandlerRecord,
  context: DecisionContext,
  problems: BootProblems,
): AuthorizationDecision | undefined {
  const { rule } = context;
  const asked = requirementsOn(handler);
  const onHandler = asked === undefined ? undefined : requirementsIn(asked);
  const shadow = shadowIn(asked ?? []);
  const isOpen = isPublic(handler) || (onHandler === undefined && rule?.access === 'open');
  const conflict = isOpen ? conflictOfOpen(handler, onHandler, context) : conflictOfJudged(handler, onHandler, rule);
  if (conflict !== undefined) {
    problems.add(handler.label, ...conflict);
    return undefined;
  }
  const stepUp = readStepUp(handler, rule, isOpen ? undefined : context.authentication, problems);
  if (isOpen) return stepUp.isClear ? OPEN : undefined;
  // Those of the table are told once, with the table.
  if (rule?.requirements.some((item) => requirementProblem(item) !== undefined) === true) return undefined;
  const wrong = shadowProblem(asked ?? []);
  for (const requirement of [...(onHandler ?? []), ...(shadow ?? [])]) {
    const problem = wrong ?? requirementProblem(requirement);
    if (problem !== undefined) {
      problems.add(handler.label, `@WsAuthorize: ${problem}.`, "@WsAuthorize(MyPolicy, { roles: ['admin'] })");
      return undefined;
    }
  }
  const requirements = [...(rule?.requirements ?? []), ...(onHandler ?? [])];
  const isClosed = rule?.access === 'closed';
  if (!isClosed) checkGrants(handler, requirements, problems);
  if (!stepUp.isClear) return undefined;
  return {
    requirements,
    shadow: shadow === undefined ? undefined : [...(rule?.requirements ?? []), ...shadow],
    isPublic: false,
    isClosed,
    stepUpMs: stepUp.maxAgeMs,
    takesRowsOf: rowsTakenBy(handler),
  };
}

const OPEN: AuthorizationDecision = Object.freeze({ requirements: [], isPublic: true, takesRowsOf: () => false });

type Conflict = readonly [problem: string, fix: string];

function conflictOfOpen(
  handler: HandlerRecord,
  onHandler: readonly WsRequirement[] | undefined,
  { rule, admitsAnonymous, hasAdapter }: DecisionContext,
): Conflict | undefined {
  if (onHandler !== undefined) return PUBLIC_AND_NOT;
  if (rule !== undefined && rule.access !== 'open') return PUBLIC_AND_RULE;
  if (admitsAnonymous) return undefined;
  if (!hasAdapter) return NEVER_ANONYMOUS;
  return isPublic(handler) ? NOT_ANONYMOUS : RULE_NOT_ANONYMOUS;
}

function conflictOfJudged(
  { event }: HandlerRecord,
  onHandler: readonly WsRequirement[] | undefined,
  rule: WsRule | undefined,
): Conflict | undefined {
  if (onHandler !== undefined || rule !== undefined) return undefined;
  return [
    'has no authorization decision: nothing says who may send this event.',
    `add @WsAuthorize() above @SubscribeMessage(${quote(event)}), with policies, roles or scopes as needed`,
  ];
}

const NEVER_ANONYMOUS: Conflict = [
  'is public, and with `adapter: false` every message needs an identity.',
  'replace @WsPublic() by @WsAuthorize(), and public() in authorization.rules by authenticated()',
];

const NOT_ANONYMOUS: Conflict = [
  'is @WsPublic, but its gateway admits no anonymous connection.',
  'write @SecureGateway({ anonymous: true }) above the gateway, or replace @WsPublic() by @WsAuthorize()',
];

const RULE_NOT_ANONYMOUS: Conflict = [
  'is public() in authorization.rules, but its gateway admits no anonymous connection.',
  'write @SecureGateway({ anonymous: true }) above the gateway, or authenticated() in the table',
];

const PUBLIC_AND_NOT: Conflict = [
  'is @WsPublic and @WsAuthorize at once.',
  'keep one of the two; move public events to a gateway of their own',
];

const PUBLIC_AND_RULE: Conflict = [
  'is @WsPublic, and authorization.rules do not let everybody send its event.',
  'remove @WsPublic(), or write a line with public() for the event',
];

function isPublic({ callback, gateway }: HandlerRecord): boolean {
  return [callback, gateway.type].some((owner) => Reflect.getMetadata(WS_PUBLIC_METADATA, owner) === true);
}

/** What class and method ask for together; `undefined` where neither says anything. */
function requirementsOn({
  callback,
  gateway,
  overrides,
}: HandlerRecord): readonly (WsRequirement | Shadowed)[] | undefined {
  const [onClass, onMethod] = [gateway.type, callback].map(askedOn);
  if (onClass === undefined && onMethod === undefined) return undefined;
  // A subclass adds to what its parent asks for, a method that overrides another as well.
  return [...(onClass ?? []), ...overrides.flatMap((method) => askedOn(method) ?? []), ...(onMethod ?? [])];
}

function askedOn(owner: object): readonly (WsRequirement | Shadowed)[] | undefined {
  return Reflect.getMetadata(WS_AUTHORIZE_METADATA, owner) as readonly (WsRequirement | Shadowed)[] | undefined;
}

export function quote(event: unknown): string {
  return typeof event === 'string' ? `'${event}'` : '...';
}
