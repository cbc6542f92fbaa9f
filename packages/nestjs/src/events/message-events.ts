import type { WsErrorCode } from '@secure-ws/protocol';
import type { OwaspEventName } from './owasp-event-name.js';

/** A message that was not handled, or whose handler failed. */
export interface MessageRefusedEvent {
  readonly type: 'ws.message.refused';
  readonly owasp: OwaspEventName;
  readonly code: WsErrorCode;
  /** The check that refused, a word of `message-reasons.ts`. */
  readonly reason: string;
  readonly connectionId: string;
  readonly principal: string;
  readonly path: string;
  readonly address: string;
  /** The event, where it is one of the application's; a name that the client made up is not repeated. */
  readonly event?: string;
  /** The same id stands in the error frame. */
  readonly correlationId: string;
  /** The path of the option that moves the limit that was met, such as `throttling.connection`. */
  readonly option?: string;
}

/** A message that would have been refused, on a gateway of the `migration` option or by a limit that only reports. */
export interface MessageReportedEvent extends Omit<MessageRefusedEvent, 'type'> {
  readonly type: 'ws.message.reported';
}
