import type { WsRequirement } from '../requirement.js';
import type { WsStepUpOptions } from '../ws-step-up.decorator.js';

/** The class of a gateway. */
export type WsGatewayType = abstract new (...args: never[]) => object;

/** One line of a rule table. */
export interface WsRule {
  /** An event, or the beginning of several with a `*` behind it; `undefined` for any event. */
  readonly event: string | undefined;
  /** The gateway whose events are meant; `undefined` for those of all. */
  readonly gateway: WsGatewayType | undefined;
  /** Everything that must agree. */
  readonly requirements: readonly WsRequirement[];
  readonly stepUps: readonly WsStepUpOptions[];
  /** `open` to everybody, `closed` to everybody, or to those who meet the requirements. */
  readonly access: 'open' | 'judged' | 'closed';
}

/** A rule table that decides about every event. Made by {@link wsRules}. */
export class WsRuleTable {
  // Nominal: a list of the same shape may have a hole in it.
  readonly #rules: readonly WsRule[];

  constructor(rules: readonly WsRule[]) {
    this.#rules = Object.freeze([...rules]);
  }

  /** The lines, in their order. The last one is for any event. */
  get rules(): readonly WsRule[] {
    return this.#rules;
  }

  /** The line that decides about an event: the first one that is for it. */
  ruleOf(event: string, gateway: unknown): WsRule | undefined {
    return this.#rules.find((rule) => isFor(rule, event, gateway));
  }
}

/** Whether a line is for an event of a gateway. */
export function isFor({ event: pattern, gateway: only }: WsRule, event: string, gateway: unknown): boolean {
  if (only !== undefined && only !== gateway) return false;
  if (pattern === undefined) return true;
  return pattern.endsWith('*') ? event.startsWith(pattern.slice(0, -1)) : event === pattern;
}

/** How a line was written, for messages. */
export function nameOfRule({ event, gateway }: WsRule): string {
  if (event === undefined) return 'anyEvent()';
  return gateway === undefined ? `event('${event}')` : `event('${event}', ${gateway.name})`;
}
