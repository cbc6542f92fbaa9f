import type { ScanResult } from '../scan-result.js';

/** What a target speaks, and how sure that is, for the middle of a sentence; empty where it was not asked. */
export function spokenOf({ dialect, recognition }: Pick<ScanResult, 'dialect' | 'recognition'>): string {
  if (dialect === undefined) return '';
  if (recognition?.confidence === 'tentative') return `is taken to speak ${dialect}`;
  return `speaks ${dialect}`;
}
