import * as api from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HandshakeFacts, ObservedHandshake, ObservedMessage } from '../../packages/nestjs/src/core/observer.js';
import { Tracing } from '../../packages/nestjs/src/opentelemetry/tracing.js';

const facts: HandshakeFacts = {
  ...{ headers: {}, startedAt: 0, path: '/chat', address: '192.0.2.1', peer: '192.0.2.1' },
  ...{ origin: undefined, isJudged: true },
};
const admitted: ObservedHandshake = {
  ...{ result: 'admitted', reason: undefined, status: 101, path: '/chat', durationMs: 1, connectionId: 'c-1' },
};
const handled: ObservedMessage = {
  ...{ event: 'say', path: '/chat', bytes: 1, result: 'handled', reason: undefined, code: undefined },
  ...{ waitedMs: 0, judgedMs: 0, policiesMs: undefined, handlerMs: undefined },
};

describe('Tracing', () => {
  const spans = new InMemorySpanExporter();
  let tracing: Tracing;

  beforeEach(() => {
    spans.reset();
    const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).getTracer('test');
    tracing = new Tracing(api, tracer, undefined);
  });

  it('MO-10 links a message to the handshake of its connection, and keeps nothing of one that has closed', () => {
    tracing.beginHandshake(facts).end(admitted);
    tracing.beginMessage({ id: 'c-1', path: '/chat' }).end(handled);
    tracing.onClosed('c-1');
    tracing.beginMessage({ id: 'c-1', path: '/chat' }).end(handled);
    const [handshake, linked, unlinked] = spans.getFinishedSpans();
    expect(linked?.links.map(({ context }) => context.spanId)).toEqual([handshake?.spanContext().spanId]);
    expect(unlinked?.links).toEqual([]);
  });

  it.each([
    [401, api.SpanStatusCode.UNSET],
    [499, api.SpanStatusCode.UNSET],
    [500, api.SpanStatusCode.ERROR],
    [503, api.SpanStatusCode.ERROR],
  ])('MO-10 marks a handshake that ends with %i with the status %i', (status, code) => {
    const refused = { ...admitted, result: 'refused', reason: 'internal', status, connectionId: undefined } as const;
    tracing.beginHandshake(facts).end(refused);
    expect(spans.getFinishedSpans()[0]?.status).toEqual({ code });
  });

  it.each([
    ['INTERNAL', api.SpanStatusCode.ERROR],
    ['TIMEOUT', api.SpanStatusCode.ERROR],
    ['FORBIDDEN', api.SpanStatusCode.UNSET],
  ])('MO-10 marks a message that is refused with %s with the status %i', (code, status) => {
    tracing.beginMessage({ id: 'c-1', path: '/chat' }).end({ ...handled, result: 'refused', reason: 'x', code });
    expect(spans.getFinishedSpans()[0]?.status).toEqual({ code: status });
  });
});
