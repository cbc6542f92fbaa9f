import { randomBytes } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { join, parse } from 'node:path';

/** When, which one of that moment, and by whom. */
const NAME = /^(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z)-(\d{4})-[0-9a-f]{8}$/;

/** What a put away file has in its name beside that of its path. */
const STAMP = /\.\d{4}-\d\d-\d\dT[\d-]{12}Z-\d{4}-[0-9a-f]{8}(?=(?:\.[^./\\]*)?$)/;

/** How many files are told apart in one millisecond. */
const MAX_COUNT = 9999;

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

/** The path that a file was put away of, as its name says it; a file of any other name is of its own. */
export function originOf(path: string): string {
  return path.replace(STAMP, '');
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
    const time = textOf(now);
    const [, newest = '', count = ''] = NAME.exec(this.#middleOf((await this.#names()).at(-1) ?? '')) ?? [];
    const place = newest >= time ? placeAfter(newest, Number(count)) : `${time}-0000`;
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
    return names.filter((name) => isPlace(this.#middleOf(name))).sort();
  }

  /** What stands between the name and the extension. */
  #middleOf(name: string): string {
    const [start, end] = [`${this.#name}.`, this.#extension];
    return name.startsWith(start) && name.endsWith(end) ? name.slice(start.length, name.length - end.length) : '';
  }
}

/** Whether it is what `nextPath()` makes: digits that are no moment could not be counted on. */
function isPlace(middle: string): boolean {
  const [, time] = NAME.exec(middle) ?? [];
  return time !== undefined && !Number.isNaN(momentOf(time));
}

/** In a millisecond that is used up the next one follows, or the name would not be known as that of a file put away. */
function placeAfter(time: string, count: number): string {
  if (count < MAX_COUNT) return `${time}-${String(count + 1).padStart(4, '0')}`;
  const next = textOf(momentOf(time) + 1);
  // At the end of the year 9999 there is none. Only a name that somebody has made up is there.
  return next > time ? `${next}-0000` : `${time}-${MAX_COUNT}`;
}

/** As in a name, where a colon may not be. */
function textOf(moment: number): string {
  return new Date(moment).toISOString().replace(/[:.]/g, '-');
}

function momentOf(text: string): number {
  return Date.parse(text.replace(/T(\d\d)-(\d\d)-(\d\d)-/, 'T$1:$2:$3.'));
}

function dayOf(moment: number): number {
  return Math.floor(moment / 86_400_000);
}
