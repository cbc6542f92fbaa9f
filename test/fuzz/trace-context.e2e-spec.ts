import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tracing } from '../../packages/nestjs/src/opentelemetry/tracing.js';
import { anyText, eachInput, FUZZ_INPUTS, FUZZ_SEED, FUZZ_TIMEOUT, mutated } from './fuzz-run.js';
import type { Random } from './random.js';

// W3C Trace Context, section 3.2.2, and the white space of RFC 9110 section 5.5 around it: what comes behind the flags is of versions that are not known yet.
const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/s;

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => random.below(16).toString(16)).join('');

/** The trace that a header names; `undefined` where it is none. */
function traceOf(header: string): string | undefined {
  const [, version, trace = '', parent = '', , more] = TRACEPARENT.exec(header) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  return /^0+$/.test(trace) || /^0+$/.test(parent) ? undefined : trace;
}

function anyTraceparent(random: Random): string {
  const version = random.pick(['00', '00', '00', '01', 'ff', '0']);
  const trace = random.happens(0.05) ? '0'.repeat(32) : hex(random, 32);
  const parent = random.happens(0.05) ? '0'.repeat(16) : hex(random, 16);
  const header = `${version}-${trace}-${parent}-${hex(random, 2)}${random.pick(['', '', '', '-', '-what-else'])}`;
  const sent = random.happens(0.3) ? mutated(random, header) : random.happens(0.05) ? anyText(random) : header;
  // As Node hands it on: no other characters, and no white space around it.
  return sent.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').trim();
}

function anyTracestate(random: Random): string {
  const members = Array.from({ length: random.below(40) }, () => `${anyText(random, 3)}=${anyText(random, 5)}`);
  return random.happens(0.5) ? members.join(',') : `a=${'x'.repeat(random.below(300))},b@c=1`;
}

describe(`${FUZZ_INPUTS} trace contexts from the seed ${FUZZ_SEED}`, () => {
  beforeAll(() => {
    api.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    return () => {
      api.propagation.disable();
      api.context.disable();
    };
  });
  const provider = new BasicTracerProvider();
  afterAll(() => provider.shutdown());

  it(
    'MO-10 are gone on with where they are whole and the application trusts them, and nowhere else',
    FUZZ_TIMEOUT,
    async () => {
      let trust: () => unknown = () => true;
      const tracing = new Tracing(api, provider.getTracer('fuzz'), (() => trust()) as never);
      const counts = { continued: 0, begun: 0 };
      await eachInput((random) => {
        const header = anyTraceparent(random);
        const headers = {
          // Node joins those that are there twice.
          traceparent: random.happens(0.1) ? `${header}, ${header}` : header,
          tracestate: anyTracestate(random),
        };
        const isTrusted = random.happens(0.7);
        trust = isTrusted
          ? () => true
          : random.pick([
              () => false,
              () => 'yes',
              () => 1,
              () => Promise.resolve(true),
              () => Promise.reject(new Error('no')),
              () => {
                throw new Error('no');
              },
            ]);
        const isJudged = random.happens(0.9);
        const path = random.happens(0.9) ? '/traced' : undefined;
        const facts = {
          headers,
          startedAt: 0,
          path,
          address: '192.0.2.1',
          peer: '192.0.2.1',
          origin: undefined,
          isJudged,
        };
        let trace = '';
        const run = tracing.beginHandshake(facts);
        run.run(() => (trace = api.trace.getActiveSpan()?.spanContext().traceId ?? ''));
        const expected = isTrusted && isJudged && path !== undefined ? traceOf(headers.traceparent) : undefined;
        expect(trace).toMatch(/^[\da-f]{32}$/);
        if (expected === undefined) expect(header.includes(trace), `${header}`).toBe(false);
        else expect(trace, `${header}`).toBe(expected);
        counts[expected === undefined ? 'begun' : 'continued']++;
      });
      for (const count of Object.values(counts)) expect(count).toBeGreaterThan(FUZZ_INPUTS / 20);
    },
  );
});
