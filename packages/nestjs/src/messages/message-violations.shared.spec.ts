import { describe, expect, it } from 'vitest';
import { ListSink, openPipeline, readerOf, settle } from '../../../../test/support/stub-pipeline.js';
import { SecurityEvents } from '../events/security-events.js';
import { MemoryStore } from '../store/memory.store.js';
import { ViolationLedger } from '../throttling/violations/violation-ledger.js';
import { resolveViolationsOptions } from '../throttling/violations/violations.options.js';
import { MessageViolations } from './message-violations.js';

/** A store that other nodes share: it answers later. */
class SharedStore extends MemoryStore {
  override charge(...args: Parameters<MemoryStore['charge']>): never {
    return Promise.resolve(super.charge(...args)) as never;
  }
}

function start() {
  const { clock, connection, socket } = openPipeline(() => undefined);
  const sink = new ListSink();
  const rules = resolveViolationsOptions(readerOf({ budget: 30 }, 'violations'));
  const ledger = new ViolationLedger(new SharedStore(clock, { maxKeys: 100 }), rules);
  const violations = new MessageViolations({ ledger, events: new SecurityEvents(clock, [sink]) }, connection);
  return { connection, socket, sink, violations };
}

const OFFENCE = { code: 'BAD_MESSAGE', reason: 'foreign-event' } as const;

describe('the violations of a connection, in a store that answers later', () => {
  it('MV-17 are told once, however many were on their way to the store as it was closed', async () => {
    const { socket, sink, violations } = start();
    for (let i = 0; i < 5; i++) violations.charge(OFFENCE);
    expect(socket.closes).toEqual([]);
    await settle();
    expect(socket.closes).toEqual([1008]);
    expect(sink.events.map(({ type }) => type)).toEqual(['ws.violations.exceeded']);
  });

  it('MV-17 of a connection that has ended by itself meanwhile are told of nobody', async () => {
    const { connection, sink, violations } = start();
    for (let i = 0; i < 5; i++) violations.charge(OFFENCE);
    connection.close('NORMAL');
    await settle();
    expect(sink.events).toEqual([]);
  });
});
