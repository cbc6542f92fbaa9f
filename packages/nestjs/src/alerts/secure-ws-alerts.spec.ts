import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Alert,
  MINUTE,
  opened,
  refused,
  threshold,
  watchAlerts,
} from '../../../../test/support/watched-alerts.js';
import type { SecurityEventData } from '../events/security-event.js';
import { FakeClock } from '../testing/fake-clock.js';
import type { AlertRule } from './alert-rule.js';

describe('SecureWsAlerts', () => {
  let clock = new FakeClock();
  const told: Alert[] = [];
  const kinds = () => told.map(({ type }) => type.slice('ws.alert.'.length));

  beforeEach(() => {
    clock = new FakeClock();
    told.length = 0;
  });

  const start = (rules: readonly AlertRule[] | undefined, more: object = {}) => watchAlerts(rules, more, clock, told);

  it('MO-03 raises an alert at the limit and not before, once, and ends it after a quiet while', () => {
    const { pass, see } = start([threshold]);
    see(refused(), 4);
    expect(told).toEqual([]);
    see(refused(), 50);
    expect(told).toMatchObject([
      { type: 'ws.alert.raised', rule: 'refusals', kind: 'threshold', severity: 'warning', by: 'overall', value: 5 },
    ]);
    expect(told).toMatchObject([{ limit: 5, windowMs: MINUTE }]);

    pass(3 * MINUTE);
    expect(told).toHaveLength(1);
    pass(MINUTE);
    expect(kinds()).toEqual(['raised', 'ended']);
    expect(told[1]).toMatchObject({ alertId: told[0]?.alertId, peak: 54 });
    expect(told[1]).toMatchObject({ durationMs: expect.closeTo(3 * MINUTE, -4.1) as number });

    see(refused(), 5);
    expect(kinds()).toEqual(['raised', 'ended', 'raised']);
    expect(told[2]?.alertId).not.toBe(told[0]?.alertId);
  });

  it('MO-03 tells of a source that comes and goes around its limit once an episode, not each time', () => {
    const { pass, see } = start([threshold]);
    for (let minute = 0; minute < 60; minute++) {
      see(refused(), minute % 2 === 0 ? 6 : 3);
      pass(MINUTE);
    }

    expect(kinds()).toEqual(['raised']);
  });

  it('forgets what is out of the window: four a minute are never five', () => {
    const { pass, see } = start([threshold]);
    for (let minute = 0; minute < 60; minute++) {
      see(refused(), 4);
      pass(65_000);
    }

    expect(told).toEqual([]);
  });

  it.each([
    ['address', { address: '192.0.2.7' }, { address: '192.0.2.8' }],
    ['network', { network: '192.0.2.0' }, { address: '192.0.3.7' }],
  ] as const)('counts by %s', (by, subject, other) => {
    const { see } = start([{ ...threshold, by }]);
    see(refused(), 4);
    see(refused(other), 4);
    expect(told).toEqual([]);
    see(refused());

    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ by, ...subject });
  });

  it('counts an IPv6 address by its /64 and IPv4 written as IPv6 as IPv4, and what is no address not at all', () => {
    const { see } = start([{ ...threshold, by: 'address' }]);
    for (let i = 0; i < 5; i++) see(refused({ address: `2001:db8:0:1::${i}` }));
    for (const address of ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201', '192.0.2.1', '192.0.2.1']) {
      see(refused({ address }));
    }
    see(refused({ address: '' }), 50);
    const networks = start([{ ...threshold, by: 'network' }]);
    networks.see(refused({ address: '' }), 50);

    expect(told).toMatchObject([{ address: '2001:db8:0:1::' }, { address: '192.0.2.1' }]);
  });

  it('counts only events with a reason, a failure and a name that the rule lists', () => {
    const { see } = start([
      { ...threshold, name: 'reason', reasons: ['origin-not-allowed'] },
      { ...threshold, name: 'failure', failures: ['bad-signature'] },
      { ...threshold, name: 'owasp', owasp: ['malicious_cors'] },
      {
        ...threshold,
        name: 'all',
        reasons: ['unauthenticated'],
        failures: ['bad-audience'],
        owasp: ['authn_login_fail'],
      },
    ]);
    see(refused(), 5);
    expect(told.map(({ rule }) => rule)).toEqual(['failure']);
    see(refused({ reason: 'origin-not-allowed', failure: undefined }), 5);
    expect(told.map(({ rule }) => rule)).toEqual(['failure', 'reason', 'owasp']);
    see(refused({ failure: 'bad-audience' }), 5);
    expect(told.map(({ rule }) => rule)).toEqual(['failure', 'reason', 'owasp', 'all']);
  });

  it('MO-03 tells of twenty addresses by themselves and of all others by their number: a botnet sends no flood', () => {
    const { alerts, pass, see } = start([{ ...threshold, by: 'address' }]);
    for (let i = 0; i < 3000; i++) see(refused({ address: `10.1.${i >> 8}.${i & 255}` }), 6);
    pass(1000);

    expect(told).toHaveLength(21);
    expect(told.slice(0, 20).map((alert) => alert.address)).toContain('10.1.0.0');
    expect(told[20]).toMatchObject({ type: 'ws.alert.raised', by: 'overall', further: 2980 });
    expect(told[20]).not.toHaveProperty('address');
    expect(alerts.active).toHaveLength(21);

    pass(5 * MINUTE);
    expect(told).toHaveLength(42);
    expect(told.filter(({ type }) => type === 'ws.alert.ended')).toHaveLength(21);
    expect(alerts.active).toEqual([]);
  });

  it('MO-03 finds the one guesser among a million addresses, and holds no more keys than it may', () => {
    const { see } = start([{ ...threshold, by: 'address', limit: 50 }], { maxKeys: 1000 });
    for (let i = 0; i < 100_000; i++) {
      see(refused({ address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` }));
      if (i % 100 === 0) see(refused({ address: '203.0.113.9' }));
    }

    expect(told).toMatchObject([{ address: '203.0.113.9', value: 50 }]);
  });

  describe('a spike', () => {
    const spike = {
      ...{
        name: 'spike',
        kind: 'spike',
        events: ['ws.connection.opened'],
        windowMs: MINUTE,
        factor: 4,
        minEvents: 100,
      },
      quietMs: MINUTE,
    } as const satisfies AlertRule;
    const minutes = (
      see: (data: SecurityEventData, n: number) => void,
      pass: (ms: number) => void,
      counts: number[],
    ) => {
      for (const count of counts) {
        for (let second = 0; second < 60; second++) {
          see(opened(), Math.floor((count * (second + 1)) / 60) - Math.floor((count * second) / 60));
          pass(1000);
        }
      }
    };

    it('MO-03 is more than factor times what is usual', () => {
      const { pass, see } = start([spike]);
      minutes(see, pass, Array<number>(30).fill(60));
      minutes(see, pass, [200]);
      expect(told).toEqual([]);
      minutes(see, pass, [400]);
      expect(told).toMatchObject([{ type: 'ws.alert.raised', limit: 296 }]);
    });

    it('is no spike below minEvents, however calm it was, and so at night', () => {
      const { pass, see } = start([spike]);
      minutes(see, pass, [...Array<number>(30).fill(0), 90, 0, 90]);
      expect(told).toEqual([]);
      see(opened(), 101);
      expect(kinds()).toEqual(['raised']);
    });

    it('is found right after the boot too, where nothing is known of what is usual', () => {
      const { see } = start([spike]);
      see(opened(), 399);
      expect(told).toEqual([]);
      see(opened());
      expect(kinds()).toEqual(['raised']);
    });

    it('does not become what is usual while it lasts, and lasting growth does after a while', () => {
      const { pass, see } = start([spike]);
      minutes(see, pass, Array<number>(30).fill(60));
      minutes(see, pass, [5000, 60, 60, 60, 60]);
      expect(kinds()).toEqual(['raised', 'ended']);
      minutes(see, pass, [700]);
      expect(kinds()).toEqual(['raised', 'ended', 'raised']);
      minutes(see, pass, Array<number>(40).fill(700));
      expect(kinds()).toEqual(['raised', 'ended', 'raised', 'ended']);
    });

    it('MO-03 learns from a calm night that it was calm', () => {
      const { pass, see } = start([spike]);
      minutes(see, pass, Array<number>(30).fill(95));
      pass(60 * MINUTE);
      see(opened(), 101);
      expect(kinds()).toEqual(['raised']);
    });

    it('MO-03 still knows what was usual after a long pause of the process', () => {
      const { alerts, pass, see } = start([spike]);
      minutes(see, pass, Array<number>(30).fill(300));
      clock.advance(1000 * MINUTE);
      alerts.tick(clock.monotonic());
      see(opened(), 300);
      expect(told).toEqual([]);
    });

    it('learns nothing from a pause of the process but that there was one', () => {
      const { alerts, see } = start([spike]);
      clock.advance(365 * 24 * 60 * MINUTE);
      alerts.tick(clock.monotonic());
      see(opened(), 101);

      expect(kinds()).toEqual(['raised']);
    });
  });

  it('MO-03 raises an alert at a share of other events, not before there are enough of them', () => {
    const { see } = start([
      {
        ...{
          name: 'share',
          kind: 'ratio',
          events: ['ws.handshake.refused'],
          limit: 0.5,
          minEvents: 20,
          windowMs: MINUTE,
        },
        of: ['ws.handshake.refused', 'ws.connection.opened'],
      },
    ]);
    see(refused(), 10);
    see(opened(), 11);
    expect(told).toEqual([]);
    see(refused());

    expect(told).toMatchObject([{ kind: 'ratio', value: 0.5, limit: 0.5 }]);
  });

  it('MO-03 misses what has come before and comes no more, until it comes again', () => {
    const { pass, see } = start([
      { name: 'silence', kind: 'absence', events: ['ws.connection.opened'], windowMs: 10 * MINUTE, quietMs: MINUTE },
    ]);
    pass(60 * MINUTE);
    expect(told).toEqual([]);
    for (let i = 0; i < 5; i++) {
      see(opened());
      pass(9 * MINUTE);
    }
    expect(told).toEqual([]);
    pass(2 * MINUTE);
    expect(told).toMatchObject([{ kind: 'absence', value: 10 * MINUTE, limit: 10 * MINUTE }]);
    pass(30 * MINUTE);
    expect(told).toHaveLength(1);
    see(opened());
    pass(2 * MINUTE);
    expect(kinds()).toEqual(['raised', 'ended']);
  });

  it('MO-03 misses those that the rule names, whatever else comes', () => {
    const rule = { name: 'no-scan', kind: 'absence', events: ['ws.handshake.refused'], windowMs: MINUTE } as const;
    const { pass, see } = start([{ ...rule, reasons: ['origin-not-allowed'] }]);
    see(refused({ reason: 'origin-not-allowed', failure: undefined }));
    for (let i = 0; i < 4; i++) {
      see(refused());
      pass(MINUTE / 2);
    }
    expect(kinds()).toEqual(['raised']);
  });

  describe('what is seen for the first time', () => {
    const rule = { name: 'new', kind: 'first-seen', events: ['ws.handshake.refused'], learnMs: MINUTE } as const;

    it('MO-03 is news after a while of learning, once', () => {
      const { pass, see } = start([{ ...rule, value: 'reason' }]);
      see(refused());
      expect(told).toEqual([]);
      pass(MINUTE);
      see(refused());
      expect(told).toEqual([]);
      see(refused({ reason: 'bad-key' }), 3);

      expect(told).toMatchObject([{ kind: 'first-seen', seen: 'bad-key', value: 1, limit: 1 }]);
      pass(10 * MINUTE);
      see(refused({ reason: 'bad-key' }));
      expect(kinds()).toEqual(['raised', 'ended']);
    });

    it('MO-03 grows nothing where clients make it up, and never makes news of what is known', () => {
      const { alerts, pass, see } = start([{ ...rule, value: 'origin' }], { maxKeys: 100 });
      see(refused({ origin: 'https://app.example' }));
      pass(MINUTE);
      for (let i = 0; i < 10_000; i++) see(refused({ origin: `https://evil-${i}.example` }));
      pass(1000);
      see(refused({ origin: 'https://app.example' }));

      expect(told).toHaveLength(21);
      expect(told[20]).toMatchObject({ further: 9980 });
      // Values are counted, and not the events that have them.
      for (let i = 0; i < 5; i++) see(refused({ origin: 'https://evil-9999.example' }));
      pass(1000);
      expect(alerts.active.at(-1)).toMatchObject({ by: 'overall', peak: 9980 });
      see(refused({ origin: 'https://evil-10000.example' }), 500);
      pass(1000);
      expect(alerts.active.at(-1)).toMatchObject({ by: 'overall', peak: 9981 });
    });

    it('MO-03 gives a value an alert of its own that found no room for one, once there is some', () => {
      const { alerts, pass, see } = start([{ ...rule, value: 'origin', quietMs: 1000 }], { maxKeys: 100 });
      for (let i = 0; i < 100; i++) see(refused({ origin: `https://known-${i}.example` }));
      pass(MINUTE);
      for (let i = 0; i < 21; i++) see(refused({ origin: `https://evil-${i}.example` }), 3);
      pass(1000);
      expect(told.at(-1)).toMatchObject({ further: 1 });
      pass(MINUTE);
      expect(alerts.active).toEqual([]);
      see(refused({ origin: 'https://evil-20.example' }), 3);

      expect(alerts.active).toMatchObject([{ seen: 'https://evil-20.example' }]);
    });

    it('MO-03 is told once where there is no room to remember it, however often it comes', () => {
      const { pass, see } = start([{ ...rule, value: 'origin' }], { maxKeys: 100 });
      for (let i = 0; i < 100; i++) see(refused({ origin: `https://evil-${i}.example` }));
      pass(MINUTE);
      see(refused({ origin: 'https://evil.example' }), 500);
      expect(told).toMatchObject([{ seen: 'https://evil.example', value: 1 }]);
      // It is under way for as long as it comes, and ends as any other.
      for (let i = 0; i < 20; i++) {
        see(refused({ origin: 'https://evil.example' }));
        pass(MINUTE / 2);
      }
      expect(kinds()).toEqual(['raised']);
      pass(10 * MINUTE);
      expect(kinds()).toEqual(['raised', 'ended']);
    });

    it('may be a network', () => {
      const { pass, see } = start([{ ...rule, value: 'network' }]);
      see(refused());
      pass(MINUTE);
      see(refused({ address: '192.0.2.99' }));
      expect(told).toEqual([]);
      see(refused({ address: '2001:db8:7:1::1' }));

      expect(told).toMatchObject([{ by: 'network', network: '2001:db8:7::' }]);
    });
  });

  it('MO-03 finds a principal in many networks, and no other, however often it comes', () => {
    const { pass, see } = start([
      { name: 'many', kind: 'many-networks', events: ['ws.connection.opened'], limit: 4, windowMs: 10 * MINUTE },
    ]);
    for (let i = 0; i < 200; i++) {
      see(opened({ principal: 'bob', address: `192.0.${i % 3}.${i}` }));
      see(opened({ principal: `user-${i}`, address: `198.51.${i}.1` }));
    }
    for (let i = 0; i < 30; i++) {
      see(opened({ principal: 'carol', address: `203.0.${i}.1` }));
      pass(4 * MINUTE);
    }
    expect(told).toEqual([]);
    for (let i = 0; i < 4; i++) see(opened({ principal: 'mallory', address: `203.0.${i}.1` }));

    expect(told).toMatchObject([{ by: 'principal', principal: 'mallory', value: 4 }]);
  });

  it('MO-03 takes nobody for many who comes from home over and over, and from elsewhere now and then', () => {
    const { pass, see } = start([
      { name: 'many', kind: 'many-networks', events: ['ws.connection.opened'], limit: 4, windowMs: 10 * MINUTE },
    ]);
    for (let minute = 0; minute < 180; minute++) {
      see(opened({ principal: 'dora', address: '192.0.2.1' }));
      if (minute % 6 === 0) see(opened({ principal: 'dora', address: `203.0.${minute}.1` }));
      pass(MINUTE);
    }

    expect(told).toEqual([]);
  });

  it('MO-03 counts the networks of those events only that the rule names', () => {
    const rule = { name: 'many', kind: 'many-networks', events: ['ws.handshake.refused'], windowMs: MINUTE } as const;
    const { see } = start([{ ...rule, limit: 2, reasons: ['principal-rate'] }]);
    const come = (changes: object): void => {
      for (let i = 0; i < 4; i++) see(refused({ principal: 'mallory', address: `203.0.${i}.1`, ...changes }));
    };
    come({});
    expect(told).toEqual([]);
    come({ reason: 'principal-rate', failure: undefined });
    expect(told).toMatchObject([{ principal: 'mallory', value: 2 }]);
  });

  it('MO-03 remembers no more networks of a principal than a rule may ask for', () => {
    const { alerts, see } = start([
      { name: 'many', kind: 'many-networks', events: ['ws.connection.opened'], limit: 64, windowMs: 10 * MINUTE },
    ]);
    for (let i = 0; i < 1000; i++) see(opened({ principal: 'mallory', address: `10.${i >> 8}.${i & 255}.1` }));

    expect(alerts.active).toMatchObject([{ principal: 'mallory', peak: 64 }]);
  });

  it('MO-03 says what is under way', () => {
    const { alerts, see } = start([threshold]);
    expect(alerts.active).toEqual([]);
    see(refused(), 7);

    expect(alerts.active).toEqual([
      {
        ...{ alertId: told[0]?.alertId, rule: 'refusals', kind: 'threshold', severity: 'warning', by: 'overall' },
        ...{ since: '2026-01-01T00:00:00.000Z', limit: 5, peak: 7 },
      },
    ]);
  });

  it('MO-03 raises nothing on a quiet day, by the shipped rules', () => {
    const { pass, see } = start(undefined);
    const random = randomFrom(20_261_127);
    const pick = (n: number): number => Math.floor(random() * n);
    const homeOf = (user: number): string => `198.${51 + (user % 40)}.${user % 250}.${1 + (user % 200)}`;
    const userOf = (): number => pick(3000);
    const facts = (user: number, address = homeOf(user)) => ({ principal: `user-${user}`, address });
    const message = (user: number, changes: object): SecurityEventData =>
      ({ ...opened(facts(user)), type: 'ws.message.refused', correlationId: 'c', ...changes }) as SecurityEventData;

    // The boot: everybody comes back within two minutes.
    for (let second = 0; second < 120; second++) {
      for (let i = 0; i < 8; i++) see(opened(facts(userOf())));
      pass(1000);
    }
    let seen = 960;
    for (let second = 120; second < 86_400; second++) {
      const hour = second / 3600;
      // Twenty times as many by day as by night; people come to work within half an hour.
      const perMinute = hour < 7 || hour > 22 ? 5 : hour < 9 ? 40 : 100;
      if (random() < perMinute / 60) {
        const user = userOf();
        // Some are on their way, and change between two or three networks.
        const address = user % 10 === 0 && random() < 0.3 ? `100.64.${user % 3}.${pick(250)}` : homeOf(user);
        see(opened(facts(user, address)));
        seen++;
      }
      // Expired log-ins in a loop, a wrong token now and then, a foreign page, a scanner.
      if (random() < 0.05) see(refused({ failure: 'expired', address: homeOf(userOf()) }));
      if (random() < 0.02) see(refused({ failure: 'missing', address: homeOf(userOf()) }));
      if (random() < 0.002) see(refused({ address: homeOf(userOf()) }));
      if (random() < 0.002)
        see(refused({ reason: 'origin-not-allowed', failure: undefined, address: `45.9.${pick(250)}.1` }));
      if (random() < 0.01) see(message(userOf(), { code: 'FORBIDDEN', reason: 'policy' }));
      if (random() < 0.03) see(message(userOf(), { code: 'VALIDATION_FAILED', reason: 'payload' }));
      if (random() < 0.001) see(refused({ failure: 'spent', address: homeOf(userOf()) }));
      pass(1000);
    }

    expect(seen).toBeGreaterThan(50_000);
    expect(told).toEqual([]);
  });
});

/** A generator that gives the same day each time (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
