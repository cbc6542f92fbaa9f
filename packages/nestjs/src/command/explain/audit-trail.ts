import { createReadStream } from 'node:fs';
import { isPlainObject } from '../../core/option-reader.js';

/** A longer line is none of ours: a sink writes at most a few kilobytes. */
const MAX_LINE = 1_048_576;

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
  for await (const line of linesOf(path)) {
    if (line === '') continue;
    const record = line === undefined ? undefined : readRecord(line);
    if (record === undefined) skipped++;
    else if (record['correlationId'] === correlationId && records.length < MAX_FOUND) records.push(record);
  }
  return { records, skipped };
}

/** The lines of a file; `undefined` for each that is too long to be one of ours, of which nothing is kept. */
async function* linesOf(path: string): AsyncGenerator<string | undefined> {
  let rest = '';
  let isTooLong = false;
  try {
    const stream = createReadStream(path, { encoding: 'utf8' }) as AsyncIterable<string>;
    for await (const chunk of stream) {
      const parts = chunk.split('\n');
      for (const [index, part] of parts.entries()) {
        if (!isTooLong) rest += part;
        if (rest.length > MAX_LINE) [isTooLong, rest] = [true, ''];
        if (index === parts.length - 1) break;
        yield isTooLong ? undefined : rest.trim();
        [isTooLong, rest] = [false, ''];
      }
    }
  } catch (cause) {
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`--audit ${path} cannot be read: ${code}.`, { cause });
  }
  if (isTooLong || rest !== '') yield isTooLong ? undefined : rest.trim();
}

function readRecord(line: string): AuditRecord | undefined {
  // What stands in front of the event, and behind it, is the logger's: date, level, colours.
  const [start, end] = [line.indexOf('{'), line.lastIndexOf('}')];
  const parsed = start === -1 ? undefined : parse(line.slice(start, end + 1));
  if (parsed === undefined || isEvent(parsed)) return parsed;
  const { message, msg = message } = parsed;
  const nested = typeof msg === 'string' ? parse(msg) : msg;
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
