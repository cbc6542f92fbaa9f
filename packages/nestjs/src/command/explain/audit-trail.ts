import { type AuditRecord, readAuditRecord } from '../audit-record.js';
import { linesOfFile } from '../file-lines.js';

/** More records than this have one id only in a file that somebody made. */
const MAX_FOUND = 20;

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
    const record = line === undefined ? undefined : readAuditRecord(line);
    if (record === undefined) skipped++;
    else if (record['correlationId'] === correlationId && records.length < MAX_FOUND) records.push(record);
  }
  return { records, skipped };
}
