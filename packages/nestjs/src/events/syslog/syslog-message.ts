import { toLine } from '../../core/visible-text.js';
import { rowOf, type SecurityEvent } from '../security-event.js';

/** What stands in each message in front of the event. */
export interface SyslogHeader {
  /** 0 to 23 (RFC 5424 section 6.2.1). */
  readonly facility: number;
  readonly hostname: string;
  readonly appName: string;
  readonly processId: string;
}

/** RFC 5424 section 6.2.1: informational, warning, error. */
const SEVERITY = { log: 6, warn: 4, error: 3 } as const;

const MAX_MESSAGE_ID = 32;

/** Says that the message is UTF-8 (RFC 5424 section 6.4). */
const BYTE_ORDER_MARK = '\ufeff';

/** Whether a text can stand in a header: printable US-ASCII without a space, no longer than its field (section 6). */
export function isHeaderText(text: unknown, maxLength: number): text is string {
  return typeof text === 'string' && text.length <= maxLength && /^[\x21-\x7e]+$/.test(text);
}

/**
 * An event as a message of RFC 5424, whose text is the line of JSON, framed by its length in bytes as RFC 5425 section 4.3
 * says: no line break in it could begin another message.
 */
export function syslogFrame(event: SecurityEvent, { facility, hostname, appName, processId }: SyslogHeader): string {
  const priority = facility * 8 + SEVERITY[rowOf(event.type).level];
  const id = event.type.slice(0, MAX_MESSAGE_ID);
  const header = `<${priority}>1 ${event.time} ${hostname} ${appName} ${processId} ${id} -`;
  const message = `${header} ${BYTE_ORDER_MARK}${toLine(event)}`;
  return `${Buffer.byteLength(message)} ${message}`;
}
