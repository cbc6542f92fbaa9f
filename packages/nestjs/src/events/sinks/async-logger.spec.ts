import { ConsoleLogger, Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { SecurityEvents } from '../security-events.js';
import { SystemClock } from '../../core/clock.js';
import { LoggerSink } from './logger.sink.js';
import { OpenTelemetryLogSink } from './open-telemetry-log.sink.js';
import { PinoSink } from './pino.sink.js';

const away = (): Promise<void> => Promise.reject(new Error('the collector is away'));
const logger = { log: away, info: away, warn: away, error: away, emit: away };

afterEach(() => {
  Logger.overrideLogger(new ConsoleLogger());
});

// An unhandled rejection fails the run, as it ends a process.
describe('a logger whose methods reject', () => {
  it.each([
    ['PinoSink', () => new PinoSink(logger)],
    ['OpenTelemetryLogSink', () => new OpenTelemetryLogSink(logger)],
    ['LoggerSink', () => new LoggerSink()],
  ])('MO-09 AN-03 ends no process under %s, and each event counts as lost', async (_, makeSink) => {
    Logger.overrideLogger(logger);
    const events = new SecurityEvents(new SystemClock(), [makeSink()]);
    events.emit({ type: 'ws.drain.started', connections: 1 });
    await events.flush();

    expect(events.channels).toMatchObject([{ failed: 1 }]);
  });
});
