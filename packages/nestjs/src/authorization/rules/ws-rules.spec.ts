import { describe, expect, expectTypeOf, it } from 'vitest';
import { isFor, type WsRule, WsRuleTable } from './ws-rule-table.js';
import { wsRules } from './ws-rules.js';

class Policy {
  authorize(): boolean {
    return true;
  }
}

class Gateway {}
class Other {}

const ruleOf = (event: string | undefined, gateway?: WsRule['gateway']): WsRule => ({
  event,
  gateway,
  requirements: [],
  stepUps: [],
  access: 'judged',
});

describe('wsRules', () => {
  it('AZ-01 keeps its lines, each with all that it asks for, in their order', () => {
    const table = wsRules()
      .event('a')
      .roles('x', 'y')
      .scopes('s')
      .stepUp({ maxAgeMs: 5 })
      .event('b.*', Gateway)
      .public()
      .event('c')
      .deny()
      .anyEvent()
      .authenticated()
      .require(Policy);
    const requirements = [{ roles: ['x', 'y'] }, { scopes: ['s'] }];
    expect(table).toBeInstanceOf(WsRuleTable);
    expect(table.rules).toEqual([
      { event: 'a', gateway: undefined, requirements, stepUps: [{ maxAgeMs: 5 }], access: 'judged' },
      { event: 'b.*', gateway: Gateway, requirements: [], stepUps: [], access: 'open' },
      { event: 'c', gateway: undefined, requirements: [], stepUps: [], access: 'closed' },
      { event: undefined, gateway: undefined, requirements: [Policy], stepUps: [], access: 'judged' },
    ]);
    expect(Object.isFrozen(table.rules)).toBe(true);
  });

  it('AZ-01 is not changed by what somebody makes of its beginning', () => {
    const start = wsRules().event('a').roles('x');
    const [strict, other] = [start.scopes('s').anyEvent().deny(), start.anyEvent().authenticated()];
    expect(strict.rules[0]?.requirements).toHaveLength(2);
    expect(other.rules[0]?.requirements).toHaveLength(1);
    expect(other.roles('z').rules[1]?.requirements).toEqual([{ roles: ['z'] }]);
    expect(other.rules[1]?.requirements).toEqual([]);
  });

  it.each([undefined, null, 7, ['a'], {}])('AZ-01 takes no line for the event %s', (event) => {
    expect(() => wsRules().event(event as never)).toThrow('needs the name of an event');
  });

  it.each([undefined, null, 'Gateway'])('AZ-01 takes no line for the gateway %s', (gateway) => {
    expect(() => wsRules().event('a', gateway as never)).toThrow('got no class');
  });

  it('AZ-01 takes no require() that asks for nothing: a list may turn out to be empty', () => {
    const none = [] as unknown as [never];
    expect(() =>
      wsRules()
        .event('a')
        .require(...none),
    ).toThrow('require() needs at least one');
    expect(() =>
      wsRules()
        .anyEvent()
        .roles('x')
        .require(...none),
    ).toThrow('require() needs at least one');
  });

  it('AZ-01 is a table only where every event is decided', () => {
    const open = wsRules().event('a').roles('x');
    expectTypeOf(open.anyEvent().deny()).toExtend<WsRuleTable>();
    expectTypeOf(open.anyEvent().authenticated()).toExtend<WsRuleTable>();
    expectTypeOf(open.anyEvent().roles('x').stepUp({ maxAgeMs: 1 })).toExtend<WsRuleTable>();
    expectTypeOf(open).not.toExtend<WsRuleTable>();
    expectTypeOf(open.anyEvent()).not.toExtend<WsRuleTable>();
    expectTypeOf(open.event('b')).not.toExtend<WsRuleTable>();
    expectTypeOf(open.event('b').deny()).not.toExtend<WsRuleTable>();
    // Nothing follows the last line, and what is open or closed asks for nothing.
    expectTypeOf(open.anyEvent().deny()).not.toHaveProperty('event');
    expectTypeOf(open.anyEvent().authenticated()).not.toHaveProperty('event');
    expectTypeOf(open.event('b').public()).not.toHaveProperty('roles');
    expectTypeOf(open.anyEvent().deny()).not.toHaveProperty('roles');
    // A line without a decision goes nowhere.
    expectTypeOf(open.event('b')).not.toHaveProperty('anyEvent');
    // @ts-expect-error: a list of no role.
    open.event('b').roles();
    // @ts-expect-error: not a requirement.
    open.event('b').require('admin');
    // @ts-expect-error: a table of the same shape may have a hole.
    expectTypeOf<{ rules: readonly WsRule[]; ruleOf(): WsRule }>().toExtend<WsRuleTable>();
  });
});

describe('isFor', () => {
  it.each<readonly [rule: WsRule, event: string, gateway: unknown, answer: boolean]>([
    [ruleOf('a'), 'a', Gateway, true],
    [ruleOf('a'), 'a.b', Gateway, false],
    [ruleOf('a'), 'A', Gateway, false],
    [ruleOf('a.*'), 'a.b', Gateway, true],
    [ruleOf('a.*'), 'a.b.c', Gateway, true],
    [ruleOf('a.*'), 'a.', Gateway, true],
    [ruleOf('a.*'), 'a', Gateway, false],
    [ruleOf('a.*'), 'ab', Gateway, false],
    [ruleOf('a*'), 'ab', Gateway, true],
    [ruleOf('a', Gateway), 'a', Gateway, true],
    [ruleOf('a', Gateway), 'a', Other, false],
    [ruleOf(undefined), 'whatever', Other, true],
  ])('AZ-01 %o is for %s of %o: %s', (rule, event, gateway, answer) => {
    expect(isFor(rule, event, gateway)).toBe(answer);
  });
});
