import { access, constants, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { renderReport, reportFormOf } from '../report/render-report.js';
import type { RemediationFor } from '../report/report-text.js';
import type { ScanResult } from '../scan-result.js';

/**
 * Looks whether a report can be written, before a scan has taken its minutes.
 *
 * @throws TypeError for a name that stands for no form, or a folder that is not there.
 */
export async function checkOutput(path: string): Promise<void> {
  reportFormOf(path);
  try {
    await access(dirname(path), constants.W_OK);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

/**
 * Writes reports into files, each whole or not at all, readable for its owner only: they say where a server is weak.
 *
 * @throws TypeError for a file that cannot be written.
 */
export async function writeReports(
  result: ScanResult,
  paths: readonly string[],
  remediationFor: RemediationFor,
): Promise<void> {
  for (const path of paths) {
    const temporary = `${path}.${process.pid}.part`;
    try {
      await writeFile(temporary, `${renderReport(result, reportFormOf(path), remediationFor)}\n`, {
        mode: 0o600,
        flag: 'wx',
      });
      await rename(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true });
      throw cannotWrite(path, cause);
    }
  }
}

function cannotWrite(path: string, cause: unknown): TypeError {
  const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
  return new TypeError(`--output ${path} cannot be written: ${code}.`, { cause });
}
