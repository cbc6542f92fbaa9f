import type { WsRequirement } from '../requirement.js';
import type { WsStepUpOptions } from '../ws-step-up.decorator.js';
import { type WsGatewayType, type WsRule, WsRuleTable } from './ws-rule-table.js';

/** What a line of a rule table may ask for. Everything that is asked for must agree. */
export interface WsRuleConditions<Next> {
  /** One of these roles. */
  roles(...roles: readonly [string, ...string[]]): Next;
  /** All of these scopes. */
  scopes(...scopes: readonly [string, ...string[]]): Next;
  /**
   * Policies, `anyOf(...)` and `allOf(...)`, as in `@WsAuthorize()`.
   *
   * @throws TypeError for none.
   */
  require(...requirements: readonly [WsRequirement, ...WsRequirement[]]): Next;
  /** A recent log-in, as `@WsStepUp()`. */
  stepUp(options: WsStepUpOptions): Next;
}

/** A line of which nothing is decided yet. */
export interface WsUndecidedRule<Next, Last> extends WsRuleConditions<Next> {
  /** Every authenticated principal. */
  authenticated(): Next;
  /** Everybody, as `@WsPublic()`. */
  public(): Last;
  /** Nobody. */
  deny(): Last;
}

/** A rule table that goes on: it has no line yet for the events that it does not name. */
export interface WsRules {
  /**
   * Decides about one event, or with a `*` at the end about all that begin so, such as `admin.*`. Of two lines that are for
   * an event the first one counts.
   *
   * @param gateway the only gateway whose events are meant, where two have an event of the same name.
   * @throws TypeError for what is no name, or no class.
   */
  event(event: string, gateway?: WsGatewayType): WsUndecidedRule<WsDecidedRule, WsRules>;
  /** Decides about all other events, and closes the table. */
  anyEvent(): WsUndecidedRule<WsOpenTable, WsRuleTable>;
}

/** A line that may ask for more, or be followed by the next one. */
export type WsDecidedRule = WsRuleConditions<WsDecidedRule> & WsRules;

/** A closed table whose last line may ask for more. */
export type WsOpenTable = WsRuleConditions<WsOpenTable> & WsRuleTable;

/**
 * Begins a rule table: who may send which event, on one page. It stands in `authorization.rules`, instead of decorators or
 * together with them; where both say something about an event, both must agree. Only a table that ends with `anyEvent()`
 * and a decision is one.
 *
 * @example
 * ```ts
 * export const rules = wsRules()
 *   .event('admin.*').roles('admin').stepUp({ maxAgeMs: minutes(5) })
 *   .event('order.place').scopes('orders:write').require(AccountOwner)
 *   .event('news.latest').public()
 *   .anyEvent().deny();
 * ```
 */
export function wsRules(): WsRules {
  return goOn([]);
}

/** What a call adds to a line. */
type Change = Partial<Pick<WsRule, 'requirements' | 'stepUps' | 'access'>>;

function goOn(rules: readonly WsRule[]): WsRules {
  const begin = (event: string | undefined, gateway: WsGatewayType | undefined): WsRule =>
    Object.freeze({ event, gateway, requirements: [], stepUps: [], access: 'judged' as const });
  return {
    event: (event, ...named: readonly (WsGatewayType | undefined)[]) => {
      const [gateway] = named;
      // Without a name it would be for any event: an unset variable must not make a line of one event one of all.
      if (typeof event !== 'string') throw new TypeError("event() needs the name of an event, such as 'admin.*'.");
      // The same of a gateway: two files that import each other see `undefined`.
      if (named.length > 0 && typeof gateway !== 'function') {
        throw new TypeError(
          `event('${event}', Gateway) got no class: move the table into a file that no gateway imports.`,
        );
      }
      return undecided(
        begin(event, gateway),
        (rule) => decided(rules, rule),
        (rule) => goOn([...rules, rule]),
      );
    },
    anyEvent: () =>
      undecided(
        begin(undefined, undefined),
        (rule) => closed(rules, rule),
        (rule) => new WsRuleTable([...rules, rule]),
      ),
  };
}

function undecided<Next, Last>(
  rule: WsRule,
  next: (rule: WsRule) => Next,
  last: (rule: WsRule) => Last,
): WsUndecidedRule<Next, Last> {
  return {
    ...conditions(rule, next),
    authenticated: () => next(rule),
    public: () => last(changed(rule, { access: 'open' })),
    deny: () => last(changed(rule, { access: 'closed' })),
  };
}

function decided(rules: readonly WsRule[], rule: WsRule): WsDecidedRule {
  return { ...conditions(rule, (further) => decided(rules, further)), ...goOn([...rules, rule]) };
}

function closed(rules: readonly WsRule[], rule: WsRule): WsOpenTable {
  return Object.assign(
    new WsRuleTable([...rules, rule]),
    conditions(rule, (further) => closed(rules, further)),
  );
}

function conditions<Next>(rule: WsRule, next: (rule: WsRule) => Next): WsRuleConditions<Next> {
  return {
    roles: (...roles) => next(changed(rule, { requirements: [{ roles }] })),
    scopes: (...scopes) => next(changed(rule, { requirements: [{ scopes }] })),
    require: (...requirements: readonly WsRequirement[]) => {
      // A list that turns out to be empty would let every authenticated principal pass.
      if (requirements.length === 0) throw new TypeError('require() needs at least one policy or requirement.');
      return next(changed(rule, { requirements }));
    },
    stepUp: (options) => next(changed(rule, { stepUps: [options] })),
  };
}

function changed(rule: WsRule, { requirements = [], stepUps = [], access = rule.access }: Change): WsRule {
  return Object.freeze({
    ...rule,
    requirements: Object.freeze([...rule.requirements, ...requirements]),
    stepUps: Object.freeze([...rule.stepUps, ...stepUps]),
    access,
  });
}
