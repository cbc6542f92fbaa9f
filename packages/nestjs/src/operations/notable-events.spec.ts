import { describe, expect, it } from 'vitest';
import { exampleOf } from '../../../../test/support/event-examples.js';
import type { SecurityEvent, SecurityEventType } from '../events/security-event.js';
import { MAX_NOTABLE, NotableEvents } from './notable-events.js';

const event = (type: SecurityEventType, changes: object = {}): SecurityEvent => ({ ...exampleOf(type), ...changes });

describe('NotableEvents', () => {
  const note = (...events: readonly SecurityEvent[]): NotableEvents => {
    const notable = new NotableEvents();
    for (const each of events) notable.note(each);
    return notable;
  };
  const typesIn = (notable: NotableEvents) => notable.list().map(({ type }) => type);

  it('MO-10 lists the last one first, whatever it is', () => {
    const types = ['ws.drain.started', 'ws.alert.raised', 'ws.operator.acted', 'ws.store.away'] as const;
    expect(typesIn(note(...types.map((type) => event(type))))).toEqual(types.toReversed());
  });

  it.each(['ws.alert.raised', 'ws.attack.started', 'ws.shedding.started'] as const)(
    'MO-02 MO-10 keeps acts of operators and the state of the node, however often strangers cause %s',
    (type) => {
      const notable = note(event('ws.operator.acted'), event('ws.store.away'));
      for (let i = 0; i < 10_000; i++) notable.note(event(type));

      expect(typesIn(notable).slice(-2)).toEqual(['ws.store.away', 'ws.operator.acted']);
      expect(notable.list()).toHaveLength(MAX_NOTABLE + 2);
    },
  );

  it('MO-10 keeps a bounded number of each', () => {
    const notable = new NotableEvents();
    for (let i = 0; i < 1000; i++) {
      for (const type of ['ws.operator.acted', 'ws.alert.ended', 'ws.store.back'] as const) notable.note(event(type));
    }
    expect(notable.list()).toHaveLength(3 * MAX_NOTABLE);
  });

  it('MO-09 adds up what is lost, by whom and why', () => {
    const dropped = (sink: string) => event('ws.audit.dropped', { sink, dropped: 3, failed: 1, own: undefined });
    const lost = (reason: string) => event('ws.alert.lost', { sink: 'alerts.webhooks[0]', reason, count: 2 });
    const notable = note(dropped('A'), lost('gone'), dropped('B'), lost('not-taken'), dropped('A'), lost('not-taken'));

    expect(notable.list().map(({ fields }) => fields)).toEqual([
      { sink: 'alerts.webhooks[0]', reason: 'not-taken', count: 4 },
      { sink: 'A', dropped: 6, failed: 2 },
      { sink: 'B', dropped: 3, failed: 1 },
      { sink: 'alerts.webhooks[0]', reason: 'gone', count: 2 },
    ]);
  });
});
