import { describe, expect, it } from 'vitest';
import { SecurityEvents } from '../events/security-events.js';
import { CoarseTimer } from '../lifecycle/coarse-timer.js';
import { FakeClock } from '../testing/fake-clock.js';
import { OperationsBoard, type OperationsSnapshot } from './operations-board.js';
import type { OperationsHost } from './operations-host.js';

function boardOf(clock: FakeClock, lifecycle: object, faults: string[] = []) {
  const runtime = {
    ...{ clock, events: new SecurityEvents(clock, []), timer: new CoarseTimer(clock), isReady: true, options: {} },
    faults: { write: (where: string) => faults.push(where) },
    lifecycle: { count: 0, countsByPath: () => new Map(), ...lifecycle },
  };
  const options = { showsPlain: false, refreshMs: 2000 };
  const board = new OperationsBoard({ runtime, options } as unknown as OperationsHost);
  return { board, runtime };
}

describe('OperationsBoard', () => {
  it('leaves no timer where the boot fails after it was made', () => {
    const clock = new FakeClock();
    boardOf(clock, {});
    expect(clock.pending).toBe(0);
  });

  it('MO-10 counts refusals by minute while nobody watches', () => {
    const clock = new FakeClock();
    const { board, runtime } = boardOf(clock, {});
    runtime.timer.start();
    const refuse = () => {
      runtime.events.emit({ type: 'ws.ticket.refused', reason: 'rate' });
    };
    refuse();
    clock.advance(3 * 60_000);
    refuse();

    expect(board.snapshot().refusals.counts.slice(-4)).toEqual([1, 0, 0, 1]);
    runtime.timer.stop();
    expect(clock.pending).toBe(0);
  });

  it('DR-24 logs a figure that throws, and goes on: it would end the process', () => {
    const clock = new FakeClock();
    const faults: string[] = [];
    let isBroken = false;
    const countsByPath = () => {
      if (isBroken) throw new Error('no such figure');
      return new Map([['/echo', 1]]);
    };
    const { board } = boardOf(clock, { countsByPath }, faults);
    const seen: OperationsSnapshot[] = [];
    const watching = board.snapshots.subscribe((snapshot) => seen.push(snapshot));
    clock.advance(2000);
    isBroken = true;
    clock.advance(2000);
    expect(faults).toEqual(['OperationsBoard.snapshot']);
    isBroken = false;
    clock.advance(2000);

    expect(seen).toHaveLength(2);
    watching.unsubscribe();
    expect(clock.pending).toBe(0);
  });
});
