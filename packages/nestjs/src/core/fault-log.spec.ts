import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { FaultLog } from './fault-log.js';

interface Line {
  readonly where: string;
  readonly correlationId: string;
  readonly exception: string;
  readonly suppressed?: number;
}

const CANARY = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ';

describe('FaultLog', () => {
  const lines: string[] = [];
  const parsed = (): Line[] => lines.map((line) => JSON.parse(line) as Line);

  beforeEach(() => {
    lines.length = 0;
    vi.spyOn(Logger.prototype, 'error').mockImplementation((line: string) => {
      lines.push(line);
    });
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('writes one line with the place, the correlation id and the stack', () => {
    new FaultLog(new FakeClock()).write('Orders.place', 'id-1', new Error('no connection'));

    expect(parsed()).toMatchObject([{ where: 'Orders.place', correlationId: 'id-1' }]);
    expect(parsed()[0]?.exception).toMatch(/^Error: no connection\n\s+at /);
  });

  it('warns in one line, whatever the logger does', () => {
    const warned: string[] = [];
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => {
      warned.push(line);
      throw new Error('the logger is closed');
    });
    new FaultLog(new FakeClock()).warn('Orders.place', 'two\nlines');
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warned).toEqual(['{"where":"Orders.place","warning":"two\\nlines"}']);
    expect(lines).toEqual([]);
  });

  it('says what caused an exception, and leaves out a correlation id that there is not', () => {
    const cause = Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' });
    new FaultLog(new FakeClock()).write(
      'G.m',
      '',
      new Error('away', { cause: new TypeError('fetch failed', { cause }) }),
    );

    expect(parsed()[0]).not.toHaveProperty('correlationId');
    expect(parsed()[0]?.exception).toMatch(
      /caused by TypeError: fetch failed\ncaused by Error: connect failed \(ECONNREFUSED\)$/,
    );
  });

  it('DR-24 ends a chain of causes that goes round', () => {
    const error = new Error('round');
    error.cause = error;
    new FaultLog(new FakeClock()).write('G.m', '', error);

    expect(parsed()[0]?.exception.match(/caused by/g)).toHaveLength(3);
  });

  it.each(['a\r\nb', 'a\u2028b', 'a\u001b[2Jb', 'a\u202eb'])('MO-07 keeps an exception with %j on one line', (text) => {
    new FaultLog(new FakeClock()).write('G.m', '', new Error(text));

    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  it.each([
    ['a token', `invalid token ${CANARY}`, 'canary', CANARY],
    ['an authorization field', 'Authorization: Bearer c2VjcmV0LWNhbmFyeQ== was refused', 'refused', 'c2VjcmV0'],
    ['basic credentials', 'basic dXNlcjpwYXNzd29yZA==', 'basic', 'dXNlcjpw'],
  ])('MO-06 AN-17 blacks out %s in the text of an exception', (_, text, __, secret) => {
    new FaultLog(new FakeClock()).write('G.m', '', new Error(text));

    expect(lines[0]).toContain('[redacted]');
    expect(lines[0]).not.toContain(secret);
  });

  it('DR-24 bounds the length of a line, whatever a text has of beginnings of tokens', () => {
    new FaultLog(new FakeClock()).write('G.m', '', new Error('eyJ'.repeat(200_000)));

    expect(lines[0]?.length).toBeLessThan(5000);
  });

  it.each([
    ['a string', 'secret', 'a thrown string'],
    ['undefined', undefined, 'a thrown undefined'],
    [
      'an error that cannot be read',
      Object.defineProperty(new Error('x'), 'stack', {
        get: () => {
          throw new Error('no');
        },
      }),
      'an exception that cannot be read',
    ],
  ])('AN-17 does not quote %s', (_, exception, text) => {
    new FaultLog(new FakeClock()).write('G.m', '', exception);

    expect(parsed()[0]?.exception).toBe(text);
  });

  it('DR-24 writes 20 exceptions of one place a second, and says how many it left out', () => {
    const clock = new FakeClock();
    const faults = new FaultLog(clock);
    for (let count = 0; count < 10_000; count++) faults.write('Orders.place', '', new Error('x'));
    faults.write('Orders.cancel', '', new Error('y'));
    expect(lines).toHaveLength(21);

    clock.advance(1000);
    faults.write('Orders.place', '', new Error('x'));

    expect(lines).toHaveLength(22);
    expect(parsed().at(-1)?.suppressed).toBe(9980);
    faults.write('Orders.place', '', new Error('x'));
    expect(parsed().at(-1)).not.toHaveProperty('suppressed');
  });

  it('AN-03 outlives a logger that throws', () => {
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {
      throw new Error('disk full');
    });

    expect(() => {
      new FaultLog(new FakeClock()).write('G.m', '', new Error('x'));
    }).not.toThrow();
  });
});
