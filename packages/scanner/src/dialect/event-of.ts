import type { Dialect } from './dialect.js';

/** The name of the event, operation, field or destination that a message asks for; `undefined` where none can be read. */
export function eventOf(dialect: Dialect, message: string): string | undefined {
  return dialect.eventOf(message);
}
