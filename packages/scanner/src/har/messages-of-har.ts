import type { HarEntry } from './har-entry.js';

/** What Engine.IO says by itself: pings, the upgrade, the connect of Socket.IO. A session of the scan says its own. */
const ENGINE_IO = /^(?:[235]|[23]probe|40.*)$/s;

/**
 * The different texts that were sent to a host, the earliest first.
 *
 * @param host with its port, as `URL.host`: what went to others is not repeated to this one, it may be confidential there.
 */
export function messagesOfHar(entries: readonly HarEntry[], host: string, max: number): readonly string[] {
  const sent = entries
    .filter(({ url }) => new URL(url).host === host)
    .flatMap(({ messages }) => messages)
    .filter(({ type, opcode, data }) => type === 'send' && opcode === 1 && data.trim() !== '' && !ENGINE_IO.test(data));
  return [...new Set(sent.map(({ data }) => data))].slice(0, max);
}
