import { isPlainObject } from '../../core/option-reader.js';
import { type AnchorEvery, type ChainLink, type ChainMark, isChainMark } from './chain-marks.js';

/** What a record says, as far as a chain is concerned. Anybody may have written it. */
export interface RecordContent {
  readonly time: string;
  /** What the chain says about itself; `undefined` for a security event. */
  readonly mark: ReadMark | undefined;
  /** How many events the sink of the file had lost, as it was told itself. */
  readonly lost: number;
}

/** A mark that has the fields of one. */
export interface ReadMark {
  readonly type: ChainMark['type'];
  readonly anchorEvery: AnchorEvery;
  readonly node: string | undefined;
  readonly continues: ChainLink | undefined;
  readonly gap: string | undefined;
  /** Why it was signed. */
  readonly reason: string | undefined;
  /** When a file that was put away by somebody else was written to last, in milliseconds since 1970; `NaN` where that is not said. */
  readonly lastWritten: number;
}

/** Reads what a record says; `undefined` for what is not one. Never throws. */
export function readContent(line: Buffer): RecordContent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isPlainObject(value)) return undefined;
  const { type, time } = value;
  if (typeof type !== 'string' || typeof time !== 'string' || Number.isNaN(Date.parse(time))) return undefined;
  if (!isChainMark(type)) return { time, mark: undefined, lost: readLoss(value) };
  const { anchorEvery, node, continues, gap, reason, lastWritten } = value;
  const link = readLink(continues);
  if (!isAnchorEvery(anchorEvery) || (continues !== undefined && link === undefined)) return undefined;
  return {
    time,
    lost: 0,
    mark: {
      ...{ type, anchorEvery },
      node: typeof node === 'string' ? node : undefined,
      continues: link,
      gap: typeof gap === 'string' ? gap : undefined,
      reason: typeof reason === 'string' ? reason : undefined,
      lastWritten: typeof lastWritten === 'string' ? Date.parse(lastWritten) : NaN,
    },
  };
}

/** Of a `ws.audit.dropped` that tells the sink of this file of its own losses: those of other sinks are no gap in it. */
function readLoss({ type, own, dropped, failed }: Readonly<Record<string, unknown>>): number {
  if (type !== 'ws.audit.dropped' || own !== true) return 0;
  return (isCount(dropped) ? dropped : 0) + (isCount(failed) ? failed : 0);
}

function readLink(value: unknown): ChainLink | undefined {
  if (!isPlainObject(value)) return undefined;
  const { id, seq, hash } = value;
  return typeof id === 'string' && isCount(seq) && typeof hash === 'string' ? { id, seq, hash } : undefined;
}

function isAnchorEvery(value: unknown): value is AnchorEvery {
  return isPlainObject(value) && isCount(value['records']) && isCount(value['ms']);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
