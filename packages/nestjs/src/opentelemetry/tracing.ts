import type { Attributes, Context, Span, SpanContext, Tracer } from '@opentelemetry/api';
import { isPromiseLike } from '../core/awaitable.js';
import type {
  HandshakeFacts,
  MessageFacts,
  ObservedHandshake,
  ObservedMessage,
  ObservedRun,
  WsObserver,
} from '../core/observer.js';
import type { OpenTelemetryApi } from './load-api.js';
import type { OpenTelemetryOptions } from './open-telemetry.options.js';

/** Codes of refusals that are the server's own fault. */
const FAULTS: ReadonlySet<string | undefined> = new Set(['INTERNAL', 'TIMEOUT']);

/**
 * A span for each handshake and each message. What the checks, policies and the handler do is under it. Attributes are words of
 * closed lists: no address, no principal, nothing of a payload.
 */
export class Tracing implements WsObserver {
  /** The spans of the handshakes of open connections: the spans of their messages link to them. */
  readonly #handshakes = new Map<string, SpanContext>();

  constructor(
    private readonly api: OpenTelemetryApi,
    private readonly tracer: Tracer,
    private readonly trust: OpenTelemetryOptions['trustTraceContext'],
  ) {}

  beginHandshake(facts: HandshakeFacts): ObservedRun<ObservedHandshake> {
    const { SpanKind } = this.api;
    const parent = this.#parentOf(facts);
    const attributes = facts.path === undefined ? {} : { 'secure_ws.path': facts.path };
    const options = { kind: SpanKind.SERVER, startTime: facts.startedAt, attributes };
    const span = this.tracer.startSpan('ws.handshake', options, parent);
    return this.#running(span, parent, ({ result, reason, status, connectionId }) => {
      span.setAttributes({
        'secure_ws.result': result,
        ...(status > 0 && { 'http.response.status_code': status }),
        ...(reason !== undefined && { 'error.type': reason }),
      });
      if (status >= 500) this.#fail(span);
      if (connectionId !== undefined) this.#handshakes.set(connectionId, span.spanContext());
    });
  }

  beginMessage({ id }: MessageFacts): ObservedRun<ObservedMessage> {
    const { ROOT_CONTEXT, SpanKind } = this.api;
    const handshake = this.#handshakes.get(id);
    // A link: in one trace with its connection, a message would be kept, or not, with two hours of others.
    const links = handshake === undefined ? [] : [{ context: handshake }];
    const span = this.tracer.startSpan('ws.message', { kind: SpanKind.SERVER, links }, ROOT_CONTEXT);
    return this.#running(span, ROOT_CONTEXT, ({ event, result, reason, code }) => {
      const attributes: Attributes = { 'secure_ws.result': result };
      if (event !== undefined) {
        span.updateName(`ws.message ${event}`);
        attributes['secure_ws.event'] = event;
      }
      if (code !== undefined) attributes['secure_ws.code'] = code;
      if (reason !== undefined) attributes['error.type'] = reason;
      span.setAttributes(attributes);
      if (FAULTS.has(code)) this.#fail(span);
    });
  }

  onClosed(id: string): void {
    this.#handshakes.delete(id);
  }

  #running<End>(span: Span, parent: Context, end: (end: End) => void): ObservedRun<End> {
    const { context, trace } = this.api;
    const inside = trace.setSpan(parent, span);
    return {
      run: (work) => context.with(inside, work),
      end: (found) => {
        end(found);
        span.end();
      },
    };
  }

  /** Without a text: what was thrown may hold what a client sent. */
  #fail(span: Span): void {
    span.setStatus({ code: this.api.SpanStatusCode.ERROR });
  }

  #parentOf(facts: HandshakeFacts): Context {
    const { ROOT_CONTEXT, defaultTextMapGetter, propagation } = this.api;
    return this.#isTrusted(facts)
      ? propagation.extract(ROOT_CONTEXT, facts.headers, defaultTextMapGetter)
      : ROOT_CONTEXT;
  }

  #isTrusted({ isJudged, address, peer, origin, path }: HandshakeFacts): boolean {
    if (this.trust === undefined || !isJudged || path === undefined) return false;
    try {
      const answer: unknown = this.trust({ address, peer, origin, path });
      // Nobody waits for a promise, nor for its rejection, which would end the process.
      if (isPromiseLike(answer)) answer.then(undefined, () => undefined);
      // Not a promise, and not 'yes'.
      return answer === true;
    } catch {
      return false;
    }
  }
}
