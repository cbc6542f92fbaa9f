import { isPromiseLike } from '../../core/awaitable.js';
import type { SecurityEvent, SecurityEventType } from '../security-event.js';
import { SecurityEventSink } from '../security-event-sink.js';
import type { SecurityEventListener } from './security-event-listeners.js';

/** Brings events to one method with `@OnSecurityEvent()`. */
export class ListenerSink extends SecurityEventSink {
  constructor(private readonly listener: SecurityEventListener) {
    super();
  }

  override wants(type: SecurityEventType): boolean {
    return this.listener.types.has(type);
  }

  override write(event: SecurityEvent): void | Promise<void> {
    const returned = this.listener.call(event);
    return isPromiseLike(returned) ? Promise.resolve(returned).then(() => undefined) : undefined;
  }
}
