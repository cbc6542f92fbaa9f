import type { HarEntry } from './har-entry.js';

/** What Engine.IO says by itself: pings, the upgrade, the connect of Socket.IO. A session of the scan says its own. */
const ENGINE_IO = /^(?:[235]|[23]probe|40.*)$/s;

/**
 * The different texts that were sent to a server, the earliest first.
 *
 * @param origin of its WebSockets, as `URL.origin`: what went to others is not repeated to this one, it may be confidential
 *   there; and what went over TLS is not repeated without.
 */
export function messagesOfHar(entries: readonly HarEntry[], origin: string, max: number): readonly string[] {
  const sent = entries
    .filter(({ url }) => new URL(url).origin === origin)
    .flatMap(({ messages }) => messages)
    .filter(({ type, opcode, data }) => type === 'send' && opcode === 1 && data.trim() !== '' && !ENGINE_IO.test(data));
  return [...new Set(sent.map(({ data }) => data))].slice(0, max);
}
