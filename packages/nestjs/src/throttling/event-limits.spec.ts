import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { createPrincipal } from '../core/principal.js';
import type { WsConnection } from '../core/ws-connection.js';
import { MemoryStore } from '../store/memory.store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { crashesOf, readerOf, settle } from '../../../../test/support/stub-pipeline.js';
import { throttleEvent } from './event-limits.js';
import { MessageLimits } from './message-limits.js';
import { MessageThrottles } from './message-throttles.js';
import { readEventThrottle } from './read-event-throttle.js';
import type { ThrottleFinding } from './throttle-finding.js';
import type { WsThrottleRule, WsThrottleValue } from './throttle-rule.js';
import { resolveThrottlingOptions } from './throttling.options.js';
import type { ThrottlerStorageLike } from './throttler-storage.js';

function start(
  rules: readonly WsThrottleRule[],
  { isShedding = false, storage }: { isShedding?: boolean; storage?: ThrottlerStorageLike } = {},
) {
  const clock = new FakeClock();
  const options = resolveThrottlingOptions(readerOf({}, 'throttling'));
  const throttles = new MessageThrottles(options, new MemoryStore(clock, { maxKeys: 1000 }), () => isShedding);
  const problems = new BootProblems();
  const read = rules.map((rule, index) =>
    readEventThrottle(new OptionReader(rule, 'x', problems), {
      ...{ handler: 'Gateway.send', counter: 'app', index, mode: 'enforce', hasStorage: storage !== undefined },
    }),
  );
  const reported: ThrottleFinding[] = [];
  let ids = 0;
  const open = (id = 'alice', address = '192.0.2.1', kind = 'jwt', tenant?: string) => {
    const issuer = 'https://id.example.com';
    const principal = createPrincipal({
      kind,
      issuer,
      id,
      authenticatedAt: 0,
      roles: [id],
      ...(tenant !== undefined && { tenant }),
    });
    const connection = { id: String(ids++), principal, address } as unknown as WsConnection;
    const limits = new MessageLimits(throttles, options, connection, (finding) => void reported.push(finding));
    const hit = (bytes = 1) => {
      const contextOf = () => ({ principal, connection, event: 'send', bytes });
      return throttleEvent({ rules: read, limits, clock, storage, contextOf }, clock.monotonic());
    };
    const waits = async (times: number, bytes?: number) => {
      const found: (number | undefined)[] = [];
      for (let i = 0; i < times; i++) found.push((await hit(bytes))?.waitMs);
      return found;
    };
    return { limits, hit, waits };
  };
  return { clock, throttles, problems: problems.problems, reported, open };
}

const NO = undefined;
const bad = (value: unknown): WsThrottleValue => (() => value) as WsThrottleValue;

