import { CLOSE_CODES, type CloseCodeName } from '@secure-ws/protocol';
import type { WsConnectionFilter } from '../lifecycle/connection-filter.js';
import type {
  WsConnectionFigures,
  WsConnectionLifecycleService,
} from '../lifecycle/ws-connection-lifecycle.service.js';

/** How many connections one node tells of. */
const MOST_FIGURES = 100;

/**
 * What a node is asked to do. A filter is a list: JSON would leave out a field that is `undefined`, which matches nothing, and
 * what is left would match everybody.
 */
export interface ClusterCommand {
  readonly action: 'count' | 'find' | 'disconnect' | 'reconnect' | 'revalidate' | 'drain';
  readonly filter: readonly SentField[];
  readonly code?: CloseCodeName;
  /** Only this node. */
  readonly node?: string;
}

/** A field of a filter; that of the labels is a list of them. */
type SentField = readonly [field: string, value: string | null | readonly SentField[]];

/** The figures of one connection as they are sent: JSON has no maps. */
export interface SentFigures extends Omit<WsConnectionFigures, 'labels'> {
  readonly labels: readonly (readonly [name: string, value: string])[];
}

/** What a node has done. */
export interface ClusterAnswer {
  /** How many connections there were. */
  readonly count: number;
  /** Of `find`. */
  readonly figures?: readonly SentFigures[];
}

type Lifecycle = Pick<
  WsConnectionLifecycleService,
  'count' | 'find' | 'figures' | 'disconnect' | 'reconnect' | 'revalidate' | 'drain'
>;

/** A filter as it is sent. */
export function sentFilter(filter: WsConnectionFilter): ClusterCommand['filter'] {
  return sentFields(filter);
}

function sentFields(fields: object): readonly SentField[] {
  return Object.entries(fields).map(([field, value]: [string, unknown]) => {
    if (field === 'labels' && typeof value === 'object' && value !== null) return [field, sentFields(value)];
    return [field, typeof value === 'string' ? value : null];
  });
}

function readFilter(sent: ClusterCommand['filter']): WsConnectionFilter {
  const fields = sent.map(([field, value]) => [field, Array.isArray(value) ? Object.fromEntries(value) : value]);
  return Object.fromEntries(fields) as WsConnectionFilter;
}

function figuresOf(lifecycle: Lifecycle, filter: WsConnectionFilter): readonly SentFigures[] {
  const figures = lifecycle.figures(filter).slice(0, MOST_FIGURES);
  return figures.map((each) => ({ ...each, labels: [...each.labels] }));
}

/**
 * Does at this node what it is asked to.
 *
 * @returns `undefined` for what it does not know: another version asks.
 */
export function perform(asked: unknown, lifecycle: Lifecycle): ClusterAnswer | undefined {
  const command = readCommand(asked);
  if (command === undefined) return undefined;
  const { action, code } = command;
  const filter = readFilter(command.filter);
  switch (action) {
    case 'count':
      return { count: lifecycle.find(filter).length };
    case 'find':
      return { count: lifecycle.find(filter).length, figures: figuresOf(lifecycle, filter) };
    case 'disconnect':
      return code === undefined ? undefined : { count: lifecycle.disconnect(filter, code) };
    case 'reconnect': {
      const count = lifecycle.find(filter).length;
      void lifecycle.reconnect(filter);
      return { count };
    }
    case 'revalidate':
      return { count: lifecycle.revalidate(filter) };
    case 'drain': {
      const { count } = lifecycle;
      void lifecycle.drain();
      return { count };
    }
    default:
      return undefined;
  }
}

function readCommand(asked: unknown): ClusterCommand | undefined {
  const { action, filter, code } = (asked ?? {}) as Partial<ClusterCommand>;
  if (typeof action !== 'string' || !Array.isArray(filter)) return undefined;
  const isFilter = filter.every((each: unknown) => Array.isArray(each) && each.length === 2);
  const isCode = code === undefined || Object.hasOwn(CLOSE_CODES, code);
  return isFilter && isCode ? (asked as ClusterCommand) : undefined;
}
