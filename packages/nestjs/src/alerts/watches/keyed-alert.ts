import type { AlertSubject } from '../active-alert.js';
import type { KeyEntry } from '../key-table.js';
import type { RaisedAlerts } from '../raised-alerts.js';

/** A key that can have an alert. */
export interface AlertedKey extends KeyEntry {
  /** Whether it was counted among those who found no room for an alert. */
  isFurther: boolean;
}

/** Raises the alert of a key that has none, which must then stay in its table; or counts it, once, where there is no room. */
export function raiseForKey(entry: AlertedKey, subject: AlertSubject, alerts: RaisedAlerts): void {
  const level = (now: number) => ({ value: entry.used(now) });
  const onEnded = (): void => {
    entry.isPinned = false;
  };
  if (alerts.raise(entry.key, subject, level, onEnded)) {
    entry.isPinned = true;
  } else if (!entry.isFurther) {
    entry.isFurther = true;
    alerts.addFurther();
  }
}
