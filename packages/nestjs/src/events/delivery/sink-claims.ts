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
  if ((OWNERS.get(sink) ?? owner) !== owner) return false;
  OWNERS.set(sink, owner);
  return true;
}

/** Lets another application have a sink, if it is `owner` who has it. */
export function releaseSink(sink: SecurityEventSink, owner: object): void {
  if (OWNERS.get(sink) === owner) OWNERS.delete(sink);
}

function isStateful(sink: SecurityEventSink): boolean {
  return (['open', 'close'] as const).some((name) => sink[name] !== SecurityEventSink.prototype[name]);
}
