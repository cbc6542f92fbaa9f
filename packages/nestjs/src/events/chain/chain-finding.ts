/** Where a line is. */
export interface LinePlace {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** What is wrong with a trail. */
export type FindingKind =
  | 'unreadable'
  | 'edited'
  | 'missing'
  | 'reordered'
  | 'replaced'
  | 'forged'
  | 'retired'
  | 'unsigned'
  | 'after-end'
  | 'gap'
  | 'cut-off'
  | 'old'
  | 'not-given';

/** Something that a trail nobody has touched does not have; or, as `not-given`, what these files alone do not tell. */
export interface ChainFinding extends Partial<LinePlace> {
  readonly kind: FindingKind;
  /** A sentence. */
  readonly problem: string;
}

/** What was verified of one chain. */
export interface ChainReport {
  readonly id: string;
  /** As its signed records say it, or the one that goes on from it; `undefined` where there is none. */
  readonly node: string | undefined;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly lastHash: string;
  /** When its last record was written, as that says. */
  readonly lastTime: string;
  /** How many records nothing vouches for: they came after the last signed one. */
  readonly unvouched: number;
  /** Where the last signed record is. */
  readonly signed: (LinePlace & { readonly seq: number; readonly time: string }) | undefined;
  /** Whether it was closed by its process. */
  readonly hasEnded: boolean;
  /** Whether a later chain goes on from it. */
  readonly isContinued: boolean;
}

/** What a verification comes to. */
export interface TrailReport {
  readonly records: number;
  readonly chains: readonly ChainReport[];
  readonly findings: readonly ChainFinding[];
  /** How many more there are than are listed. */
  readonly furtherFindings: number;
  /** Whether nothing is found but what the processes say themselves that they lost. */
  readonly isAsWritten: boolean;
  /** What is said of a trail that is as it was written. */
  readonly notes: readonly string[];
}

/** As many as anybody reads: a hostile file has one in each line. */
const MAX_FINDINGS = 200;
const MAX_NOTES = 100;

/** Keeps what was found, and no more than there is room for. */
export class Findings {
  readonly list: ChainFinding[] = [];
  readonly notes: string[] = [];
  further = 0;
  /** Whether there are none but gaps. */
  areGaps = true;

  add(kind: FindingKind, place: LinePlace | undefined, problem: string): void {
    if (kind !== 'gap') this.areGaps = false;
    if (this.list.length < MAX_FINDINGS) this.list.push({ kind, ...place, problem });
    else this.further++;
  }

  note(text: string): void {
    if (this.notes.length < MAX_NOTES) this.notes.push(text);
  }

  /** A note that must not be lost where a hostile file makes many: for one of a kind. */
  noteFirst(text: string): void {
    this.notes.unshift(text);
  }
}
