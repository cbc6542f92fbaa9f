import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { defaultEventsSettings, type ResolvedEventsOptions, resolveEventsOptions } from './events.options.js';
import { LoggerSink } from './sinks/logger.sink.js';

const SECRET = 'canary-canary-canary-canary-canary';

function resolve(options?: unknown): { resolved: ResolvedEventsOptions; problems: BootProblems } {
  const problems = new BootProblems();
  return { resolved: resolveEventsOptions(new OptionReader(options, 'events', problems)), problems };
}

describe('resolveEventsOptions', () => {
  it('has safe defaults, which are also those without options', () => {
    const { resolved, problems } = resolve();
    const { hashKey: _, ...defaults } = defaultEventsSettings();

    expect(resolved).toMatchObject({
      ...defaults,
      identifiers: 'hashed',
      addresses: 'plain',
      sampling: 'log-lines',
      maxSampledPerSecond: 20,
      maxSampledConnectionsPerSecond: 100,
      maxSampledPerHour: 5000,
      maxQueuedEvents: 1000,
      sinkTimeoutMs: 5000,
      onSinkFailure: 'continue',
    });
    expect(resolved.sinks).toEqual([expect.any(LoggerSink)]);
    expect(problems.problems).toEqual([]);
    expect(problems.warnings).toEqual([]);
  });

  it('DP-02 MO-09 refuses a sink that is there twice, and one that cannot write', () => {
    class Typo extends LoggerSink {
      override write = undefined as never;
    }
    const sink = new LoggerSink();
    const { problems } = resolve({ sinks: [sink, sink, new Typo()] });
    expect(problems.problems.map(({ where, problem }) => `${where} ${problem}`)).toEqual([
      'events.sinks[1] is the same LoggerSink as sinks[0]: each event would reach it twice.',
      'events.sinks[2] is a Typo, which has no write(): each event would be lost.',
    ]);
  });

  it.each<[string, unknown, string]>([
    ['sinks that are none', { sinks: [{ write: () => undefined }] }, 'events.sinks'],
    ['a single sink', { sinks: new LoggerSink() }, 'events.sinks'],
    ['an unknown word', { identifiers: 'none' }, 'events.identifiers'],
    ['an unknown address form', { addresses: 'hidden' }, 'events.addresses'],
    ['an unknown sampling', { sampling: true }, 'events.sampling'],
    ['a queue of nothing', { maxQueuedEvents: 0 }, 'events.maxQueuedEvents'],
    ['F28 a queue of which refusals have no quarter', { maxQueuedEvents: 3 }, 'events.maxQueuedEvents'],
    ['a queue without end', { maxQueuedEvents: Infinity }, 'events.maxQueuedEvents'],
    ['a negative rate', { maxSampledPerSecond: -1 }, 'events.maxSampledPerSecond'],
    ['no connections at all', { maxSampledConnectionsPerSecond: 0 }, 'events.maxSampledConnectionsPerSecond'],
    ['an hour of next to nothing', { maxSampledPerHour: 99 }, 'events.maxSampledPerHour'],
    [
      'F28 floods that can have everybody refused',
      { sampling: 'off', onSinkFailure: 'refuse-handshakes' },
      'events.sampling',
    ],
    ['a time that is NaN', { sinkTimeoutMs: Number.NaN }, 'events.sinkTimeoutMs'],
    ['an unknown failure mode', { onSinkFailure: 'ignore' }, 'events.onSinkFailure'],
    ['a short key', { hashKey: 'short' }, 'events.hashKey'],
    ['a key of another type', { hashKey: 5 }, 'events.hashKey'],
    ['a key that is not used', { hashKey: SECRET, identifiers: 'plain' }, 'events.hashKey'],
    ['a misspelt option', { sink: [] }, 'events.sink'],
  ])('DP-02 refuses %s by the path of the option', (_, options, where) => {
    const { problems } = resolve(options);

    expect(problems.problems.map((problem) => problem.where)).toEqual([where]);
    expect(JSON.stringify(problems)).not.toContain('canary');
  });

  it.each<[string, unknown, string]>([
    ['plain identifiers', { identifiers: 'plain' }, 'events.identifiers'],
    ['logs that can be flooded', { sampling: 'off' }, 'events.sampling'],
    ['events that nobody gets', { sinks: [] }, 'events.sinks'],
  ])('MO-12 warns about %s at boot', (_, options, where) => {
    const { problems } = resolve(options);

    expect(problems.warnings.map((warning) => warning.where)).toEqual([where]);
    expect(problems.problems).toEqual([]);
  });

  it('MO-06 AN-17 does not show the key where the options are logged', () => {
    const { resolved, problems } = resolve({ hashKey: SECRET });

    expect(problems.problems).toEqual([]);
    expect(resolved.hashKey.symmetricKeySize).toBe(SECRET.length);
    expect(inspect(resolved, { depth: 10, showHidden: true }) + JSON.stringify(resolved)).not.toContain('canary');
  });

  it('takes a key of bytes', () => {
    const { resolved, problems } = resolve({ hashKey: new Uint8Array(32).fill(1) });

    expect(problems.problems).toEqual([]);
    expect(resolved.hashKey.symmetricKeySize).toBe(32);
  });
});
