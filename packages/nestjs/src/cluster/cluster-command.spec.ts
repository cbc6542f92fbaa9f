import { describe, expect, it, vi } from 'vitest';
import { perform, sentFilter } from './cluster-command.js';

type Call = (...args: unknown[]) => unknown;

function lifecycleOf(found: number) {
  const figures = Array.from({ length: found }, (_, i) => ({
    connectionId: `c${i}`,
    labels: new Map([['room', 'a']]),
  }));
  const answers = (answer: unknown) => vi.fn<Call>(() => answer);
  return {
    count: 9,
    find: answers(figures),
    figures: answers(figures),
    disconnect: answers(found),
    reconnect: answers(Promise.resolve(found)),
    revalidate: answers(found),
    drain: answers(Promise.resolve()),
  };
}

const performAt = (lifecycle: ReturnType<typeof lifecycleOf>, asked: unknown) =>
  perform(asked, lifecycle as unknown as Parameters<typeof perform>[1]);

describe('perform()', () => {
  it('answers how many there were, and tells of a hundred', () => {
    const lifecycle = lifecycleOf(120);
    const filter = [['path', '/orders']];
    for (const action of ['count', 'reconnect', 'revalidate'])
      expect(performAt(lifecycle, { action, filter })).toEqual({ count: 120 });
    expect(performAt(lifecycle, { action: 'disconnect', filter, code: 'GOING_AWAY' })).toEqual({ count: 120 });
    expect(performAt(lifecycle, { action: 'drain', filter: [] })).toEqual({ count: 9 });
    expect(performAt(lifecycle, { action: 'find', filter })?.figures).toHaveLength(100);
    expect(lifecycle.disconnect).toHaveBeenCalledExactlyOnceWith({ path: '/orders' }, 'GOING_AWAY');
  });

  it('DP-06 a field that is undefined stays one that matches nothing on its way', () => {
    const lifecycle = lifecycleOf(0);
    const filter: unknown = JSON.parse(JSON.stringify(sentFilter({ principal: undefined, path: '/a' } as never)));
    performAt(lifecycle, { action: 'disconnect', filter, code: 'GOING_AWAY' });
    expect(lifecycle.disconnect).toHaveBeenCalledExactlyOnceWith({ principal: null, path: '/a' }, 'GOING_AWAY');
  });

  it('DP-06 labels keep their names on the way, and one without a value matches nothing', () => {
    const lifecycle = lifecycleOf(1);
    const labels = { room: 'a', stage: undefined };
    const filter: unknown = JSON.parse(JSON.stringify(sentFilter({ labels } as never)));
    expect(performAt(lifecycle, { action: 'find', filter })?.figures).toEqual([
      { connectionId: 'c0', labels: [['room', 'a']] },
    ]);
    expect(lifecycle.find).toHaveBeenCalledExactlyOnceWith({ labels: { room: 'a', stage: null } });
  });

  it.each<readonly [what: string, asked: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['no filter', { action: 'disconnect', code: 'GOING_AWAY' }],
    ['a filter that is none', { action: 'disconnect', filter: [['a']], code: 'GOING_AWAY' }],
    ['no code', { action: 'disconnect', filter: [] }],
    ['a code that is none', { action: 'disconnect', filter: [], code: 'toString' }],
    ['an action that is none', { action: 'explode', filter: [] }],
    ['an action of Object', { action: 'toString', filter: [] }],
  ])('does nothing when it is asked %s', (_what, asked) => {
    const lifecycle = lifecycleOf(3);
    expect(performAt(lifecycle, asked)).toBeUndefined();
    for (const call of [lifecycle.disconnect, lifecycle.reconnect, lifecycle.revalidate, lifecycle.drain])
      expect(call).not.toHaveBeenCalled();
  });
});
