import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../../core/principal.js';
import { BootProblems } from '../../core/boot-problems.js';
import { OptionReader } from '../../core/option-reader.js';
import { MemoryStore } from '../../store/memory.store.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { ViolationLedger, violationSubject } from './violation-ledger.js';
import { resolveViolationsOptions, type ViolationKind, type ViolationsOptions } from './violations.options.js';

const SUBJECT = 'principal:["jwt","https://id.example.com","u1"]';

function make(options: ViolationsOptions = {}) {
  const clock = new FakeClock();
  const store = new MemoryStore(clock, { maxKeys: 1000 });
  const rules = resolveViolationsOptions(new OptionReader(options, 'throttling.violations', new BootProblems()));
  const ledger = new ViolationLedger(store, rules, () => 0);
  const leftOf = (subject: string): number => store.admit({ backoff: ledger.backoffOf(subject) }).backoffMs;
  return { clock, store, ledger, leftOf };
}

/** How many violations of a kind it takes until the connection is closed. */
function untilClosed(ledger: ViolationLedger, kind: ViolationKind, subject = SUBJECT): number {
  for (let count = 1; count <= 1000; count++) {
    const verdict = ledger.charge(subject, kind);
    if ('mustClose' in verdict && verdict.mustClose) return count;
  }
  return Infinity;
}

describe('ViolationLedger', () => {
  it.each<[ViolationKind, number]>([
    ['bad-frame', 6],
    ['bad-json', 11],
    ['forbidden', 34],
    ['unknown-event', 101],
    ['throttled', 101],
    ['validation', 201],
  ])('MV-17 closes for %s at the %dth', (kind, count) => {
    expect(untilClosed(make().ledger, kind)).toBe(count);
  });

  it('MV-17 adds up kinds', () => {
    const { ledger } = make();
    for (let i = 0; i < 4; i++) void ledger.charge(SUBJECT, 'bad-frame');
    void ledger.charge(SUBJECT, 'bad-json');
    expect(ledger.charge(SUBJECT, 'bad-json')).toEqual({ isExceeded: false, mustClose: false, score: 100 });
    expect(ledger.charge(SUBJECT, 'validation')).toEqual({ isExceeded: true, mustClose: true, score: 100.5 });
  });

  it('MV-17 forgives with time', () => {
    const { clock, leftOf, ledger } = make();
    for (let i = 0; i < 500; i++) {
      expect(ledger.charge(SUBJECT, 'unknown-event')).toMatchObject({ mustClose: false });
      clock.advance(1000);
    }
    expect(leftOf(SUBJECT)).toBe(0);
  });

  it('DR-05 a new connection does not begin with a clean slate, and every close doubles the delay up to 60 s', () => {
    const { clock, leftOf, ledger } = make();
    const delays: number[] = [];
    untilClosed(ledger, 'bad-json');
    for (let i = 0; i < 8; i++) {
      const delayMs = leftOf(SUBJECT);
      delays.push(delayMs);
      clock.advance(delayMs);
      expect(leftOf(SUBJECT)).toBe(0);
      untilClosed(ledger, 'bad-json');
    }
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('DR-05 all connections of a principal share one score, and are one offence when they are closed together', () => {
    const { leftOf, ledger } = make();
    untilClosed(ledger, 'bad-frame');
    for (let i = 0; i < 50; i++) expect(ledger.charge(SUBJECT, 'bad-frame')).toMatchObject({ mustClose: true });
    expect(leftOf(SUBJECT)).toBe(1000);
  });

  it('MV-17 forgives an hour of abuse in minutes', () => {
    const { clock, ledger } = make();
    for (let second = 0; second < 3600; second++) {
      void ledger.charge(SUBJECT, 'bad-frame');
      clock.advance(1000);
    }
    clock.advance(101_000);
    expect(ledger.charge(SUBJECT, 'validation')).toMatchObject({ mustClose: false });
  });

  it('AN-10 charges the principal and nobody else', () => {
    const { leftOf, ledger } = make();
    untilClosed(ledger, 'bad-frame');
    expect(leftOf('address:192.0.2.1')).toBe(0);
    expect(leftOf('principal:["jwt","https://id.example.com","u2"]')).toBe(0);
    expect(ledger.charge('principal:["jwt","https://id.example.com","u2"]', 'forbidden')).toMatchObject({ score: 3 });
  });

  it('never closes with an infinite budget', () => {
    const { ledger, store } = make({ budget: Infinity });
    expect(untilClosed(ledger, 'bad-frame')).toBe(Infinity);
    expect(ledger.backoffOf(SUBJECT)).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it('MV-17 adds up and closes nobody where it only reports', () => {
    const { ledger, store } = make({ mode: 'report', budget: 30 });
    const verdicts = [1, 2, 3].map(() => ledger.charge(SUBJECT, 'bad-frame'));
    expect(verdicts).toEqual([
      { isExceeded: false, mustClose: false, score: 20 },
      { isExceeded: true, mustClose: false, score: 40 },
      { isExceeded: true, mustClose: false, score: 60 },
    ]);
    expect(ledger.backoffOf(SUBJECT)).toBeUndefined();
    // The score, and no close.
    expect(store.size).toBe(1);
  });

  it('takes weights of its own', () => {
    expect(untilClosed(make({ weights: { forbidden: 50 } }).ledger, 'forbidden')).toBe(3);
  });

  it('still closes where one violation weighs more than the budget', () => {
    expect(untilClosed(make({ budget: 1, weights: { 'bad-frame': 1000 } }).ledger, 'bad-frame')).toBe(1);
  });

  it('takes a store that answers later', async () => {
    const { store } = make();
    const later = Object.create(store, {
      charge: { value: async (...args: Parameters<MemoryStore['charge']>) => store.charge(...args) },
      admit: { value: async (...args: Parameters<MemoryStore['admit']>) => store.admit(...args) },
    }) as MemoryStore;
    const rules = resolveViolationsOptions(new OptionReader({ budget: 10 }, 'violations', new BootProblems()));
    const ledger = new ViolationLedger(later, rules, () => 0);
    await expect(ledger.charge(SUBJECT, 'bad-frame')).resolves.toEqual({
      isExceeded: true,
      mustClose: true,
      score: 20,
    });
    expect(store.admit({ backoff: ledger.backoffOf(SUBJECT) }).backoffMs).toBe(1000);
  });
});

describe('violationSubject', () => {
  const input = { issuer: 'https://id.example.com', id: 'u1', authenticatedAt: 0 };

  it('MV-17 is the principal, never the address that it may share with an office', () => {
    expect(violationSubject(createPrincipal({ ...input, kind: 'jwt' }), 'address:192.0.2.1')).toBe(SUBJECT);
  });

  it('DR-05 is the address of an anonymous connection, whose identity is new with each', () => {
    expect(violationSubject(createPrincipal({ ...input, kind: 'anonymous' }), 'address:192.0.2.1')).toBe(
      'address:192.0.2.1',
    );
  });
});
