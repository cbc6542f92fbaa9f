import { createHash } from 'node:crypto';
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import { runCommand } from '../../packages/nestjs/src/command/run-command.js';
import { FileSink } from '../../packages/nestjs/src/events/file/file.sink.js';
import type { FileSinkOptions } from '../../packages/nestjs/src/events/file/file-sink.options.js';
import type { SecurityEvent } from '../../packages/nestjs/src/events/security-event.js';
import { type AuditFolder, rewrite } from './audit-folder.js';
import { FakeClock } from './fake-clock.js';

/** When the first run begins. */
export const START = Date.parse('2026-11-27T10:00:00.000Z');

/** An event as sinks get it. */
export const event = (clock: FakeClock, connections: number): SecurityEvent => ({
  type: 'ws.drain.started',
  owasp: 'sys_shutdown',
  time: new Date(clock.now()).toISOString(),
  connections,
});

/** One run of a process: it starts, writes some events a second apart, and ends. */
export async function run(
  { path, privateKey }: AuditFolder,
  count: number,
  options: Partial<FileSinkOptions> & { readonly from?: number; readonly crashes?: boolean } = {},
): Promise<void> {
  const { from = START, crashes = false, chain, ...others } = options;
  const clock = new FakeClock(from);
  if (existsSync(path)) dateByContent(path);
  const sink = new FileSink({ path, ...others, chain: { privateKey, node: 'web-1', anchorEveryRecords: 5, ...chain } });
  await sink.open(clock);
  for (let i = 0; i < count; i++) {
    await sink.write(event(clock, i));
    clock.advance(1000);
  }
  await sink.close();
  // One that crashes has not signed its end.
  if (crashes) rewrite(path, (lines) => lines.slice(0, -1));
}

/** Files of another day are put away at a start, and the system knows nothing of the clock that a test writes with. */
function dateByContent(path: string): void {
  const last = [...readFileSync(path, 'utf8').matchAll(/"time":"([^"]+)"/g)].at(-1)?.[1];
  if (last !== undefined) utimesSync(path, new Date(last), new Date(last));
}

/** What the command said. */
export interface Verified {
  readonly status: number;
  readonly text: string;
  /** What was found, without the folder. */
  readonly wrong: readonly string[];
}

/** `secure-ws audit verify` with the key of the folder. */
export async function verify(audit: AuditFolder, files = audit.files(), ...more: readonly string[]): Promise<Verified> {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line.replaceAll(`${audit.folder}/`, ''));
  const args = ['audit', 'verify', ...files, '--public-key', audit.publicKey, ...more];
  const status = await runCommand(args, { out: write, note: write });
  const wrong = lines.filter((line) => line.startsWith('WRONG')).map((line) => line.replace(/^WRONG +/, ''));
  return { status, text: lines.join('\n'), wrong };
}

/** A line with other bytes in front of its hash, which is made again: whoever edits a file can do that. */
export function rehashed(line: string, change: (body: string) => string): string {
  const body = change(line.slice(0, -54));
  return `${body},"hash":"${createHash('sha256').update(body).digest('base64url')}"}`;
}

/** Lines chained again from `from` on, as somebody without the key can. */
export function rechained(lines: readonly string[], from: number): string[] {
  const result = [...lines];
  for (let i = Math.max(from, 1); i < result.length; i++) {
    const prev = /"hash":"([\w-]{43})"\}$/.exec(result[i - 1] ?? '')?.[1] ?? '';
    result[i] = rehashed(result[i] ?? '', (body) => body.replace(/"prev":"[\w-]{43}"/, `"prev":"${prev}"`));
  }
  return result;
}
