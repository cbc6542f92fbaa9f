import { renderReport, reportFormOf } from '../report/render-report.js';
import type { RemediationFor } from '../report/report-text.js';
import type { ScanResult } from '../scan-result.js';
import { checkWritable, writeWholeFile } from './write-whole-file.js';

/**
 * Looks whether a report can be written, before a scan has taken its minutes.
 *
 * @throws TypeError for a name that stands for no form, or a folder that is not there.
 */
export async function checkOutput(path: string): Promise<void> {
  reportFormOf(path);
  await checkWritable('--output', path);
}

/**
 * Writes reports into files, each in the form that its name ends with.
 *
 * @throws TypeError for a file that cannot be written.
 */
export async function writeReports(
  result: ScanResult,
  paths: readonly string[],
  remediationFor: RemediationFor,
): Promise<void> {
  for (const path of paths) {
    await writeWholeFile('--output', path, `${renderReport(result, reportFormOf(path), remediationFor)}\n`);
  }
}
