import type { SecurityEvents } from '../events/security-events.js';
import { ResilientStore } from './resilient.store.js';
import type { SecureWsStore } from './secure-ws.store.js';

/** Tells in events when a shared store stops answering, when it is back, and what in it nobody of us has written. The memory of this node never does. */
export function reportStoreHealth(store: SecureWsStore, events: SecurityEvents): void {
  if (!(store instanceof ResilientStore)) return;
  store.forgeries.onFound((what, count) => {
    events.emit({ type: 'ws.store.forged', what, count });
  });
  store.onHealth({
    onAway: () => {
      events.emit({ type: 'ws.store.away' });
    },
    onBack: (awayMs) => {
      events.emit({ type: 'ws.store.back', durationMs: Math.round(awayMs) });
    },
  });
}
