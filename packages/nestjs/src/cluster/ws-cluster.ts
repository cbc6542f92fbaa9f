import type { CloseCodeName } from '@secure-ws/protocol';
import type { Clock } from '../core/clock.js';
import { isIdentifier, randomId } from '../core/identifier.js';
import { withDeadline } from '../core/awaitable.js';
import type { WsConnectionFilter } from '../lifecycle/connection-filter.js';
import type {
  WsConnectionFigures,
  WsConnectionLifecycleService,
} from '../lifecycle/ws-connection-lifecycle.service.js';
import type { ControlLine } from '../store/control-line.js';
import { SecureWsStoreError, type StoreForgery } from '../store/secure-ws.store.js';
import { type ClusterAnswer, type ClusterCommand, perform, sentFilter } from './cluster-command.js';
import { ControlChannel } from './control-channel.js';
import type { ControlMessage } from './control-seal.js';

/** How long the answers of the other nodes are waited for, in milliseconds. */
const ANSWER_WITHIN_MS = 2000;

/** How often a gap is told, in milliseconds: whoever can delete in the store could make one at each reading. */
const TELL_GAP_EVERY_MS = 60_000;

/** What the nodes of a cluster answered. */
export interface WsClusterAnswer {
  /** How many connections there were, at all nodes that answered. */
  readonly total: number;
  readonly nodes: readonly { readonly node: string; readonly count: number }[];
  /** Nodes that live, as far as the store knows, and did not answer within two seconds: what they did is not known. */
  readonly missing: readonly string[];
}

/** The figures of one connection, and the node that has it. */
export interface WsClusterConnection extends WsConnectionFigures {
  readonly node: string;
}

/** What the nodes of a cluster know of connections. */
export interface WsClusterFindings extends WsClusterAnswer {
  /** Up to a hundred of each node; `total` counts all of them. */
  readonly connections: readonly WsClusterConnection[];
}

/** A question that waits for its answers. */
interface Asking {
  readonly answers: Map<string, ClusterAnswer>;
  /** Who is to answer, once that is known. */
  expected: readonly string[] | undefined;
  settle: () => void;
}

const isAnswered = ({ answers, expected }: Asking): boolean => expected?.every((each) => answers.has(each)) === true;

/**
 * What `WsConnectionLifecycleService` does at one node, at all nodes that share a store, such as that of `@secure-ws/redis`.
 * Without one it acts at this node alone. Injectable.
 *
 * It asks the others and waits until all of them have answered, for two seconds at most. A node that is away misses it: what has to
 * hold for good (log-outs, bans) is a matter of {@link WsRevocationService}, which catches up.
 *
 * @throws SecureWsStoreError (as a rejection) where the store does not answer: this node has done it, the others may have.
 */
export class WsCluster {
  readonly #channel: ControlChannel | undefined;
  readonly #node: string;
  readonly #pending = new Map<string, Asking>();
  #gapToldAt = -Infinity;

  /** @internal */
  constructor(
    line: ControlLine | undefined,
    private readonly clock: Clock,
    private readonly lifecycle: WsConnectionLifecycleService,
    tell: { readonly onGap: () => void; readonly onForged: (what: StoreForgery) => void },
  ) {
    const listener = {
      onMessage: (message: ControlMessage) => this.#take(message),
      onGap: () => this.#tellGap(tell.onGap),
      onForged: tell.onForged,
    };
    this.#channel = line === undefined ? undefined : new ControlChannel(line, clock, listener);
    this.#node = this.#channel?.node ?? randomId();
  }

  /** The id of this node: random for each process. */
  get node(): string {
    return this.#node;
  }

  /** The nodes that live. One that died is among them for 15 seconds. */
  async nodes(): Promise<readonly string[]> {
    return this.#channel === undefined ? [this.node] : this.#channel.nodes();
  }

