import { fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** Runs the fixture: what it wrote, what it reported, and how it ended. */
async function run(end: string): Promise<{ lines: string[]; report: unknown; code: unknown }> {
  const child = fork(fixture('run-typescript.mjs'), [fixture('audit-lines.ts'), end], {
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let report: unknown;
  child.once('message', (message) => {
    report = message;
  });
  if (child.stdout === null) throw new Error('The process has no pipe for its output.');
  const [output, [code]] = (await Promise.all([text(child.stdout), once(child, 'close')])) as [string, unknown[]];
  return { lines: output.trimEnd().split('\n'), report, code };
}

/** What each line says, in its order, and whose it is. */
const inShort = (lines: readonly string[]): string[] =>
  lines.map((line) => {
    const event = /"connections":(\d+)/.exec(line);
    return event === null ? line : `event ${event[1]}`;
  });

const EXPECTED = ['first', ...Array.from({ length: 20 }, (_, index) => [`event ${index}`, `own ${index}`]).flat()];

describe('the audit lines of one turn', () => {
  it('F55 leave in one write, in their order with the lines of the application, and leave no listener', async () => {
    const { lines, report } = await run('goes-on');
    expect(inShort(lines)).toEqual(EXPECTED);
    expect(report).toEqual({ writes: [40], listeners: [1, 0] });
  });

  it.each([
    ['exits', 0],
    ['throws', 1],
  ])('F55 are not lost where the process %s in that turn', async (end, expected) => {
    const { lines, code } = await run(end);
    expect(inShort(lines)).toEqual(EXPECTED);
    expect(code).toBe(expected);
  });
});
