import { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { openPipeline, settle } from '../../../../test/support/stub-pipeline.js';
import { ConnectionPipeline } from './connection-pipeline.js';

describe('the reply of a handler', () => {
  it('DR-10 is answered INTERNAL where it is larger than may ever wait, and the connection goes on', () => {
    let size = 4_000_000;
    const { send, socket, sink } = openPipeline(() => 'x'.repeat(size));
    send(1);
    size = 1;
    send(2);
    expect(socket.sent).toMatchObject([
      { event: 'error', id: 1, data: { code: 'INTERNAL' } },
      { data: 'x', id: 2 },
    ]);
    expect(sink.events).toMatchObject([{ type: 'ws.message.refused', reason: 'reply-too-large' }]);
    expect(socket.closes).toEqual([]);
  });

  it('OD-02 has no data where it is undefined, and is none where nobody waits for it', () => {
    const { send, pipeline, socket, sink } = openPipeline(() => undefined);
    send(1);
    pipeline.onMessage(Buffer.from('{"event":"do"}'), false);
    expect([socket.sent, sink.events]).toEqual([[{ event: 'do', id: 1 }], []]);
  });

  it('F35 ends no stream at a word that names none', async () => {
    const { send, pipeline, socket } = openPipeline(() => new Observable((to) => to.next(1)), {
      hasModuleEvents: true,
    });
    send(1);
    pipeline.onMessage(Buffer.from('{"event":"$cancel"}'), false);
    send(2, '$cancel');
    await settle();
    expect(socket.sent).toEqual([{ event: 'do', data: 1, id: 1 }]);
    send(1, '$cancel');
    expect(socket.sent).toEqual([
      { event: 'do', data: 1, id: 1 },
      { event: 'do', id: 1, end: true },
    ]);
  });
});

describe('what waits before the gateway has accepted a connection', () => {
  it('AN-02 DR-08 is handled afterwards, and too much of it closes the connection', () => {
    const handled: unknown[] = [];
    const { connection, engine, socket, sink } = openPipeline(() => handled.push(1));
    const held = new ConnectionPipeline(engine, connection);
    for (let id = 1; id <= 33; id++) held.onMessage(Buffer.from(`{"event":"do","id":${id}}`), false);
    expect(handled).toEqual([]);
    expect(held.queuedBytes).toBeGreaterThan(0);
    expect(sink.events.at(-1)).toMatchObject({ reason: 'queue-before-connect' });
    expect(socket.closes).toHaveLength(1);
    held.dispose();
    expect(held.queuedBytes).toBe(0);
  });
});
