import { WebSocketServer } from 'ws';
import type { BootProblems } from '../core/boot-problems.js';

/** What a `WebSocketServer` takes when nobody says otherwise: it tells the versions of `ws` apart that matter here. */
export interface WsDefaults {
  /** The most fragments of a message. 131072 up to 8.21.0, 16384 since 8.21.1. */
  readonly maxFragments?: unknown;
  /** How many pongs may wait for a peer that does not read. Unknown before 8.23.0. */
  readonly maxPendingAutoPongs?: unknown;
}

/** How many fragments a fixed `ws` takes by default. */
const FIXED_MAX_FRAGMENTS = 16_384;

const FIX = 'npm install ws@^8.23.0, and remove what pins an older one (npm explain ws)';

/**
 * Checks the copy of `ws` that the connections will really run on (DP-03). The application, `@nestjs/platform-ws` and this
 * package may each have one; the class itself is asked, because no `package.json` says which of them was loaded: bundlers,
 * aliases and overrides decide that.
 *
 * A copy before 8.21.1 fails the boot: it can be filled up with tiny fragments (CVE-2026-48779, and its second half that
 * 8.21.0 left open). One before 8.23.0 is a warning: a peer that pings and does not read makes it hoard pongs.
 *
 * @param defaults what the server class fills in by itself. @default those of the class that this package imports
 */
export function checkWsVersion(
  problems: BootProblems,
  defaults: WsDefaults = new WebSocketServer({ noServer: true }).options,
): void {
  const { maxFragments, maxPendingAutoPongs } = defaults;
  if (typeof maxFragments !== 'number' || !(maxFragments > 0 && maxFragments <= FIXED_MAX_FRAGMENTS)) {
    problems.add('ws', 'is older than 8.21.1: a few clients can fill its memory with tiny fragments.', FIX);
  } else if (typeof maxPendingAutoPongs !== 'number') {
    problems.warn('ws', `is older than 8.23.0: a client that pings and does not read makes it grow. ${FIX}`);
  }
}
