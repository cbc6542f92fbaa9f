import type { Confidence } from '../checks/check.js';
import { InconclusiveError, OpeningRefusedError } from '../probe/inconclusive.js';
import type { Prober } from '../probe/prober.js';
import { CENTRIFUGO } from './centrifugo.js';
import type { Dialect } from './dialect.js';
import { dialectOf } from './dialects.js';
import { GRAPHQL_WS, SUBSCRIPTIONS_TRANSPORT_WS } from './graphql.js';
import { isNestError, JSON_TEXT, NEST_WS } from './json-text.js';
import { phoenixFor, phoenixFormOf } from './phoenix.js';
import { SIGNALR } from './signalr.js';
import { socketIoFor } from './socket-io.js';
import { STOMP } from './stomp.js';

/** No server has an event of this name. */
export const UNKNOWN_EVENT = 'secure-ws-scan.no-such-event';

/** What a target speaks, as far as it is known. */
export interface Recognition {
  readonly dialect: Dialect;
  /** `certain` where the server answered as no other dialect does, `firm` where the caller or the path says so, `tentative` where nothing does. */
  readonly confidence: Confidence;
  /** What tells, in a sentence. */
  readonly says: string;
  /** What the handshakes have to offer from here on; `undefined` where they stay as they are. */
  readonly subprotocols?: readonly string[];
}

const BY_SUBPROTOCOL: readonly Dialect[] = [GRAPHQL_WS, SUBSCRIPTIONS_TRANSPORT_WS, STOMP];

const NO_SUBPROTOCOL = 'secure-ws-scan.none';

/** Every subprotocol that tells a dialect. */
export const KNOWN_SUBPROTOCOLS: readonly string[] = BY_SUBPROTOCOL.flatMap(({ subprotocols }) => subprotocols);

/**
 * Finds out what a server speaks: by the messages that the caller has captured, by the subprotocol, by its greeting, and by
 * what it answers to the first message of each dialect. A server that answers none of them is taken to read JSON, and it is said
 * that nobody knows.
 *
 * @throws InconclusiveError where the target does not accept a session.
 */
export async function recogniseDialect(prober: Prober, messages: readonly string[]): Promise<Recognition> {
  const named = dialectOfMessages(prober, messages) ?? dialectOfSubprotocols(prober.identity.subprotocols);
  if (named !== undefined) return confirmed(prober, named.dialect, named.says);
  return (
    (await byGreeting(prober, messages)) ??
    (await bySubprotocol(prober)) ??
    (await byOpening(prober)) ?? {
      dialect: JSON_TEXT,
      confidence: 'tentative',
      says: 'Nothing that the server said tells what it speaks: JSON is assumed.',
    }
  );
}

function dialectOfMessages({ target }: Prober, messages: readonly string[]): Named | undefined {
  const says = 'The captured messages are of it.';
  const dialect = dialectOf(messages);
  if (dialect?.id === 'socket.io') return { dialect: socketIoFor(messages), says };
  if (dialect?.id !== 'phoenix') return dialect === undefined ? undefined : { dialect, says };
  const form = messages.map(phoenixFormOf).find((found) => found !== undefined);
  return { dialect: phoenixFor(messages, form === 'array' || isArrayForm(target.url)), says };
}

function dialectOfSubprotocols(subprotocols: readonly string[]): Named | undefined {
  const dialect = BY_SUBPROTOCOL.find((each) => each.subprotocols.some((name) => subprotocols.includes(name)));
  return dialect === undefined ? undefined : { dialect, says: 'The subprotocol is that of it.' };
}

interface Named {
  readonly dialect: Dialect;
  readonly says: string;
}

/** A dialect that the caller has named, with what the server says to its opening. */
async function confirmed(prober: Prober, dialect: Dialect, says: string): Promise<Recognition> {
  const { subprotocols: given } = prober.identity;
  const subprotocols = given.length > 0 ? given : ((await chosenOf(prober, dialect.subprotocols)) ?? given);
  const base = { dialect, subprotocols };
  if (dialect.opening(undefined).length === 0) return { ...base, confidence: 'firm', says };
  return (await speaks(prober, dialect, subprotocols)) === 'taken'
    ? { ...base, confidence: 'certain', says: TAKEN }
    : { ...base, confidence: 'firm', says: `${says} The server did not take its opening.` };
}

