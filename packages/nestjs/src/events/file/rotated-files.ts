import { randomBytes } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { join, parse } from 'node:path';

/** When, which one of that moment, and by whom. */
const NAME = /^(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z)-(\d{4})-[0-9a-f]{8}$/;

/** When a file is put away for the next one. */
export interface RotationRule {
  readonly maxFileBytes: number;
  readonly rotateDaily: boolean;
}

/** What there is of a file that may have to be put away. */
export interface RotatedState {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
}

/** Whether a file is put away before something is written at `now`: it is full, or of another day (UTC). */
export function isRotationDue({ size, writtenAt }: RotatedState, now: number, rule: RotationRule): boolean {
  if (size === 0) return false;
  return size >= rule.maxFileBytes || (rule.rotateDaily && dayOf(writtenAt) !== dayOf(now));
}

/**
 * The files that were put away of one path: `audit.2026-11-27T10-15-00-000Z-0000-5f3a9c01.jsonl` of `audit.jsonl`. Sorted
 * by name they are in the order in which they were written, whatever the wall clock does, and the path itself comes last.
 */
export class RotatedFiles {
  readonly #folder: string;
  readonly #name: string;
  readonly #extension: string;

  constructor(path: string) {
    const { dir, name, ext } = parse(path);
    this.#folder = dir === '' ? '.' : dir;
    this.#name = name;
    this.#extension = ext;
  }

  /** A path for a file that is put away at `now`: behind all that there are, and not one that another process chooses. */
  async nextPath(now: number): Promise<string> {
    const time = new Date(now).toISOString().replace(/[:.]/g, '-');
    const [, newest = '', count = ''] = NAME.exec(this.#middleOf((await this.#names()).at(-1) ?? '')) ?? [];
    const place = newest >= time ? `${newest}-${String(Number(count) + 1).padStart(4, '0')}` : `${time}-0000`;
    return join(this.#folder, `${this.#name}.${place}-${randomBytes(4).toString('hex')}${this.#extension}`);
  }

  /** Their paths, the oldest first. */
  async paths(): Promise<readonly string[]> {
    return (await this.#names()).map((name) => join(this.#folder, name));
  }

  /** Removes the oldest, but for the newest `count`. One that is gone already is gone. */
  async keepNewest(count: number): Promise<void> {
    const paths = await this.paths();
    for (const path of paths.slice(0, Math.max(0, paths.length - count))) {
      try {
        await unlink(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }

  async #names(): Promise<readonly string[]> {
    const names = await readdir(this.#folder);
    return names.filter((name) => NAME.test(this.#middleOf(name))).sort();
  }

  /** What stands between the name and the extension. */
  #middleOf(name: string): string {
    const [start, end] = [`${this.#name}.`, this.#extension];
    return name.startsWith(start) && name.endsWith(end) ? name.slice(start.length, name.length - end.length) : '';
  }
}

function dayOf(moment: number): number {
  return Math.floor(moment / 86_400_000);
}
