import { ConsoleLogger, Logger, type LoggerService, type LogLevel } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LoggerSink } from './logger.sink.js';
import type { SecurityEvent } from '../security-event.js';

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
  Logger.overrideLogger(new ConsoleLogger());
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

    void new LoggerSink().write(event);

    expect(write).toHaveBeenCalledOnce();
    const line = write.mock.calls[0]?.[0] as unknown as string;
    expect(JSON.parse(line)).toEqual(event);
    expect((JSON.parse(line) as SecurityEvent).time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it.each<[string, LoggerService | LogLevel[] | false, boolean]>([
    ['Nest’s own logger with the level log', ['log', 'warn'], true],
    ['Nest’s own logger without it', ['warn'], false],
    ['no logger', false, false],
    ['a console logger of its own without it', new ConsoleLogger({ logLevels: ['error'] }), false],
    ['a subclass, which may do as it pleases', new (class extends ConsoleLogger {})({ logLevels: ['error'] }), true],
    ['a logger of the application', { log: () => undefined, warn: () => undefined, error: () => undefined }, true],
  ])('F55 asks for routine events under %s: %j', (_, logger, isWanted) => {
    const sink = new LoggerSink();
    Logger.overrideLogger(logger);

    expect(sink.wants('ws.connection.opened')).toBe(isWanted);
    expect(sink.wants('ws.handshake.refused')).toBe(true);
  });
});
