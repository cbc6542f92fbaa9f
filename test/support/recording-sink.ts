import { type SecurityEvent, SecurityEventSink } from '@secure-ws/nestjs';
import { until } from './patience.js';

type EventOf<Type extends SecurityEvent['type']> = Extract<SecurityEvent, { type: Type }>;

/** Keeps every security event of an application. */
export class RecordingSink extends SecurityEventSink {
  readonly events: SecurityEvent[] = [];

  override write(event: SecurityEvent): void {
    this.events.push(event);
  }

  /** The events of one type, in their order. */
  ofType<Type extends SecurityEvent['type']>(type: Type): EventOf<Type>[] {
    return this.events.filter((event): event is EventOf<Type> => event.type === type);
  }

  /** Forgets what was recorded. */
  clear(): void {
    this.events.length = 0;
  }

  /** Waits until an event of a type has been recorded, and gives the first one. */
  async seen<Type extends SecurityEvent['type']>(type: Type): Promise<EventOf<Type>> {
    await until(() => this.ofType(type).length > 0, `a security event of type ${type} was recorded`);
    return this.ofType(type)[0] as EventOf<Type>;
  }
}
