import type { SecurityEventType } from './security-event.js';

/** How loudly an event is logged. */
export type EventLevel = 'log' | 'warn' | 'error';

/** Every type of event, with the level that it is logged at. */
export const EVENT_LEVELS: Readonly<Record<SecurityEventType, EventLevel>> = Object.freeze({
  'ws.handshake.accepted': 'log',
  'ws.handshake.refused': 'warn',
  'ws.handshake.reported': 'warn',
  'ws.handshake.forwarding-ignored': 'warn',
  'ws.connection.opened': 'log',
  'ws.connection.closed': 'log',
  'ws.violations.exceeded': 'warn',
  'ws.message.refused': 'warn',
  'ws.message.reported': 'warn',
  'ws.application.failed': 'error',
  'ws.config.weak': 'warn',
  'ws.drain.started': 'log',
  'ws.drain.finished': 'log',
  'ws.audit.dropped': 'error',
  'ws.audit.summary': 'warn',
});

/** Every type of event. */
export const SECURITY_EVENT_TYPES = Object.freeze(Object.keys(EVENT_LEVELS)) as readonly SecurityEventType[];
