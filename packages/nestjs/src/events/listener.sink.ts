import { isPromiseLike } from '../core/awaitable.js';
import type { SecurityEvent } from './security-event.js';
import type { SecurityEventListener } from './security-event-listeners.js';
import { SecurityEventSink } from './security-event-sink.js';

/** Brings events to one method with `@OnSecurityEvent()`. */
export class ListenerSink extends SecurityEventSink {
  constructor(private readonly listener: SecurityEventListener) {
    super();
  }

  override write(event: SecurityEvent): void | Promise<void> {
    const returned = this.listener.call(event);
    return isPromiseLike(returned) ? Promise.resolve(returned).then(() => undefined) : undefined;
  }
}
