import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { COARSE_TICK_MS, CoarseTimer, type Timed } from './coarse-timer.js';

class Probe implements Timed {
  readonly looks: number[] = [];
  constructor(private readonly next: (now: number) => number = () => Infinity) {}
  onDue(now: number): number {
    this.looks.push(now);
    return this.next(now);
  }
}

describe('CoarseTimer', () => {
  it('has one timer, whatever it watches', () => {
    const clock = new FakeClock();
    const timer = new CoarseTimer(clock);
    timer.start();
    for (let i = 0; i < 1000; i++) timer.schedule(new Probe(), clock.monotonic() + i * 10);
    expect(clock.pending).toBe(1);
    timer.stop();
    expect(clock.pending).toBe(0);
  });

  it('looks at an entry when it is due, at most a tick late and never early', () => {
    const clock = new FakeClock();
    const timer = new CoarseTimer(clock);
    timer.start();
    const due = clock.monotonic() + 1234;
    const probe = new Probe();
    timer.schedule(probe, due);
    clock.advance(5000);
    expect(probe.looks).toHaveLength(1);
    expect(probe.looks[0]).toBeGreaterThanOrEqual(due);
    expect(probe.looks[0]).toBeLessThanOrEqual(due + 2 * COARSE_TICK_MS);
    expect(timer.size).toBe(0);
  });

  it.each([100, 300, 1000, 4000, 10_000, 900_000])(
    'F54 notices a deadline of %d ms within a tenth of it, whenever it begins',
    (durationMs) => {
      for (let begin = 0; begin < 500; begin += 7) {
        const clock = new FakeClock();
        clock.advance(begin);
        const timer = new CoarseTimer(clock);
        timer.tolerate(durationMs, 60_000);
        clock.advance(33);
        timer.start();
        clock.advance(begin);
        const probe = new Probe();
        const due = clock.monotonic() + durationMs;
        timer.schedule(probe, due);
        clock.advance(2 * durationMs);
        expect(probe.looks).toHaveLength(1);
        expect(probe.looks[0]).toBeGreaterThanOrEqual(due);
        expect(probe.looks[0]).toBeLessThanOrEqual(due + Math.max(durationMs / 10, 20));
      }
    },
  );

  it('F54 ends a message of 10 s by 11 s, beside deadlines of hours', () => {
    const clock = new FakeClock();
    const timer = new CoarseTimer(clock);
    timer.tolerate(10_000, 7_200_000);
    timer.start();
    const hours = new Probe();
    timer.schedule(hours, clock.monotonic() + 7_200_000);
    const message = new Probe();
    timer.schedule(message, clock.monotonic() + 10_000);
    clock.advance(9999);
    expect(message.looks).toEqual([]);
    clock.advance(1001);
    expect(message.looks).toHaveLength(1);
    expect(hours.looks).toEqual([]);
  });

  it('SL-03 keeps a deadline that no timer of Node could, and forgets one that never falls due', () => {
    const clock = new FakeClock();
    const timer = new CoarseTimer(clock);
    timer.start();
    const far = new Probe();
    timer.schedule(far, clock.monotonic() + 60 * 86_400_000);
    const never = new Probe(() => Infinity);
    timer.schedule(never, clock.monotonic());
    clock.advance(60_000);
    expect(far.looks).toEqual([]);
    expect(never.looks).toHaveLength(1);
    expect(timer.size).toBe(1);
  });

  it('looks again when the entry asks for it, and not after it was cancelled', () => {
    const clock = new FakeClock();
    const timer = new CoarseTimer(clock);
    timer.start();
    const probe = new Probe((now) => now + 1000);
    timer.schedule(probe, clock.monotonic());
    clock.advance(10_000);
    expect(probe.looks.length).toBeGreaterThanOrEqual(7);
    const looks = probe.looks.length;
    timer.cancel(probe);
    clock.advance(10_000);
    expect(probe.looks).toHaveLength(looks);
  });

  it('F17 looks at every entry of a moment, whatever one of them throws, and tells of that afterwards', () => {
    const clock = new FakeClock();
    const timer = new CoarseTimer(clock);
    const broken = new Probe(() => {
      throw new Error('broken');
    });
    const probes = [new Probe(), broken, new Probe((now) => now + 1000), new Probe()];
    for (const probe of probes) timer.schedule(probe, clock.monotonic() + 1000);
    expect(() => timer.run(clock.monotonic() + 2000)).toThrow('broken');
    expect(probes.map(({ looks }) => looks.length)).toEqual([1, 1, 1, 1]);
    timer.run(clock.monotonic() + 4000);
    expect(probes.map(({ looks }) => looks.length)).toEqual([1, 1, 2, 1]);
  });

  it('catches up after the process was stopped for a day', () => {
    const clock = new FakeClock();
    const timer = new CoarseTimer(clock);
    const probe = new Probe();
    timer.schedule(probe, clock.monotonic() + 1000);
    timer.run(clock.monotonic() + 86_400_000);
    expect(probe.looks).toHaveLength(1);
  });
});
