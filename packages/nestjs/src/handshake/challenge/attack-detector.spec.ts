import { describe, expect, it } from 'vitest';
import { AttackDetector } from './attack-detector.js';

const THRESHOLDS = { handshakesPerSecond: 10, failuresPerSecond: 2, calmMs: 60_000 };

/** Handshakes, evenly over some seconds. */
function send(detector: AttackDetector, perSecond: number, from: number, seconds: number): void {
  for (let i = 0; i < perSecond * seconds; i++) detector.onHandshake(from + (i * 1000) / perSecond);
}

describe('AttackDetector', () => {
  it('AN-10 begins where more than so many handshakes come over ten seconds, and says how many', () => {
    const detector = new AttackDetector(THRESHOLDS);
    for (let i = 0; i < 100; i++) expect(detector.onHandshake(5000)).toBeUndefined();
    expect(detector.onHandshake(5000)).toEqual({ handshakesPerSecond: 10.1, failuresPerSecond: 0 });
    expect(detector.isUnderAttack).toBe(true);
    expect(detector.onHandshake(5000)).toBeUndefined();
  });

  it('AN-10 begins where more than so many credentials are wrong', () => {
    const detector = new AttackDetector(THRESHOLDS);
    for (let i = 0; i < 20; i++) expect(detector.onFailure(i * 100)).toBeUndefined();
    expect(detector.onFailure(2000)).toEqual({ handshakesPerSecond: 0, failuresPerSecond: 2.1 });
  });

  it('forgets what is older than ten seconds, over any pause', () => {
    const detector = new AttackDetector(THRESHOLDS);
    for (const start of [0, 12_000, 100_000, 10_000_000]) {
      for (let i = 0; i < 100; i++) expect(detector.onHandshake(start)).toBeUndefined();
    }
    expect(detector.isUnderAttack).toBe(false);
  });

  it('ends when it has been calm for long enough, and not at a rate just below the threshold', () => {
    const detector = new AttackDetector(THRESHOLDS);
    send(detector, 20, 0, 10);
    expect(detector.isUnderAttack).toBe(true);
    for (let at = 10_000; at < 200_000; at += 1000) {
      send(detector, 9, at, 1);
      expect(detector.tick(at + 999)).toBeUndefined();
    }
    const quiet = 200_000;
    for (let at = quiet; at < quiet + 60_000; at += 250) expect(detector.tick(at)).toBeUndefined();
    let endedAt = 0;
    for (let at = quiet + 60_000; endedAt === 0; at += 250) if (detector.tick(at) !== undefined) endedAt = at;
    expect(endedAt).toBeLessThan(quiet + 71_000);
    expect(detector.isUnderAttack).toBe(false);
    expect(detector.tick(endedAt + 1)).toBeUndefined();
  });

  it('begins again', () => {
    const detector = new AttackDetector({ ...THRESHOLDS, calmMs: 1000 });
    send(detector, 20, 0, 10);
    let duration: number | undefined;
    for (let at = 10_000; duration === undefined; at += 250) duration = detector.tick(at);
    expect(duration).toBeGreaterThan(10_000);
    send(detector, 20, 60_000, 10);
    expect(detector.isUnderAttack).toBe(true);
  });
});
