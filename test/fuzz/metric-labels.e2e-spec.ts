import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { ScrapedFigures } from '../../packages/nestjs/src/metrics/measured/collect-metrics.js';
import { Durations } from '../../packages/nestjs/src/metrics/measured/durations.js';
import { EventNames } from '../../packages/nestjs/src/metrics/measured/event-names.js';
import { MessageTraffic } from '../../packages/nestjs/src/metrics/measured/message-traffic.js';
import { registerMetrics } from '../../packages/nestjs/src/metrics/prometheus/prometheus-registration.js';
import { anyText, eachInput, FUZZ_INPUTS, FUZZ_SEED, FUZZ_TIMEOUT } from './fuzz-run.js';

// Exposition formats, text format 0.0.4, without timestamps, which we do not write.
const NAME = String.raw`[a-zA-Z_:][a-zA-Z0-9_:]*`;
const LABEL = String.raw`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"`;
const SAMPLE = new RegExp(
  `^(${NAME})(?:\\{((?:${LABEL},?)*)\\})? (\\+Inf|-Inf|NaN|-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)$`,
  'su',
);
const COMMENT = new RegExp(
  `^# (?:HELP ${NAME} (?:[^\\\\]|\\\\\\\\|\\\\n)*|TYPE ${NAME} (?:counter|gauge|histogram))$`,
  'su',
);

/** The label values of an exposition: `name` to a list of them. @throws Error for what is none. */
function parsed(text: string): { readonly series: number; readonly values: ReadonlyMap<string, ReadonlySet<string>> } {
  const values = new Map<string, Set<string>>();
  const series = new Set<string>();
  for (const line of text.split('\n')) {
    if (line === '' || COMMENT.test(line)) continue;
    const sample = SAMPLE.exec(line);
    if (sample === null) throw new Error(`no line of an exposition: ${JSON.stringify(line)}`);
    const [, name = '', labels = ''] = sample;
    const id = `${name}{${labels}}`;
    if (series.has(id)) throw new Error(`a series that is there twice: ${id}`);
    series.add(id);
    for (const [, label = '', written = ''] of labels.matchAll(new RegExp(LABEL, 'gsu'))) {
      const value = written.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
      values.set(label, (values.get(label) ?? new Set()).add(value));
    }
  }
  return { series: series.size, values };
}

/** How many names one application has. */
const NAMES_EACH = 200;

describe(`${FUZZ_INPUTS} names from the seed ${FUZZ_SEED}`, () => {
  it(
    'MO-10 MO-11 stand in an exposition as what they are, and those of clients add no series',
    FUZZ_TIMEOUT,
    async () => {
      let names: string[] = [];
      await eachInput(async (random, input) => {
        names.push(anyText(random));
        if (names.length < NAMES_EACH && input < FUZZ_INPUTS - 1) return;
        const event = new EventNames(names, []);
        const sink = anyText(random);
        const figures: ScrapedFigures = {
          connections: { pending: 0, open: 1, paused: 0, closing: 0, bufferedBytes: 0, queuedBytes: 0 },
          counts: {},
          audit: [{ name: sink, waiting: 1, dropped: 0, failed: 0, isHealthy: true }],
          ...{ limiterKeys: 0, storeAwayMs: 0, isShedding: false, admitsHandshakes: true },
        };
        const labelOf = (name: string | undefined): string => event.labelOf(name);
        const [traffic, durations] = [new MessageTraffic(labelOf), new Durations(labelOf)];
        traffic.prepare(event.labels);
        const registry = new Registry();
        const unregister = registerMetrics(registry, { traffic, durations, figures }, figures);
        const before = parsed(await registry.metrics());
        expect([...(before.values.get('event') ?? [])].sort()).toEqual([...new Set(event.labels)].sort());
        expect([...(before.values.get('sink') ?? [])]).toEqual([sink]);
        for (let made = 0; made < NAMES_EACH; made++) {
          traffic.onSend({ event: `${anyText(random)}-of-a-client`, bytes: 1, result: 'sent' });
        }
        expect(parsed(await registry.metrics()).series).toBe(before.series);
        unregister();
        expect(await registry.metrics()).toBe('\n');
        names = [];
      });
    },
  );
});
