import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, parse } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRotationDue, originOf, RotatedFiles } from './rotated-files.js';

const NOON = Date.parse('2026-11-27T12:00:00.000Z');
const RULE = { maxFileBytes: 1000, rotateDaily: true };

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'secure-ws-rotated-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('isRotationDue', () => {
  it.each([
    ['an empty file of another day', { size: 0, writtenAt: 0 }, RULE, false],
    ['room left', { size: 999, writtenAt: NOON }, RULE, false],
    ['a full file', { size: 1000, writtenAt: NOON }, RULE, true],
    ['a file of yesterday', { size: 1, writtenAt: NOON - 12 * 3_600_000 - 1 }, RULE, true],
    ['a file of this morning', { size: 1, writtenAt: NOON - 12 * 3_600_000 }, RULE, false],
    ['a file of yesterday, where days do not count', { size: 1, writtenAt: 0 }, { ...RULE, rotateDaily: false }, false],
  ])('MO-08 is asked of %s', (_, state, rule, isDue) => {
    expect(isRotationDue(state, NOON, rule)).toBe(isDue);
  });
});

describe('RotatedFiles', () => {
  it('MO-08 names files in the order in which they are put away, in one millisecond and when the clock steps back', async () => {
    const path = folder();
    const files = new RotatedFiles(join(path, 'audit.jsonl'));
    const names: string[] = [];
    for (const now of [NOON, NOON, NOON, NOON - 3_600_000, NOON + 1]) {
      const next = await files.nextPath(now);
      names.push(basename(next));
      writeFileSync(next, '');
    }
    expect(names.map((name) => name.slice(0, 35))).toEqual([
      'audit.2026-11-27T12-00-00-000Z-0000',
      'audit.2026-11-27T12-00-00-000Z-0001',
      'audit.2026-11-27T12-00-00-000Z-0002',
      'audit.2026-11-27T12-00-00-000Z-0003',
      'audit.2026-11-27T12-00-00-001Z-0000',
    ]);
    expect((await files.paths()).map((file) => basename(file))).toEqual(names);
  });

  it.each([
    ['in which somebody has used all names', '2099-12-31T23-59-59-999Z-9999', '2100-01-01T00-00-00-000Z-0000'],
    ['after which no other can be written', '9999-12-31T23-59-59-999Z-9999', '9999-12-31T23-59-59-999Z-9999'],
    ['that there is not', '2099-99-99T99-99-99-999Z-0000', '2026-11-27T12-00-00-000Z-0000'],
  ])('MO-08 chooses a name that it knows again behind one of a moment %s', async (_, planted, expected) => {
    const path = folder();
    writeFileSync(join(path, `audit.${planted}-00000000.jsonl`), '');
    const files = new RotatedFiles(join(path, 'audit.jsonl'));
    const next = await files.nextPath(NOON);
    expect(basename(next).slice('audit.'.length, -'-00000000.jsonl'.length)).toBe(expected);
    writeFileSync(next, '');
    expect(await files.paths()).toContain(next);
  });

  it('MO-08 removes the oldest of its own, and nothing that is somebody else’s', async () => {
    const path = folder();
    const ours = [1, 2, 3].map((day) => `audit.2026-11-0${day}T00-00-00-000Z-0000-00000000.jsonl`);
    const others = [
      'audit.jsonl',
      'audit.2026-11-01.jsonl',
      'audit.old.jsonl',
      'audit.2026-11-01T00-00-00-000Z-0000-00000000.jsonl.gz',
      'other.2026-11-01T00-00-00-000Z-0000-00000000.jsonl',
      'audit.2026-11-01T00-00-00-000Z-0000-00000000',
    ];
    for (const name of [...ours, ...others]) writeFileSync(join(path, name), '');
    await new RotatedFiles(join(path, 'audit.jsonl')).keepNewest(1);
    expect(new Set(readdirSync(path))).toEqual(new Set([...others, ours[2]]));
  });

  it('MO-08 takes a file that another process has removed meanwhile for removed', async () => {
    const path = folder();
    const name = (number: number): string =>
      `audit.2026-11-01T00-00-00-000Z-${String(number).padStart(4, '0')}-00000000.jsonl`;
    for (let number = 0; number < 200; number++) writeFileSync(join(path, name(number)), '');
    const files = new RotatedFiles(join(path, 'audit.jsonl'));
    await Promise.all([files.keepNewest(1), files.keepNewest(1), files.keepNewest(1)]);
    expect(readdirSync(path)).toEqual([name(199)]);
  });

  it.each(['audit.jsonl', 'audit', '/var/log/web.1/audit.jsonl', 'a.b/audit'])(
    'MO-08 knows of which path a file was put away: %s',
    (path) => {
      const { dir, name, ext } = parse(path);
      const putAway = join(dir, `${name}.2026-11-27T12-00-00-000Z-0000-5f3a9c01${ext}`);
      expect(originOf(putAway)).toBe(path);
      expect(originOf(path)).toBe(path);
    },
  );
});
