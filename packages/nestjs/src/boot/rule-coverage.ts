import { requirementProblem } from '../authorization/requirement.js';
import { isFor, nameOfRule, type WsRule, type WsRuleTable } from '../authorization/rules/ws-rule-table.js';
import { stepUpProblem } from '../authorization/step-up.js';
import type { BootProblems } from '../core/boot-problems.js';
import type { GatewayRecord, HandlerRecord } from '../nest/gateway-inventory.js';

const OPTION = 'authorization.rules';

/** An event, or its beginning with one `*` behind it. */
const PATTERN = /^[\x21-\x29\x2b-\x7e]{1,64}\*?$/;

/** Names the lines of a rule table that decide about nothing, and what cannot be asked for. */
export function checkRules(
  table: WsRuleTable | undefined,
  gateways: readonly GatewayRecord[],
  problems: BootProblems,
): void {
  if (table === undefined) return;
  const handlers = gateways.flatMap((gateway) => gateway.handlers);
  for (const rule of table.rules) {
    const where = `${OPTION} ${nameOfRule(rule)}`;
    const isWrong = checkParts(rule, where, problems);
    // Of the last line nobody expects that it is for anything: it is there for what is still to come.
    if (!isWrong && rule.event !== undefined) checkReach(rule, table, handlers, where, problems);
  }
  warnOfForgotten(table, handlers, problems);
}

/** The line that decides about a handler. */
export function ruleOf(table: WsRuleTable | undefined, { event, gateway }: HandlerRecord): WsRule | undefined {
  return typeof event === 'string' ? table?.ruleOf(event, gateway.type) : undefined;
}

/** @returns whether something of the line is wrong. */
function checkParts({ event, requirements, stepUps }: WsRule, where: string, problems: BootProblems): boolean {
  const found: string[] = [];
  if (event !== undefined && !(typeof event === 'string' && PATTERN.test(event))) {
    found.push('names no event: write an event of a gateway, or its beginning and one * after it');
  }
  const wrong = [...requirements.map(requirementProblem), ...stepUps.map(stepUpProblem)];
  found.push(...wrong.filter((problem) => problem !== undefined));
  for (const problem of found) problems.add(where, `${problem}.`, "wsRules().event('admin.*').roles('admin')");
  return found.length > 0;
}

function checkReach(
  rule: WsRule,
  table: WsRuleTable,
  handlers: readonly HandlerRecord[],
  where: string,
  problems: BootProblems,
): void {
  const meant = handlers.filter(({ event, gateway }) => typeof event === 'string' && isFor(rule, event, gateway.type));
  if (meant.length === 0) {
    problems.add(where, 'is for no event that a gateway handles.', 'correct its name, or remove the line');
    return;
  }
  const earlier = meant.map((handler) => ruleOf(table, handler));
  if (earlier.includes(rule)) return;
  const [first] = earlier;
  const name = first === undefined ? 'another line' : nameOfRule(first);
  problems.add(
    where,
    `decides nothing: ${name} stands above it, and the first line that matches an event counts.`,
    `move it above ${name}, or remove it`,
  );
}

/** What `anyEvent().deny()` closes may have been forgotten in the table: a handler that nobody reaches. */
function warnOfForgotten(table: WsRuleTable, handlers: readonly HandlerRecord[], problems: BootProblems): void {
  for (const handler of handlers) {
    const rule = ruleOf(table, handler);
    if (rule?.event !== undefined || rule?.access !== 'closed') continue;
    problems.warn(
      handler.label,
      `is closed to everybody by anyEvent().deny() of ${OPTION}: no other line names its event.`,
    );
  }
}
