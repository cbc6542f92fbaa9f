import 'reflect-metadata';
import { WebSocketGateway } from '@nestjs/websockets';
import { SkipThrottle, Throttle } from '@nestjs/throttler';
import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { readHandlerThrottles } from './handler-throttles.js';
import { WsThrottle } from './ws-throttle.decorator.js';

type Decorator = ClassDecorator & MethodDecorator;

const ws = (limit: number, name?: string): Decorator =>
  WsThrottle({ limit, ttl: 1000, ...(name !== undefined && { name }) });
const nest = (limit: number, name = 'default'): Decorator => Throttle({ [name]: { limit, ttl: 1000 } });
const skip = (names?: Record<string, boolean>): Decorator => SkipThrottle(names);

/** Reads what holds for a method with some decorators, on a class with others. */
function read(onClass: readonly Decorator[], onMethod: readonly Decorator[], events: readonly unknown[] = []) {
  class Gateway {
    send(): void {}
  }
  const descriptor = Object.getOwnPropertyDescriptor(Gateway.prototype, 'send') as TypedPropertyDescriptor<never>;
  for (const decorate of onMethod) decorate(Gateway.prototype, 'send', descriptor);
  for (const decorate of [WebSocketGateway(), ...onClass]) decorate(Gateway);
  const problems = new BootProblems();
  const { send } = Gateway.prototype;
  const settings = { events, mode: 'enforce', storage: undefined } as const;
  const handler = { label: 'Gateway.send', counter: 'app' };
  const rules = readHandlerThrottles(send, Gateway, handler, settings, problems);
  readHandlerThrottles(send, Gateway, handler, settings, problems);
  return {
    limits: rules.map(({ name, limit }) => [name, limit]),
    problems: problems.problems.map(({ where, problem }) => `${where} ${problem}`),
    warnings: problems.warnings.map(({ where, warning }) => `${where} ${warning}`),
  };
}

