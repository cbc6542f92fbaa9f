import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Alert,
  MINUTE,
  opened,
  refused,
  threshold,
  watchAlerts,
} from '../../../../test/support/watched-alerts.js';
import { FakeClock } from '../testing/fake-clock.js';
import type { AlertRule } from './alert-rule.js';

describe('RaisedAlerts', () => {
  let clock = new FakeClock();
  const told: Alert[] = [];
  const kinds = () => told.map(({ type }) => type.slice('ws.alert.'.length));

  beforeEach(() => {
    clock = new FakeClock();
    told.length = 0;
  });

  const start = (rules: readonly AlertRule[], more: object = {}) => watchAlerts(rules, more, clock, told);

  describe.each([
    {
      rule: { ...threshold, by: 'address' },
      /** What brings one over the limit. */
      reach: (who: number) => Array.from({ length: 5 }, () => refused({ address: `10.0.${who >> 8}.${who & 255}` })),
      /** One more of somebody who is over it. */
      more: (who: number) => refused({ address: `10.0.${who >> 8}.${who & 255}` }),
    },
    {
      rule: {
        name: 'many',
        kind: 'many-networks',
        events: ['ws.connection.opened'],
        limit: 4,
        windowMs: MINUTE,
        quietMs: 2 * MINUTE,
      },
      reach: (who: number) =>
        Array.from({ length: 4 }, (_, i) => opened({ principal: `user-${who}`, address: `203.0.${i}.1` })),
      more: (who: number) => opened({ principal: `user-${who}`, address: '203.0.0.1' }),
    },
  ] as const)('a crowd, of $rule.kind', ({ rule, reach, more }) => {
    const crowds = () => told.filter(({ by }) => by === 'overall');
    const begin = (options: object = {}) => {
      const { see, ...started } = start([rule], options);
      const hit = (from: number, to: number): void => {
        for (let who = from; who < to; who++) for (const data of reach(who)) see(data);
      };
      return { ...started, see, hit };
    };

    it('MO-03 is one alert until it is quiet, with each of it counted once, and then begins with nobody', () => {
      const { alerts, pass, hit, see } = begin();
      hit(0, 30);
      for (let who = 0; who < 30; who++) see(more(who));
      pass(1000);
      expect(crowds()).toMatchObject([{ type: 'ws.alert.raised', further: 10 }]);
      // Somebody new keeps it going.
      pass(MINUTE);
      hit(30, 33);
      pass(1.5 * MINUTE);
      expect(alerts.active.at(-1)).toMatchObject({ by: 'overall', peak: 13 });
      pass(MINUTE);
      expect(crowds()).toMatchObject([{}, { type: 'ws.alert.ended', peak: 13 }]);
      pass(5 * MINUTE);
      expect(alerts.active).toEqual([]);
      // Those of before are news again.
      hit(0, 25);
      pass(1000);
      expect(crowds()).toMatchObject([{}, {}, { type: 'ws.alert.raised', further: 5 }]);
      expect(alerts.active.at(-1)).toMatchObject({ peak: 5 });
    });

    it('MO-03 gives the place of each back that is over: the table never fills with what is past', () => {
      const { alerts, pass, hit } = begin({ maxKeys: 100 });
      for (let round = 0; round < 6; round++) {
        hit(round * 20, round * 20 + 20);
        pass(5 * MINUTE);
        expect(alerts.active).toEqual([]);
      }
      hit(1000, 1001);
      expect(told.at(-1)).toMatchObject({ type: 'ws.alert.raised', value: rule.limit });
    });

    it('MO-03 pushes nobody out whose alert is under way', () => {
      const { alerts, pass, hit, see } = begin({ maxKeys: 100 });
      hit(0, 1);
      // Calm, and not over yet: there is no entry that has less.
      pass(70_000);
      for (let who = 1000; who < 3000; who++) see(more(who));
      hit(0, 1);
      pass(2.5 * MINUTE);
      expect(alerts.active).toHaveLength(1);
      expect(told).toHaveLength(1);
    });
  });

  it('MO-03 does not end while it is reached again and again, however short its window is', () => {
    const { pass, see } = start([{ ...threshold, windowMs: 1000, quietMs: 3000 }]);
    for (let i = 0; i < 20; i++) {
      see(refused(), 5);
      pass(2000);
    }
    expect(kinds()).toEqual(['raised']);
  });

  it('MO-03 ends once it was quiet for as long as the rule says, without a break, and less than half is quiet', () => {
    const { pass, see } = start([threshold]);
    see(refused(), 6);
    // Below the limit, and not below its half.
    for (let minute = 0; minute < 10; minute++) {
      pass(MINUTE);
      see(refused(), 4);
    }
    expect(kinds()).toEqual(['raised']);
    // Calm for half a minute each time.
    for (let i = 0; i < 10; i++) {
      pass(1.5 * MINUTE);
      see(refused(), 4);
    }
    expect(kinds()).toEqual(['raised']);
    pass(4 * MINUTE);
    expect(kinds()).toEqual(['raised', 'ended']);
    expect(told[1]).toMatchObject({ because: 'calm' });
  });

  it('MO-03 ends when the process does, which nobody else could tell, and sees nothing from then on', () => {
    const { alerts, pass, see } = start([{ ...threshold, by: 'address' }]);
    for (let who = 0; who < 23; who++) see(refused({ address: `10.0.0.${who}` }), 6);
    pass(1000);
    expect(alerts.active).toHaveLength(21);
    told.length = 0;
    alerts.close();

    expect(alerts.active).toEqual([]);
    expect(told).toHaveLength(21);
    for (const alert of told) expect(alert).toMatchObject({ type: 'ws.alert.ended', because: 'shutdown' });
    expect(told[20]).toMatchObject({ by: 'overall', peak: 3 });
    see(refused({ address: '10.0.1.1' }), 50);
    pass(10 * MINUTE);
    alerts.close();
    expect(told).toHaveLength(21);
  });

  it('MO-03 says the most that there was, not the last', () => {
    const { pass, see } = start([threshold]);
    see(refused(), 50);
    pass(70_000);
    see(refused(), 6);
    pass(5 * MINUTE);
    expect(told[1]).toMatchObject({ type: 'ws.alert.ended', peak: 50 });
  });

  it('MO-03 tells texts of clients apart by their beginning only', () => {
    const long = 'x'.repeat(2000);
    const { pass, see } = start([
      { name: 'new', kind: 'first-seen', events: ['ws.handshake.refused'], value: 'origin', learnMs: MINUTE },
      { ...threshold, name: 'who', by: 'principal', limit: 2 },
    ]);
    pass(MINUTE);
    for (const end of ['a', 'b']) see(refused({ origin: long + end, principal: long + end }));
    expect(told.map(({ rule }) => rule)).toEqual(['new', 'who']);
    expect([told[0]?.seen, told[1]?.principal].map((text) => text?.length)).toEqual([200, 1024]);
  });
});
