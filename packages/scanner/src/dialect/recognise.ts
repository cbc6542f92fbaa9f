import type { Prober } from '../probe/prober.js';
import { type Dialect, jsonObject } from './dialect.js';
import { DIALECTS, GRAPHQL_SUBPROTOCOL, socketIoFor } from './dialects.js';
import { SOCKET_IO_EVENT } from './event-of.js';

/** No server has an event of this name. */
export const UNKNOWN_EVENT = 'secure-ws-scan.no-such-event';

/**
 * Finds out what a server speaks: by the subprotocol, by its greeting, by the messages that the caller has captured, and by
 * what it answers to a message that nobody handles. A server that says nothing is taken to read JSON.
 *
 * @throws InconclusiveError where the target does not accept a session.
 */
export async function recogniseDialect(prober: Prober, messages: readonly string[]): Promise<Dialect> {
  if (prober.identity.subprotocols.includes(GRAPHQL_SUBPROTOCOL)) return DIALECTS['graphql-ws'];
  if (messages.some((message) => SOCKET_IO_EVENT.test(message))) return socketIoFor(messages);
  if (messages.some(isNestMessage)) return DIALECTS['nest-ws'];
  using session = await prober.session();
  const greeting = await session.ask();
  if (greeting.some((frame) => frame.startsWith('0{"sid"'))) return socketIoFor(messages);
  const answers = await session.ask(DIALECTS['nest-ws'].message(UNKNOWN_EVENT, {}));
  if (answers.some((frame) => DIALECTS['nest-ws'].isRefusal(frame))) return DIALECTS['nest-ws'];
  return (await speaksGraphql(prober)) ? DIALECTS['graphql-ws'] : DIALECTS.json;
}

function isNestMessage(message: string): boolean {
  return typeof jsonObject(message)?.['event'] === 'string';
}

/** A server that echoes every subprotocol does not speak it yet: it has to acknowledge. */
async function speaksGraphql(prober: Prober): Promise<boolean> {
  const { connection, answer } = await prober.open({ subprotocols: [GRAPHQL_SUBPROTOCOL] });
  connection[Symbol.dispose]();
  if (!answer.isAccepted || answer.fields.get('sec-websocket-protocol') !== GRAPHQL_SUBPROTOCOL) return false;
  using session = await prober.session({ subprotocols: [GRAPHQL_SUBPROTOCOL] });
  const frames = await session.ask(...DIALECTS['graphql-ws'].opening);
  return frames.some((frame) => jsonObject(frame)?.['type'] === 'connection_ack');
}