describe('readHandlerThrottles', () => {
  it.each<readonly [what: string, onClass: readonly Decorator[], onMethod: readonly Decorator[], limits: unknown]>([
    ['nothing', [], [], []],
    ['@WsThrottle of the class', [ws(1)], [], [['default', 1]]],
    ['@WsThrottle of the method, in place of that of the class', [ws(1)], [ws(2)], [['default', 2]]],
    ['@WsThrottle of the method, in place of @Throttle of the class', [nest(1)], [ws(2, 'own')], [['own', 2]]],
    ['@Throttle of the method, in place of @WsThrottle of the class', [ws(1, 'own')], [nest(2)], [['default', 2]]],
    [
      '@Throttle name by name',
      [nest(1), nest(5, 'long')],
      [nest(2)],
      [
        ['default', 2],
        ['long', 5],
      ],
    ],
    ['@WsThrottle of the method under @SkipThrottle of the class', [skip()], [ws(2)], [['default', 2]]],
    ['@Throttle of the method under @SkipThrottle of the class', [skip()], [nest(2)], [['default', 2]]],
    ['nothing under @SkipThrottle of the class', [skip()], [], []],
    ['nothing where the method skips what its class says', [nest(1)], [skip()], []],
    ['nothing where the method skips @WsThrottle of its class', [ws(1)], [skip()], []],
    ['what a method does not skip', [ws(1, 'long')], [skip({ short: true })], [['long', 1]]],
    ['what a method wants back', [nest(3), skip({ other: true })], [skip({ other: false })], [['default', 3]]],
    ['what stands beside the skip of another name', [nest(3), skip({ other: true })], [], [['default', 3]]],
    // prettier-ignore
  ])('F07 takes %s', (_what, onClass, onMethod, limits) => {
    expect(read(onClass, onMethod)).toMatchObject({ limits, problems: [] });
  });

  it.each<readonly [what: string, onClass: readonly Decorator[], onMethod: readonly Decorator[], problem: RegExp]>([
    [
      '@WsThrottle and @SkipThrottle on a method',
      [],
      [ws(1), skip()],
      /^Gateway\.send has @WsThrottle and @SkipThrottle,/,
    ],
    ['@WsThrottle and @SkipThrottle on a class', [ws(1), skip()], [], /^Gateway has @WsThrottle and @SkipThrottle,/],
    ['the same where the skip names another', [ws(1), skip({ other: true })], [], /^Gateway has @WsThrottle and @Skip/],
    ['@WsThrottle and @Throttle on a method', [], [ws(1), nest(1)], /^Gateway\.send has @WsThrottle and @Throttle,/],
    ['@WsThrottle and @Throttle on a class', [ws(1), nest(1)], [ws(2)], /^Gateway has @WsThrottle and @Throttle,/],
    ['@Throttle and @SkipThrottle of a name', [nest(1), skip()], [], /^Gateway has @Throttle and @SkipThrottle for "def/],
    // prettier-ignore
  ])('F07 DP-02 stops the boot, once, for %s', (_what, onClass, onMethod, problem) => {
    const { problems } = read(onClass, onMethod);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  it('F07 DP-02 warns, once, of a skip for a name that no rule has', () => {
    expect(read([ws(1)], [skip({ nope: true, other: false })]).warnings).toEqual([
      'Gateway.send has @SkipThrottle({ nope: true }), and no rule has that name here: it skips nothing.',
    ]);
    expect(read([skip({ short: true })], [], [SHORT]).warnings).toEqual([]);
    expect(read([skip()], []).warnings).toEqual([]);
  });

  const SHORT = { limit: 7, ttl: 1000, name: 'short' };
  const GENERAL = [{ limit: 9, ttl: 1000 }, SHORT];
  it.each<readonly [what: string, onClass: readonly Decorator[], onMethod: readonly Decorator[], limits: unknown]>([
    [
      'where there is nothing',
      [],
      [],
      [
        ['default', 9],
        ['short', 7],
      ],
    ],
    [
      'beside a rule of another name',
      [],
      [ws(1, 'own')],
      [
        ['own', 1],
        ['default', 9],
        ['short', 7],
      ],
    ],
    [
      'but for a name of the method',
      [],
      [ws(1)],
      [
        ['default', 1],
        ['short', 7],
      ],
    ],
    [
      'but for a name of the class',
      [ws(1)],
      [],
      [
        ['default', 1],
        ['short', 7],
      ],
    ],
    [
      'but for a name of @Throttle',
      [nest(1)],
      [nest(2, 'short')],
      [
        ['short', 2],
        ['default', 1],
      ],
    ],
    ['but for what the method skips', [], [skip({ short: true })], [['default', 9]]],
    ['but for what the class skips', [skip({ short: true })], [], [['default', 9]]],
    [
      'also those that the method wants back',
      [skip({ short: true })],
      [skip({ short: false })],
      [
        ['default', 9],
        ['short', 7],
      ],
    ],
    ['but for what is skipped beside @WsThrottle', [], [ws(1), skip({ short: true })], [['default', 1]]],
    ['but for all of them', [skip({ default: true, short: true })], [], []],
    // prettier-ignore
  ])('DR-05 takes the rules of throttling.events %s', (_what, onClass, onMethod, limits) => {
    expect(read(onClass, onMethod, GENERAL)).toMatchObject({ limits, problems: [] });
  });

  it('DP-02 says once what is wrong with a rule of the options', () => {
    const { problems } = read([], [], [{ limit: 0, ttl: 1000 }, { limit: 1, ttl: 1000, by: 'ip' }, 5]);
    expect(problems.map((problem) => problem.slice(0, 60))).toEqual([
      expect.stringContaining('throttling.events[0].limit'),
      expect.stringContaining('throttling.events[1].by'),
      expect.stringContaining('throttling.events[2]'),
      expect.stringContaining('throttling.events[2].limit'),
      expect.stringContaining('throttling.events[2].ttl'),
    ]);
  });

  it('DP-02 stops the boot for a @Throttle whose limit is a function, and says what to write', () => {
    const computed = Throttle({ default: { limit: () => 1, ttl: 1000 } });
    const { problems } = read([], [computed]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^Gateway\.send has a @Throttle whose limit \("default"\) is a function/);
  });
});
