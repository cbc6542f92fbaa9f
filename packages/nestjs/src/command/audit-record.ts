import { isPlainObject } from '../core/option-reader.js';
import { isChainMark } from '../events/chain/chain-marks.js';

/** An event, as an audit file has it. What stands in it may be anybody's. */
export type AuditRecord = Readonly<Record<string, unknown>>;

/**
 * Reads a line of a sink, or of a logger that wrote it as text or as JSON.
 *
 * @returns an event, or what a chain says of itself; `undefined` for anything else.
 */
export function readAuditRecord(line: string): AuditRecord | undefined {
  // What stands in front of the event, and behind it, is the logger's: date, level, colours.
  const [start, end] = [line.indexOf('{'), line.lastIndexOf('}')];
  const parsed = start === -1 ? undefined : parse(line.slice(start, end + 1));
  // What a chain says of itself is no event, and nothing that was skipped either.
  if (parsed === undefined || isEvent(parsed) || isChainMark(parsed['type'])) return parsed;
  // Pino has the event beside its message, other loggers have it as their message.
  const { message, msg = message, event = msg } = parsed;
  const nested = typeof event === 'string' ? parse(event) : event;
  return isPlainObject(nested) && isEvent(nested) ? nested : undefined;
}

function parse(text: string): AuditRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEvent({ type }: AuditRecord): boolean {
  return typeof type === 'string' && type.startsWith('ws.');
}