describe('throttleEvent', () => {
  it.each<readonly [what: string, rules: readonly WsThrottleRule[], bytes: number, waits: readonly unknown[]]>([
    ['one each', [{ limit: 2, ttl: 1000 }], 1, [NO, NO, 1000]],
    ['a cost', [{ limit: 5, ttl: 1000, cost: 2 }], 1, [NO, NO, 1000]],
    ['a cost above the limit', [{ limit: 5, ttl: 1000, cost: () => 6 }], 1, [1000, 1000]],
    ['a cost of nothing', [{ limit: 1, ttl: 1000, cost: () => 0 }], 1, [NO, NO, NO]],
    ['bytes', [{ limit: 100, ttl: 1600, cost: 0, costPerByte: 1 }], 50, [NO, NO, 1700]],
    ['bytes in parts', [{ limit: 1, ttl: 1600, cost: 0, costPerByte: 0.01 }], 50, [NO, NO, 1700]],
    ['bytes beside messages', [{ limit: 100, ttl: 1600, cost: 50, costPerByte: 1 }], 50, [NO, 1700]],
    ['bytes beside a computed cost', [{ limit: 100, ttl: 1600, cost: () => 50, costPerByte: 1 }], 50, [NO, 1700]],
    [
      'bytes beside a promised cost',
      [{ limit: 100, ttl: 1600, cost: () => Promise.resolve(50), costPerByte: 1 }],
      ...([50, [NO, 1700]] as const),
    ],
    [
      'bytes under a promised limit',
      [{ limit: () => Promise.resolve(100), ttl: 1600, cost: 0, costPerByte: 1 }],
      ...([50, [NO, NO, 1700]] as const),
    ],
    ['a computed limit', [{ limit: ({ principal }) => principal.roles.length, ttl: 1600 }], 1, [NO, 1700]],
    ['a promised limit', [{ limit: () => Promise.resolve(1), ttl: 1600 }], 1, [NO, 1700]],
    ['a computed ttl', [{ limit: 1, ttl: () => 3200 }], 1, [NO, 3400]],
    ['a computed block', [{ limit: 1, ttl: 1000, blockDuration: () => 60_000 }], 1, [NO, 60_000, 60_000]],
    ['a computed cost', [{ limit: 100, ttl: 1600, cost: ({ bytes }) => bytes * 2 }], 50, [NO, 1700]],
    ['a limit of nothing', [{ limit: () => 0, ttl: 1000 }], 1, [1000]],
  ])('DR-05 DR-06 counts %s', async (_what, rules, bytes, waits) => {
    const { open, problems } = start(rules);
    expect(problems).toEqual([]);
    expect(await open().waits(waits.length, bytes)).toEqual(waits);
  });

  it.each<readonly [by: WsThrottleRule['by'], waits: readonly boolean[]]>([
    [undefined, [true, false, false]],
    ['principal', [true, false, false]],
    ['connection', [false, false, false]],
    ['address', [true, true, false]],
    ['tenant', [true, false, false]],
  ])('DR-05 counts together by %s: the same again, another one at the address, a stranger', async (by, refused) => {
    const { open } = start([{ limit: 1, ttl: 1000, ...(by !== undefined && { by }) }]);
    expect(await open().hit()).toBeUndefined();
    const others = [open(), open('bob'), open('carol', '192.0.2.9')];
    const found = await Promise.all(others.map(async ({ hit }) => hit()));
    expect(found.map((each) => each !== undefined)).toEqual(refused);
  });

  it.each<readonly [by: NonNullable<WsThrottleRule['by']>, reason: string]>([
    ['principal', 'event-throttle'],
    ['connection', 'event-throttle'],
    ['address', 'address-throttle'],
    ['tenant', 'tenant-throttle'],
  ])('DR-05 calls what refuses by its name, by %s', async (by, reason) => {
    const { hit } = start([{ limit: 1, ttl: 1000, by, name: 'burst' }]).open();
    await hit();
    expect(await hit()).toEqual({ reason, waitMs: 1000, option: 'Gateway.send @WsThrottle burst', isOfEvent: true });
  });

  const LONG = { limit: 2, ttl: 60_000, name: 'long' } as const;
  it.each<readonly [what: string, rules: readonly WsThrottleRule[]]>([
    ['another rule', [{ limit: 1, ttl: 1000 }, LONG]],
    ['another rule, in the other order', [LONG, { limit: 1, ttl: 1000 }]],
    [
      'a rule of the connection',
      [
        { limit: 1, ttl: 1000 },
        { ...LONG, by: 'connection' },
      ],
    ],
    [
      'a rule of the address',
      [
        { limit: 1, ttl: 1000, by: 'connection' },
        { ...LONG, by: 'address' },
      ],
    ],
    [
      'a computed rule',
      [
        { limit: 1, ttl: 1000 },
        { ...LONG, limit: () => 2 },
      ],
    ],
    [
      'a promised rule',
      [
        { limit: 1, ttl: 1000 },
        { ...LONG, limit: () => Promise.resolve(2) },
      ],
    ],
    ['a rule with a cost', [{ limit: 3, cost: 3, ttl: 1000 }, LONG]],
    [
      'a rule that reports',
      [
        { limit: 1, ttl: 1000 },
        { ...LONG, limit: 2, mode: 'report' },
      ],
    ],
  ])('F29 DR-05 what one rule refuses uses up nothing of %s', async (_what, rules) => {
    const { open, clock, reported } = start(rules);
    const { waits } = open();
    expect((await waits(20)).filter((wait) => wait === undefined)).toHaveLength(1);
    clock.advance(1100);
    expect((await waits(20)).filter((wait) => wait === undefined)).toHaveLength(1);
    clock.advance(1100);
    const third = (await waits(1))[0];
    expect(third !== undefined || reported.length === 1).toBe(true);
  });

  it.each<readonly [what: string, rule: Partial<WsThrottleRule>]>([
    ['a limit that is NaN', { limit: bad(NaN) }],
    ['a limit below 0', { limit: bad(-1) }],
    ['a limit of Infinity, as a division by zero makes it', { limit: bad(Infinity) }],
    ['a limit that is a text', { limit: bad('100') }],
    ['a limit that is nothing', { limit: bad(undefined) }],
    ['a limit that is null', { limit: bad(null) }],
    ['a limit that is a bigint', { limit: bad(5n) }],
    ['a promised limit that is NaN', { limit: bad(Promise.resolve(NaN)) }],
    ['a promised limit that is nothing', { limit: bad(Promise.resolve()) }],
    ['a limit that is rejected', { limit: () => Promise.reject(new Error('away')) }],
    [
      'a then() that throws',
      {
        limit: bad({
          get then() {
            throw new Error('trap');
          },
        }),
      },
    ],
    [
      'a limit that throws',
      {
        limit: () => {
          throw new Error('away');
        },
      },
    ],
    ['a ttl of 0', { ttl: bad(0) }],
    ['a ttl beyond what a timer takes', { ttl: bad(2 ** 31) }],
    ['a block below 0', { blockDuration: bad(-1) }],
    ['a cost below 0', { cost: bad(-5) }],
    ['a cost that is NaN', { cost: bad(NaN) }],
    [
      'two of which one is rejected and one throws',
      {
        limit: () => Promise.reject(new Error('away')),
        ttl: () => {
          throw new Error('too');
        },
      },
    ],
  ])('DR-05 refuses for %s, and the process lives', async (_what, rule) => {
    const { hit } = start([{ limit: 100, ttl: 1000, ...rule }]).open();
    const crashes = await crashesOf(async () => {
      await expect((async () => hit())()).rejects.toThrow(
        /Gateway\.send @WsThrottle default must be a finite number|trap/,
      );
    });
    expect(crashes).toEqual([]);
  });

  it('DR-05 DR-14 refuses where a promised value of one rule is rejected and another rule throws, and the process lives', async () => {
    const rejected = { limit: () => Promise.reject(new Error('away')), ttl: 1000 };
    const throwing = {
      limit: () => {
        throw new Error('too');
      },
      ttl: 1000,
    };
    const crashes = await crashesOf(async () => {
      for (const rules of [
        [rejected, throwing],
        [rejected, rejected, throwing],
      ]) {
        const { hit } = start(rules).open();
        await expect((async () => hit())()).rejects.toThrow('must be a finite number');
      }
    });
    expect(crashes).toEqual([]);
  });

  it('DR-05 DR-14 what reports is dropped where too much waits, and its rejection ends no process', async () => {
    let answer = (_: Error): void => undefined;
    const away = new Promise<number>((_resolve, reject) => (answer = reject));
    const { open } = start([{ limit: () => away, ttl: 1000, mode: 'report' }]);
    const crashes = await crashesOf(async () => {
      await open().waits(1100);
      answer(new Error('away'));
    });
    expect(crashes).toEqual([]);
  });

  it('DR-05 a limit that changes counts on: no change of plan begins anew', async () => {
    let limit = 3;
    const { waits } = start([{ limit: () => limit, ttl: 1600 }]).open();
    expect(await waits(4)).toEqual([NO, NO, NO, 1700]);
    limit = 5;
    expect(await waits(3)).toEqual([NO, NO, 1700]);
    limit = 2;
    expect(await waits(1)).toEqual([1700]);
  });

  it('DR-05 behind one address a limit that differs by who asks begins anew for nobody', async () => {
    const { open, clock } = start([
      { limit: ({ principal }) => (principal.id === 'pro' ? 6 : 3), ttl: 1600, by: 'address' },
    ]);
    const [pro, free] = [open('pro'), open('free')];
    let passed = 0;
    for (let i = 0; i < 20; i++) for (const { hit } of [pro, free]) if ((await hit()) === undefined) passed++;
    expect(passed).toBe(6);
    // And nobody's hits stay longer than they count.
    clock.advance(1800);
    expect(await free.waits(1)).toEqual([NO]);
  });

  it('DR-05 a window whose length changes counts on, however many lengths it takes', async () => {
    let ttl = 1000;
    const { waits } = start([{ limit: 5, ttl: () => ttl }]).open();
    let passed = 0;
    for (let i = 0; i < 200; i++) {
      ttl = 1000 + (i % 40);
      if ((await waits(1))[0] === undefined) passed++;
    }
    expect(passed).toBe(5);
  });

  it('DR-05 a rule that reports refuses nothing, whatever its function does, and reports it', async () => {
    const hangs = () => new Promise<number>(() => undefined);
    const rules: WsThrottleRule[] = [
      { limit: 1, ttl: 1000, mode: 'report', name: 'fixed' },
      { limit: bad(NaN), ttl: 1000, mode: 'report', name: 'nan' },
      { limit: () => Promise.reject(new Error('away')), ttl: 1000, mode: 'report', name: 'rejects' },
      { limit: () => Promise.resolve(1), ttl: 1000, mode: 'report', name: 'later' },
      { limit: hangs, ttl: 1000, mode: 'report', name: 'hangs' },
    ];
    const { open, reported } = start(rules);
    expect(await open().waits(2)).toEqual([NO, NO]);
    await settle();
    const names = reported.map(({ reason, option }) => `${reason} ${option.split(' ')[2] ?? ''}`).sort();
    expect(names).toEqual([
      'event-throttle fixed',
      'event-throttle later#3',
      'throttle-failed nan#1',
      'throttle-failed nan#1',
      'throttle-failed rejects#2',
      'throttle-failed rejects#2',
    ]);
  });

  it('DR-05 what reports and hangs does not pile up', async () => {
    let asked = 0;
    const limit = () => {
      asked++;
      return new Promise<number>(() => undefined);
    };
    const { open, reported } = start([{ limit, ttl: 1000, mode: 'report' }]);
    expect((await open().waits(1500)).every((wait) => wait === undefined)).toBe(true);
    await settle();
    expect(asked).toBe(1500);
    expect(reported.filter(({ reason }) => reason === 'throttle-failed')).toHaveLength(500);
  });

  it('DR-05 what reports and ends makes room, however many messages there are', async () => {
    const { open, reported } = start([{ limit: () => Promise.resolve(1200), ttl: 60_000, mode: 'report' }]);
    const { waits } = open();
    for (let i = 0; i < 3; i++) {
      await waits(500);
      await settle();
    }
    expect(new Set(reported.map(({ reason }) => reason))).toEqual(new Set(['event-throttle']));
  });

  it.each(['enforce', 'report'] as const)(
    'DR-05 DR-16 a connection that ended while a value was computed takes nothing, in the mode %s',
    async (mode) => {
      let answer = (_: number): void => undefined;
      const limit = () => new Promise<number>((resolve) => (answer = resolve));
      const { open, throttles } = start([{ limit, ttl: 1000, mode }]);
      const { hit, limits } = open();
      const later = hit();
      limits.release();
      answer(100);
      expect((await later) !== undefined).toBe(mode === 'enforce');
      await settle();
      expect(throttles.size).toBe(0);
    },
  );

  it('DR-05 a storage is not asked for what this node refuses, nor for who has gone: it cannot take back what it counts', async () => {
    const asked: string[] = [];
    const storage: ThrottlerStorageLike = {
      increment: (_key, _ttl, _limit, _block, name) => {
        asked.push(name);
        return Promise.resolve({ totalHits: 1, timeToExpire: 1, isBlocked: false, timeToBlockExpire: 0 });
      },
    };
    const rules = [
      { limit: 1, ttl: 1000, by: 'connection', name: 'own' },
      { limit: 9, ttl: 60_000, name: 'shared' },
    ] as const;
    const { hit, limits, waits } = start(rules, { storage }).open();
    expect(await waits(3)).toEqual([NO, 1000, 1000]);
    expect(asked).toEqual(['shared']);
    limits.release();
    expect(await hit()).toBeDefined();
    const { limits: gone, hit: late } = start([rules[1]], { storage }).open();
    gone.release();
    expect(await late()).toBeDefined();
    expect(asked).toEqual(['shared']);
  });

  it('DR-18 an anonymous client sends half as many of an event while the process sheds, and no limit blocks it for that', async () => {
    const rule = { limit: 4, ttl: 1000, blockDuration: 60_000 };
    const { hit } = start([rule], { isShedding: true }).open('guest', '192.0.2.1', 'anonymous');
    expect([hit(), hit()]).toEqual([undefined, undefined]);
    expect(hit()).toMatchObject({ reason: 'shedding', waitMs: 1000 });
    const { waits } = start([rule], { isShedding: true }).open();
    expect(await waits(5)).toEqual([NO, NO, NO, NO, 60_000]);
  });

  it('DR-18 leaves alone what strangers share: nobody is refused for what others have sent', async () => {
    for (const by of ['address', 'tenant'] as const) {
      const { open } = start([{ limit: 4, ttl: 1000, by }], { isShedding: true });
      await open('alice').waits(3);
      expect(await open('guest', '192.0.2.1', 'anonymous').waits(1)).toEqual([NO]);
    }
  });

  it.each(['address', 'tenant'] as const)(
    'DR-05 no message of one blocks others of an %s who have room',
    async (by) => {
      const hour = { ttl: 1000, by, blockDuration: 3_600_000 };
      // One message that would find no room in an empty window blocks nobody.
      const bytes = start([{ ...hour, limit: 100, cost: 0, costPerByte: 1 }]);
      const inTenant = (id: string) => bytes.open(id, '192.0.2.1', 'jwt', 'acme');
      expect(await inTenant('mallory').waits(1, 101)).toEqual([1000]);
      expect(await inTenant('bob').waits(2, 60)).toEqual([NO, 3_600_000]);
      // A limit that is used up blocks those whose it is, and not those who have a higher one.
      const plans: Record<string, number> = { guest: 0, free: 1, pro: 3 };
      const planned = start([{ ...hour, limit: ({ principal }) => plans[principal.id] ?? NaN }]);
      const [guest, free, pro] = ['guest', 'free', 'pro'].map((id) => planned.open(id, '192.0.2.1', 'jwt', 'acme'));
      expect(await guest?.waits(1)).toEqual([1000]);
      expect(await free?.waits(2)).toEqual([NO, 3_600_000]);
      expect(await pro?.waits(3)).toEqual([NO, NO, 3_600_000]);
      expect(await free?.waits(1)).toEqual([3_600_000]);
      expect(await guest?.waits(1)).toEqual([3_600_000]);
    },
  );

  it('DR-05 a block outlives its connection, whatever has begun it', async () => {
    const { open, throttles, clock } = start([
      { limit: 100, ttl: 1000, cost: 0, costPerByte: 1, blockDuration: 3_600_000 },
    ]);
    const first = open();
    expect(await first.waits(1, 101)).toEqual([3_600_000]);
    first.limits.release();
    clock.advance(1_800_000);
    throttles.sweep(clock.monotonic());
    expect(await open().waits(1)).toEqual([1_800_000]);
  });

  it('DP-02 a computed limit of strangers stops the boot where a storage blocks them together', () => {
    const storage = { increment: () => Promise.reject(new Error('unused')) };
    const limit = () => 1;
    const rules: WsThrottleRule[] = [
      { limit, ttl: 1000, by: 'address' },
      { limit, ttl: 1000, by: 'tenant' },
      { limit, ttl: 1000 },
      { limit, ttl: 1000, by: 'connection' },
    ];
    expect(start(rules, { storage }).problems.map(({ where }) => where)).toEqual(['x.limit', 'x.limit']);
  });

  it('DR-05 DP-02 a rule that lets nothing through, or limits nothing, stops the boot', () => {
    const { problems } = start([
      { limit: 5, ttl: 1000, cost: 6 },
      { limit: 5, ttl: 1000, cost: 0 },
      { limit: 5, ttl: 1000, cost: 5 },
      { limit: 5, ttl: 1000, cost: 0, costPerByte: 0.5 },
      { limit: () => 5, ttl: 1000, cost: 6 },
      { limit: 5, ttl: 1000, cost: () => 6 },
    ]);
    expect(problems.map(({ where, problem }) => `${where} ${problem}`)).toEqual([
      'x.cost is 6, and the limit only 5: no message ever passes.',
      'x.cost is 0, and so is costPerByte: it limits nothing.',
    ]);
  });

  it('DP-02 a cost stops the boot where a storage counts, unless the connection alone does', () => {
    const storage = { increment: () => Promise.reject(new Error('unused')) };
    const rules: WsThrottleRule[] = [
      { limit: 2, ttl: 1000, cost: 2 },
      { limit: 1, ttl: 1000, costPerByte: 2 },
      { limit: 1, ttl: 1000, cost: () => 1 },
      { limit: 2, ttl: 1000, cost: 2, by: 'connection' },
    ];
    expect(start(rules, { storage }).problems.map(({ where }) => where)).toEqual(['x.cost', 'x.costPerByte', 'x.cost']);
  });
});
