import type { ResolvedAuthenticationOptions } from '../authentication/authentication.options.js';
import type { WsRule } from '../authorization/rules/ws-rule-table.js';
import { stepUpProblem } from '../authorization/step-up.js';
import { WS_STEP_UP_METADATA, type WsStepUpOptions } from '../authorization/ws-step-up.decorator.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';

export interface HandlerStepUp {
  /** The shortest of what is asked for; `undefined` where nobody asks. */
  readonly maxAgeMs: number | undefined;
  /** Whether it can be followed; a problem says why not. */
  readonly isClear: boolean;
}

/**
 * Reads how recent a log-in the events of a handler need, and checks that there can be one.
 *
 * @param authentication of the gateway; `undefined` for an event that needs no identity.
 */
export function readStepUp(
  { label, callback, gateway, overrides }: HandlerRecord,
  rule: WsRule | undefined,
  authentication: ResolvedAuthenticationOptions | undefined,
  problems: BootProblems,
): HandlerStepUp {
  const onHandler = [gateway.type, ...overrides, callback].flatMap(stepUpsOn);
  // Those of the table are told once, with the table.
  const ofTable = rule?.stepUps ?? [];
  if (ofTable.some((options) => stepUpProblem(options) !== undefined)) return UNCLEAR;
  const wrong = onHandler.map(stepUpProblem).find((problem) => problem !== undefined);
  if (wrong !== undefined) {
    problems.add(label, `@WsStepUp: ${wrong}.`, '@WsStepUp({ maxAgeMs: minutes(5) })');
    return UNCLEAR;
  }
  const stepUps = [...ofTable, ...(onHandler as readonly WsStepUpOptions[])];
  if (stepUps.length === 0) return NONE;
  if (authentication === undefined) {
    problems.add(
      label,
      'needs a recent log-in (@WsStepUp), and everybody may send its event without any.',
      'replace @WsPublic() by @WsAuthorize(), or remove @WsStepUp()',
    );
    return UNCLEAR;
  }
  if (!knowsLogins(authentication)) {
    problems.add(
      label,
      'needs a recent log-in (@WsStepUp), and programs have none: API keys and certificates are all that its gateway takes.',
      'remove @WsStepUp(), or take tokens or sessions as well (authentication.jwt, oauth, session, tickets)',
    );
    return UNCLEAR;
  }
  return { maxAgeMs: Math.min(...stepUps.map(({ maxAgeMs }) => maxAgeMs)), isClear: true };
}

const NONE: HandlerStepUp = Object.freeze({ maxAgeMs: undefined, isClear: true });
const UNCLEAR: HandlerStepUp = Object.freeze({ maxAgeMs: undefined, isClear: false });

/** Whether any identity of a gateway can say when its user has logged in. */
function knowsLogins({ jwt, oauth, session, tickets, authenticators }: ResolvedAuthenticationOptions): boolean {
  return jwt.length + oauth.length + authenticators.length > 0 || session !== undefined || tickets !== undefined;
}

function stepUpsOn(owner: object): readonly unknown[] {
  return (Reflect.getMetadata(WS_STEP_UP_METADATA, owner) ?? []) as readonly unknown[];
}
