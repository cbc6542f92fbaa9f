import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { readEventThrottle, type RulePlace } from './read-event-throttle.js';

function read(rule: object, place: Partial<RulePlace> = {}) {
  const problems = new BootProblems();
  const at: RulePlace = {
    handler: 'Gateway.send',
    counter: 'app',
    index: 0,
    mode: 'enforce',
    hasStorage: false,
    ...place,
  };
  const throttle = readEventThrottle(new OptionReader(rule, 'rule', problems), at);
  const wrong = problems.problems.map(({ where }) => where);
  return { throttle, wrong, warned: problems.warnings.map(({ where }) => where) };
}

const compute = () => 1;

describe('readEventThrottle', () => {
  it('DR-05 fills in what a rule leaves out', () => {
    expect(read({ limit: 5, ttl: 1000 })).toEqual({
      throttle: {
        ...{ name: 'default', limit: 5, ttl: 1000, blockDuration: 0, by: 'principal', cost: 1, costPerByte: 0 },
        ...{ mode: 'enforce', label: 'Gateway.send @WsThrottle default', counter: 'app:["default",0]' },
        fixed: { limit: 5, ttl: 1000, blockMs: 0, cost: 1 },
      },
      wrong: [],
      warned: [],
    });
  });

  it('DR-05 takes what a rule says', () => {
    const rule = { name: 'burst', limit: 5, ttl: 2000, blockDuration: 60, by: 'address', cost: 2.5, mode: 'report' };
    const { throttle, wrong } = read(rule, { index: 2 });
    expect(throttle).toMatchObject({ ...rule, label: 'Gateway.send @WsThrottle burst#2', counter: 'app:["burst",2]' });
    expect(throttle.fixed).toEqual({ limit: 5, ttl: 2000, blockMs: 60, cost: 2.5 });
    expect(Object.isFrozen(throttle.fixed)).toBe(true);
    expect(wrong).toEqual([]);
    expect(read({ limit: 5, ttl: 1000 }, { mode: 'report' }).throttle.mode).toBe('report');
  });

  it.each<[string, object]>([
    ['limit', { limit: compute, ttl: 1000 }],
    ['ttl', { limit: 5, ttl: compute }],
    ['blockDuration', { limit: 5, ttl: 1000, blockDuration: compute }],
    ['cost', { limit: 5, ttl: 1000, cost: compute }],
  ])('DR-05 knows no fixed values where %s is computed', (name, rule) => {
    const { throttle, wrong } = read(rule);
    expect(throttle[name as 'limit']).toBe(compute);
    expect(throttle.fixed).toBeUndefined();
    expect(wrong).toEqual([]);
  });

  it('DR-06 knows none where each byte costs something', () => {
    expect(read({ limit: 5, ttl: 1000, costPerByte: 0.5 }).throttle).toMatchObject({
      costPerByte: 0.5,
      fixed: undefined,
    });
  });

  it.each<[string, object, string[]]>([
    ['no limit', { ttl: 1000 }, ['rule.limit']],
    ['no ttl', { limit: 5 }, ['rule.ttl']],
    ['a limit of 0', { limit: 0, ttl: 1000 }, ['rule.limit']],
    ['a limit that is a text', { limit: '5', ttl: 1000 }, ['rule.limit']],
    ['a ttl without an end', { limit: 5, ttl: Infinity }, ['rule.ttl']],
    ['a negative block', { limit: 5, ttl: 1000, blockDuration: -1 }, ['rule.blockDuration']],
    ['a subject of nobody', { limit: 5, ttl: 1000, by: 'room' }, ['rule.by']],
    ['a mode of nobody', { limit: 5, ttl: 1000, mode: 'off' }, ['rule.mode']],
    ['a negative cost', { limit: 5, ttl: 1000, cost: -1 }, ['rule.cost']],
    ['a cost that is no number', { limit: 5, ttl: 1000, cost: NaN }, ['rule.cost']],
    ['a cost without an end', { limit: 5, ttl: 1000, cost: Infinity }, ['rule.cost']],
    ['a computed cost of a byte', { limit: 5, ttl: 1000, costPerByte: compute }, ['rule.costPerByte']],
    ['a cost that is the limit', { limit: 5, ttl: 1000, cost: 5 }, []],
    ['a cost above the limit', { limit: 5, ttl: 1000, cost: 5.5 }, ['rule.cost']],
    ['a cost of nothing', { limit: 5, ttl: 1000, cost: 0 }, ['rule.cost']],
    ['a cost of its bytes alone', { limit: 5, ttl: 1000, cost: 0, costPerByte: 1 }, []],
    ['a name that is a number', { limit: 5, ttl: 1000, name: 5 }, ['rule.name']],
    ['an option that is none', { limit: 5, ttl: 1000, burst: 5 }, ['rule.burst']],
  ])('DP-02 judges %s', (_, rule, wrong) => {
    expect(read(rule).wrong).toEqual(wrong);
  });

  it.each<[string, object, string[]]>([
    ['what counts one by one', { limit: 5, ttl: 1000 }, []],
    ['a cost', { limit: 5, ttl: 1000, cost: 2 }, ['rule.cost']],
    ['a cost of bytes', { limit: 5, ttl: 1000, costPerByte: 1 }, ['rule.costPerByte']],
    ['a cost of a connection', { limit: 5, ttl: 1000, cost: 2, by: 'connection' }, []],
    ['a computed limit of a principal', { limit: compute, ttl: 1000 }, []],
    ['a computed limit of an address', { limit: compute, ttl: 1000, by: 'address' }, ['rule.limit']],
    ['a computed limit of a tenant', { limit: compute, ttl: 1000, by: 'tenant' }, ['rule.limit']],
    ['a written limit of an address', { limit: 5, ttl: 1000, by: 'address' }, []],
  ])('DP-02 judges %s beside a storage', (_, rule, wrong) => {
    expect(read(rule, { hasStorage: true }).wrong).toEqual(wrong);
  });

  it('DP-02 warns of a limit that refuses nothing, and of a ttl that may be meant in seconds', () => {
    expect(read({ limit: 5, ttl: 60 }).warned).toEqual(['rule.ttl']);
    expect(read({ limit: 5, ttl: 1000, mode: 'report' }).warned).toEqual(['rule.mode']);
    expect(read({ limit: 5, ttl: 1000 }, { mode: 'report' }).warned).toEqual([]);
  });
});
