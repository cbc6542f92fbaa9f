import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SEVERITIES } from '../checks/check.js';
import type { CheckOutcome, ScanResult } from '../scan-result.js';
import { GRADES } from '../score/grade.js';

const MAX_BYTES = 16_777_216;
const MAX_FILES = 1000;
const OUTCOMES = ['finding', 'passed', 'not-tested'];

/**
 * Reads what earlier scans have found: one report in JSON, or every `.json` file of a folder.
 *
 * @param option what the caller calls it, for the message.
 * @throws TypeError for what is no such report.
 */
export async function readResults(option: string, path: string): Promise<readonly ScanResult[]> {
  const isFolder = await isDirectory(option, path);
  if (!isFolder) return [await readResult(option, path)];
  const names = (await readdir(path)).filter((name) => name.endsWith('.json')).sort();
  if (names.length === 0 || names.length > MAX_FILES) {
    throw new TypeError(`${option} ${path} holds ${names.length} .json files: it takes 1 to ${MAX_FILES}.`);
  }
  const results = await Promise.all(names.map((name) => readResult(option, join(path, name))));
  const twice = results.find(({ target }, index) => results.findIndex((other) => other.target === target) !== index);
  if (twice !== undefined) throw new TypeError(`${option} ${path} holds two reports of ${twice.target}: keep one.`);
  return results;
}

/**
 * Reads one report.
 *
 * @throws TypeError
 */
export async function readResult(option: string, path: string): Promise<ScanResult> {
  let value: unknown;
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw Object.assign(new Error(), { code: 'it is not a regular file' });
    if (stats.size > MAX_BYTES) throw Object.assign(new Error(), { code: `it is larger than ${MAX_BYTES} bytes` });
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new TypeError(`${option} ${path} cannot be read: ${code ?? 'it is not JSON'}.`, { cause });
  }
  if (!isResult(value)) {
    throw new TypeError(
      `${option} ${path} is not a report of secure-ws-scan in JSON, as --output report.json writes it.`,
    );
  }
  return value;
}

async function isDirectory(option: string, path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    const { code = 'an unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TypeError(`${option} ${path} cannot be read: ${code}.`, { cause });
  }
}

/** As much as is compared and shown: a file is as untrusted as the server that its texts came from. */
function isResult(value: unknown): value is ScanResult {
  const { target, outcomes, grade } = fieldsOf(value);
  const { letter, points } = fieldsOf(grade);
  return (
    typeof target === 'string' &&
    typeof points === 'number' &&
    (letter === undefined || (GRADES as readonly unknown[]).includes(letter)) &&
    Array.isArray(outcomes) &&
    outcomes.every(isOutcome)
  );
}

function isOutcome(value: unknown): value is CheckOutcome {
  const { check, outcome, severity, says, evidence } = fieldsOf(value);
  return (
    Array.isArray(evidence) &&
    evidence.every((one) => ['string', 'undefined'].includes(typeof fieldsOf(one)['about']) && one !== null) &&
    typeof check === 'string' &&
    typeof says === 'string' &&
    OUTCOMES.includes(outcome as string) &&
    (SEVERITIES as readonly unknown[]).includes(severity)
  );
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
