import { isPlainObject } from '../../core/option-reader.js';
import { isChainMark } from '../../events/chain/chain-marks.js';
import { linesOfFile } from '../file-lines.js';

/** More records than this have one id only in a file that somebody made. */
const MAX_FOUND = 20;

/** A refusal, as an audit file has it. What stands in it may be anybody's. */
export type AuditRecord = Readonly<Record<string, unknown>>;

/** What an audit file has under an id. */
export interface AuditFinding {
  readonly records: readonly AuditRecord[];
  /** How many lines were no event. */
  readonly skipped: number;
}

/**
 * Finds the refusals with a correlation id in an audit file, line by line: however large the file is, one line is in memory.
 * It takes the JSON lines of a sink, and those of Nest's logger, as text or as JSON.
 *
 * @throws TypeError for a file that cannot be read.
 */
export async function findInAudit(path: string, correlationId: string): Promise<AuditFinding> {
  const records: AuditRecord[] = [];
  let skipped = 0;
  for await (const bytes of linesOfFile(path, { option: '--audit' })) {
    const line = bytes?.toString('utf8').trim();
    if (line === '') continue;
    const record = line === undefined ? undefined : readRecord(line);
    if (record === undefined) skipped++;
    else if (record['correlationId'] === correlationId && records.length < MAX_FOUND) records.push(record);
  }
  return { records, skipped };
}

function readRecord(line: string): AuditRecord | undefined {
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
