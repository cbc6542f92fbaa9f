import { toLine } from '../../core/visible-text.js';
import { isChainMark } from '../../events/chain/chain-marks.js';
import { readAuditRecord } from '../audit-record.js';
import type { CommandOutput } from '../command.js';
import { linesOfFile } from '../file-lines.js';
import { toEcs } from './export/ecs.js';
import { type ExportedEvent, readExported } from './export/exported-event.js';
import { toOcsf } from './export/ocsf.js';

/** What is to be exported. */
export interface ExportArguments {
  readonly files: readonly string[];
  readonly format: string | undefined;
}

const FORMATS: ReadonlyMap<string, (event: ExportedEvent) => object> = new Map([
  ['ocsf', toOcsf],
  ['ecs', toEcs],
]);

/** `secure-ws audit export`. @throws TypeError for arguments and files that cannot be. */
export async function exportTrail(
  { files, format = '' }: ExportArguments,
  { out, note }: CommandOutput,
): Promise<number> {
  const write = FORMATS.get(format);
  if (write === undefined) throw new TypeError('--format takes ocsf or ecs.');
  if (files.length === 0) throw new TypeError('Name the files, the oldest first: audit.*.jsonl audit.jsonl.');
  let skipped = 0;
  for (const file of files) {
    for await (const bytes of linesOfFile(file, { option: 'The file', allowsStreams: false })) {
      const line = bytes?.toString('utf8').trim();
      if (line === '') continue;
      const record = line === undefined ? undefined : readAuditRecord(line);
      const event = record === undefined ? undefined : readExported(record);
      if (event !== undefined) out(toLine(write(event)));
      else if (record === undefined || !isChainMark(record['type'])) skipped++;
    }
  }
  if (skipped === 1) note('1 line is not an event of this release, and was skipped.');
  else if (skipped > 1) note(`${skipped} lines are not events of this release, and were skipped.`);
  return 0;
}