  /** How many connections match at each node; all of them without a filter. */
  async count(filter: WsConnectionFilter = {}): Promise<WsClusterAnswer> {
    return answerOf(await this.#ask({ action: 'count', filter: sentFilter(filter) }));
  }

  /** The figures of the connections that match, up to a hundred of each node. */
  async find(filter: WsConnectionFilter = {}): Promise<WsClusterFindings> {
    const asked = await this.#ask({ action: 'find', filter: sentFilter(filter) });
    const connections = [...asked.answers].flatMap(([node, { figures = [] }]) =>
      figures.map((each) => ({ ...each, labels: new Map(each.labels), node })),
    );
    return { ...answerOf(asked), connections };
  }

  /** Closes the connections that match. It bans nobody: whoever has a good credential comes back at once. */
  async disconnect(filter: WsConnectionFilter, code: CloseCodeName): Promise<WsClusterAnswer> {
    return answerOf(await this.#ask({ action: 'disconnect', filter: sentFilter(filter), code }));
  }

  /** Asks clients to come back, with 4003. It is answered when the nodes have begun. */
  async reconnect(filter: WsConnectionFilter): Promise<WsClusterAnswer> {
    return answerOf(await this.#ask({ action: 'reconnect', filter: sentFilter(filter) }));
  }

  /** Has the identities of the connections that match revalidated now: roles were changed, an account was disabled. */
  async revalidate(filter: WsConnectionFilter = {}): Promise<WsClusterAnswer> {
    return answerOf(await this.#ask({ action: 'revalidate', filter: sentFilter(filter) }));
  }

  /**
   * Takes one node out of service, as `WsConnectionLifecycleService.drain()` does there. It is answered when that has begun.
   *
   * @throws TypeError (as a rejection) for what is no id of a node.
   */
  async drain({ node }: { readonly node: string }): Promise<WsClusterAnswer> {
    if (!isIdentifier(node)) throw new TypeError('drain() takes the id of a node, such as one of nodes().');
    return answerOf(await this.#ask({ action: 'drain', filter: [], node }));
  }

  /** @internal Called by the coarse timer. */
  tick(now: number, hearsNews: boolean): void {
    this.#channel?.tick(now, hearsNews);
  }

  /** @internal Another node has said something, it is said. */
  hint(): void {
    this.#channel?.hint();
  }

  /** @internal Leaves the cluster. */
  async close(): Promise<void> {
    await this.#channel?.close();
  }

  async #ask(command: ClusterCommand): Promise<Asked> {
    const { node: only } = command;
    const answers = new Map<string, ClusterAnswer>();
    const own = only === undefined || only === this.node ? perform(command, this.lifecycle) : undefined;
    if (own !== undefined) answers.set(this.node, own);
    if (this.#channel === undefined || only === this.node) return { answers, missing: missingOf(only, answers) };
    const id = randomId();
    const asking: Asking = { answers, expected: undefined, settle: () => undefined };
    this.#pending.set(id, asking);
    try {
      // Bounded as a whole: a store that is slow is waited for no longer than a node.
      await withDeadline(this.#askOthers(id, command, asking, this.#channel), ANSWER_WITHIN_MS, this.clock, undefined);
    } finally {
      this.#pending.delete(id);
    }
    if (asking.expected === undefined) throw new SecureWsStoreError('unavailable');
    return { answers, missing: asking.expected.filter((each) => !answers.has(each)) };
  }

  /** Ends when all nodes have answered. */
  async #askOthers(id: string, command: ClusterCommand, asking: Asking, channel: ControlChannel): Promise<void> {
    await channel.listen();
    asking.expected = command.node === undefined ? await channel.nodes() : [command.node];
    if (isAnswered(asking)) return;
    const settled = new Promise<void>((resolve) => (asking.settle = resolve));
    await channel.say('ask', { id, command });
    if (!isAnswered(asking)) await settled;
  }

  #take({ node, kind, body }: ControlMessage): void {
    if (typeof body !== 'object' || body === null) return;
    const { id } = body as { readonly id?: unknown };
    if (typeof id !== 'string') return;
    if (kind === 'ask') void this.#answer(id, (body as { readonly command?: ClusterCommand }).command);
    if (kind === 'answer') {
      const pending = this.#pending.get(id);
      const { answer } = body as { readonly answer?: ClusterAnswer };
      if (pending === undefined || !Number.isSafeInteger(answer?.count)) return;
      pending.answers.set(node, answer as ClusterAnswer);
      if (isAnswered(pending)) pending.settle();
    }
  }

  /** Never rejects: who asked finds out by itself that there is no answer. */
  async #answer(id: string, command: ClusterCommand | undefined): Promise<void> {
    if (command?.node !== undefined && command.node !== this.node) return;
    try {
      const answer = perform(command, this.lifecycle);
      if (answer !== undefined) await this.#channel?.say('answer', { id, answer });
    } catch {
      // The store is away.
    }
  }

  #tellGap(tell: () => void): void {
    const now = this.clock.monotonic();
    if (now - this.#gapToldAt < TELL_GAP_EVERY_MS) return;
    this.#gapToldAt = now;
    tell();
  }
}

interface Asked {
  readonly answers: ReadonlyMap<string, ClusterAnswer>;
  readonly missing: readonly string[];
}

const missingOf = (only: string | undefined, answers: ReadonlyMap<string, ClusterAnswer>): readonly string[] =>
  only === undefined || answers.has(only) ? [] : [only];

function answerOf({ answers, missing }: Asked): WsClusterAnswer {
  const nodes = [...answers].map(([node, { count }]) => ({ node, count }));
  return { total: nodes.reduce((sum, { count }) => sum + count, 0), nodes, missing };
}
