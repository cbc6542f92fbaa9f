import type { ResolvedThrottlingOptions } from './throttling.options.js';
import { ThrottleWindows } from './throttle-windows.js';

/** How much one connection may send: messages and bytes. */
export class ConnectionThrottle {
  readonly messages: ThrottleWindows;
  readonly bytes: ThrottleWindows;

  constructor({ connection, connectionBytesPerSecond, mode }: ConnectionLimits) {
    this.messages = new ThrottleWindows(connection);
    this.bytes = new ThrottleWindows([{ limit: connectionBytesPerSecond, ttl: 1000, mode }]);
  }
}

/** What {@link ConnectionThrottle} reads. */
export type ConnectionLimits = Pick<ResolvedThrottlingOptions, 'connection' | 'connectionBytesPerSecond' | 'mode'>;
