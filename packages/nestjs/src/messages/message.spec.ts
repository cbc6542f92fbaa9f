import { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deferred } from '../../../../test/support/deferred.js';
import { openPipeline, settle, type StubPipeline } from '../../../../test/support/stub-pipeline.js';
import type { WsPolicy } from '../authorization/ws-policy.js';
import type { Waiting } from './message-engine.js';

/** Lets the time of whatever waits like that pass. */
function pass({ clock, engine }: StubPipeline, waiting: Waiting): void {
  clock.advance(engine.deadlines[waiting].durationMs);
  engine.expire(clock.monotonic());
}

const running = ({ engine }: StubPipeline): object =>
  Object.fromEntries(Object.entries(engine.deadlines).map(([waiting, { size }]) => [waiting, size]));

const NONE = { judging: 0, handling: 0, overdue: 0 };

describe('a handler past its deadline', () => {
  it('DR-09 is answered once, keeps its slot, and ends the connection where it never ends', async () => {
    const opened = openPipeline(() => deferred<unknown>().promise);
    const { send, socket } = opened;
    send(1);
    await settle();
    expect(running(opened)).toEqual({ ...NONE, handling: 1 });
    pass(opened, 'handling');
    expect(socket.sent).toMatchObject([{ event: 'error', id: 1, data: { code: 'TIMEOUT' } }]);
    expect([socket.closes, running(opened)]).toEqual([[], { ...NONE, overdue: 1 }]);
    pass(opened, 'overdue');
    expect(socket.closes).toEqual([1011]);
    expect(socket.sent).toHaveLength(1);
    expect(running(opened)).toEqual(NONE);
  });

  it('DR-09 gives its slot back when it ends after all, and what it returns then is nobody’s', async () => {
    const late = deferred<unknown>();
    const ended: string[] = [];
    const stream = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: 1 }),
        return: () => Promise.resolve(ended.push('stream')),
      }),
    };
    let calls = 0;
    const opened = openPipeline(() => (calls++ === 0 ? late.promise : 'fine'), {
      messages: { maxConcurrentHandlers: 1 },
    });
    const { send, socket } = opened;
    send(1);
    send(2);
    await settle();
    pass(opened, 'handling');
    await settle();
    expect(calls).toBe(1);
    late.resolve(stream);
    await settle();
    expect(ended).toEqual(['stream']);
    expect(socket.sent).toMatchObject([
      { id: 1, data: { code: 'TIMEOUT' } },
      { event: 'do', id: 2 },
    ]);
    expect([socket.closes, running(opened)]).toEqual([[], NONE]);
  });

  it('DR-09 tells its audit of what fails too late, and the client nothing more', async () => {
    const late = deferred<unknown>();
    const opened = openPipeline(() => late.promise);
    opened.send(1);
    await settle();
    pass(opened, 'handling');
    late.reject(new Error('late'));
    await settle();
    expect(opened.socket.sent).toMatchObject([{ id: 1, data: { code: 'TIMEOUT' } }]);
    expect([opened.socket.closes, running(opened)]).toEqual([[], NONE]);
  });
});

describe('the abort signal of a message', () => {
  /** What a handler keeps of its message. */
  interface Context {
    readonly signal: AbortSignal;
  }

  it('DR-09 fires once where the time is over, and has fired for who takes it after that', async () => {
    const contexts: Context[] = [];
    const opened = openPipeline(
      (_data, _event, message) => {
        contexts.push(message);
        return deferred<unknown>().promise;
      },
      { messages: { maxConcurrentHandlers: 2 } },
    );
    opened.send(1);
    opened.send(2);
    await settle();
    const early = contexts[0]?.signal;
    expect(early?.aborted).toBe(false);
    pass(opened, 'handling');
    expect([early?.aborted, contexts[1]?.signal.aborted]).toEqual([true, true]);
    expect(opened.socket.sent.map(({ id, data }) => [id, data?.code])).toEqual([
      [1, 'TIMEOUT'],
      [2, 'TIMEOUT'],
    ]);
  });

  it('DR-09 has fired for a stream that takes it only as it is cancelled, and nothing of it is sent then', async () => {
    let signal: AbortSignal | undefined;
    const opened = openPipeline(
      (_data, _event, message) =>
        new Observable<string>((subscriber) => {
          subscriber.next('a');
          return () => {
            ({ signal } = message as Context);
            subscriber.next('b');
          };
        }),
      { hasModuleEvents: true },
    );
    opened.send(7);
    await settle();
    opened.pipeline.onMessage(Buffer.from('{"event":"$cancel","id":7}'), false);
    await settle();
    expect(signal?.aborted).toBe(true);
    expect(opened.socket.sent).toEqual([
      { event: 'do', id: 7, data: 'a' },
      { event: 'do', id: 7, end: true },
    ]);
  });

  it('DR-09 is let go of with the answer: the end of the connection fires nothing that went well', async () => {
    const signals: AbortSignal[] = [];
    const opened = openPipeline((_data, _event, message) => {
      signals.push((message as Context).signal);
      return 'done';
    });
    opened.send(1);
    await settle();
    opened.connection.close('REVOKED');
    opened.pipeline.dispose();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });
});

describe('a policy that does not answer', () => {
  it('AZ-09 has refused, and what it says later is not heard', async () => {
    const verdict = deferred<boolean>();
    class Slow implements WsPolicy<never> {
      authorize(): Promise<boolean> {
        return verdict.promise;
      }
    }
    let calls = 0;
    const opened = openPipeline(() => ++calls, { policies: [Slow] });
    const { send, socket, sink } = opened;
    send(1);
    await settle();
    expect(running(opened)).toEqual({ ...NONE, judging: 1 });
    pass(opened, 'judging');
    expect(socket.sent).toMatchObject([{ event: 'error', id: 1, data: { code: 'FORBIDDEN' } }]);
    expect(sink.events.at(-1)).toMatchObject({ type: 'ws.message.refused', reason: 'policy-timeout' });
    verdict.resolve(true);
    await settle();
    expect(calls).toBe(0);
    expect(socket.sent).toHaveLength(1);
    expect(running(opened)).toEqual(NONE);
  });

  it.each([false, true])('AZ-15 lets nothing on where the connection closes meanwhile: rejects %s', async (rejects) => {
    const verdict = deferred<boolean>();
    class Slow implements WsPolicy<never> {
      authorize(): Promise<boolean> {
        return verdict.promise;
      }
    }
    let calls = 0;
    const opened = openPipeline(() => ++calls, { policies: [Slow] });
    opened.send(1);
    await settle();
    opened.connection.close('REVOKED');
    if (rejects) verdict.reject(new Error('late'));
    else verdict.resolve(true);
    await settle();
    expect([calls, opened.socket.sent, running(opened)]).toEqual([0, [], NONE]);
  });
});
