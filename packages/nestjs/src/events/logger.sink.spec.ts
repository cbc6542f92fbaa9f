import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LoggerSink, toLine } from './logger.sink.js';
import type { SecurityEvent } from './security-event.js';

const EVILS = [
  '\r\n',
  '\n{"type":"ws.handshake.accepted"}',
  '\u001b[2J',
  '\u2028',
  '\u2029',
  '\u0085',
  '\u202e',
  '\u200b',
  '"',
];

const refused = (origin: string): SecurityEvent => ({
  type: 'ws.handshake.refused',
  owasp: 'malicious_cors',
  status: 403,
  reason: 'origin-not-allowed',
  address: '192.0.2.7',
  origin,
  time: '2026-01-01T00:00:00.000Z',
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('toLine', () => {
  it.each(EVILS)('MO-05 MO-07 keeps a value with %j on one line, and its JSON means the same', (evil) => {
    const line = toLine(refused(`https://a${evil}b`));

    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(line)).toEqual(refused(`https://a${evil}b`));
  });
});

describe('LoggerSink', () => {
  it.each<[string, 'log' | 'warn' | 'error', SecurityEvent]>([
    ['a refusal', 'warn', refused('https://evil.example')],
    [
      'a failure of the application',
      'error',
      { type: 'ws.application.failed', owasp: 'sys_crash', where: 'G.m', time: '2026-01-01T00:00:00.000Z' },
    ],
    [
      'routine',
      'log',
      { type: 'ws.drain.started', owasp: 'sys_shutdown', connections: 2, time: '2026-01-01T00:00:00.000Z' },
    ],
  ])('MO-05 writes %s as one line of JSON, dated in UTC, at level %s', (_, level, event) => {
    const write = vi.spyOn(Logger.prototype, level).mockReturnValue(undefined);

    new LoggerSink().write(event);

    expect(write).toHaveBeenCalledOnce();
    const line = write.mock.calls[0]?.[0] as unknown as string;
    expect(JSON.parse(line)).toEqual(event);
    expect((JSON.parse(line) as SecurityEvent).time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });
});
