import { SecurityEventSink } from '../security-event-sink.js';

/** Whose each sink is that an application has opened. */
const OWNERS = new WeakMap<SecurityEventSink, object>();

/**
 * Makes a sink one application's, if it opens or ends anything: two would write into each other's calls, and the first that
 * ends would end it for both. One without `open()` and `close()` of its own is anybody's.
 *
 * @returns whether no other application of the process has it.
 */
export function claimSink(sink: SecurityEventSink, owner: object): boolean {
  if (!isStateful(sink)) return true;
  if (isOfAnother(sink, owner)) return false;
  OWNERS.set(sink, owner);
  return true;
}

/** Whether another application of the process has a sink. */
export function isOfAnother(sink: SecurityEventSink, owner: object): boolean {
  return (OWNERS.get(sink) ?? owner) !== owner;
}

/** Lets another application have a sink. */
export function releaseSink(sink: SecurityEventSink): void {
  OWNERS.delete(sink);
}

function isStateful(sink: SecurityEventSink): boolean {
  return (['open', 'close'] as const).some((name) => sink[name] !== SecurityEventSink.prototype[name]);
}