const TAKEN = 'The server took its opening.';

async function byGreeting(prober: Prober, messages: readonly string[]): Promise<Recognition | undefined> {
  using session = await prober.silentSession();
  const greeting = await session.ask();
  if (greeting.some((frame) => frame.startsWith('0{"sid"'))) {
    return { dialect: socketIoFor(messages), confidence: 'certain', says: 'The server greets as Engine.IO does.' };
  }
  const answers = await session.ask(NEST_WS.message(UNKNOWN_EVENT, {}));
  if (!answers.some(isNestError)) return undefined;
  return { dialect: NEST_WS, confidence: 'certain', says: 'The server answers an unknown event with an error event.' };
}

/** A server that agrees to any subprotocol does not speak it yet: it has to take the opening as well. */
async function bySubprotocol(prober: Prober): Promise<Recognition | undefined> {
  // One that takes whatever comes first has chosen nothing.
  if ((await chosenOf(prober, [NO_SUBPROTOCOL, ...KNOWN_SUBPROTOCOLS]))?.[0] === NO_SUBPROTOCOL) return undefined;
  let offered = KNOWN_SUBPROTOCOLS;
  for (const _ of BY_SUBPROTOCOL) {
    const chosen = await chosenOf(prober, offered);
    const [name = ''] = chosen ?? [];
    const dialect = BY_SUBPROTOCOL.find(({ subprotocols }) => subprotocols.includes(name));
    if (dialect === undefined || chosen === undefined) return undefined;
    const state = await speaks(prober, dialect, chosen);
    if (state === 'taken') return { dialect, confidence: 'certain', says: TAKEN, subprotocols: chosen };
    if (state === 'refused') {
      const says = `The server chose the subprotocol ${name}, and refused its opening.`;
      return { dialect, confidence: 'firm', says, subprotocols: chosen };
    }
    offered = offered.filter((each) => !dialect.subprotocols.includes(each));
  }
  return undefined;
}

/** The one that the server chooses, where it has to choose and is one of those offered. */
async function chosenOf(prober: Prober, subprotocols: readonly string[]): Promise<readonly string[] | undefined> {
  if (subprotocols.length === 0) return undefined;
  const { connection, answer } = await prober.open({ subprotocols });
  connection[Symbol.dispose]();
  const chosen = answer.fields.get('sec-websocket-protocol');
  return answer.isAccepted && chosen !== undefined && subprotocols.includes(chosen) ? [chosen] : undefined;
}

/** Tries the first message of each dialect that no subprotocol tells, the likeliest by the path first. */
async function byOpening(prober: Prober): Promise<Recognition | undefined> {
  const { url } = prober.target;
  const candidates: readonly (readonly [dialect: Dialect, path: RegExp])[] = [
    [SIGNALR, /hub|signalr/i],
    [phoenixFor([], isArrayForm(url)), /\/websocket$/],
    [CENTRIFUGO, /\/connection\//],
    [STOMP, /stomp/i],
  ];
  const isLikely = (path: RegExp): number => (path.test(url.pathname) ? 0 : 1);
  for (const [dialect] of candidates.toSorted(([, one], [, other]) => isLikely(one) - isLikely(other))) {
    if ((await speaks(prober, dialect, undefined, 0)) === 'taken')
      return { dialect, confidence: 'certain', says: TAKEN };
  }
  return undefined;
}

const isArrayForm = (url: URL): boolean => url.searchParams.get('vsn')?.startsWith('2') === true;

/** What a server makes of the opening of a dialect. A connection that it ends without a word says nothing by itself. */
async function speaks(
  prober: Prober,
  dialect: Dialect,
  subprotocols?: readonly string[],
  openingMs?: number,
): Promise<'taken' | 'refused' | 'unanswered'> {
  try {
    using _ = await prober.session({ dialect, subprotocols, openingMs });
    return 'taken';
  } catch (error) {
    if (error instanceof OpeningRefusedError) return 'refused';
    if (error instanceof InconclusiveError) return 'unanswered';
    throw error;
  }
}
