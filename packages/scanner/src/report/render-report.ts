import { extname } from 'node:path';
import type { ScanResult } from '../scan-result.js';
import { htmlReport } from './report-html.js';
import { junitReport } from './report-junit.js';
import { sarifReport } from './report-sarif.js';
import { type RemediationFor, textReport } from './report-text.js';
import { printableJson } from './visible-text.js';

/** The forms of a report. */
export type ReportForm = 'text' | 'json' | 'sarif' | 'junit' | 'html';

/** The form of a file by the end of its name. */
const ENDINGS: ReadonlyMap<string, ReportForm> = new Map([
  ['.txt', 'text'],
  ['.json', 'json'],
  ['.sarif', 'sarif'],
  ['.xml', 'junit'],
  ['.html', 'html'],
]);

/** @throws TypeError for a name whose end stands for no form. */
export function reportFormOf(path: string): ReportForm {
  const form = ENDINGS.get(extname(path).toLowerCase());
  if (form !== undefined) return form;
  throw new TypeError(`--output ${path} does not end in one of ${[...ENDINGS.keys()].join(', ')}, which say the form.`);
}

/** A result as the text of a report, without a line feed at its end. */
export function renderReport(result: ScanResult, form: ReportForm, remediationFor: RemediationFor): string {
  switch (form) {
    case 'json':
      return printableJson(result);
    case 'sarif':
      return printableJson(sarifReport(result));
    case 'junit':
      return junitReport(result);
    case 'html':
      return htmlReport(result, remediationFor);
    case 'text':
      return textReport(result, remediationFor).join('\n');
  }
}
