import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { createPrincipal, type Principal } from '../core/principal.js';
import { CoarseTimer } from '../lifecycle/coarse-timer.js';
import { FakeClock } from '../testing/fake-clock.js';
import { WatchedSocket } from './watched-socket.js';

/** A socket as far as one is used: one of Socket.IO cannot be disconnected before it was accepted. */
class StubSocket extends EventEmitter {
  connected = false;
  readonly conn = { readyState: 'open', close: vi.fn<() => void>() };

  disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    this.conn.readyState = 'closed';
    this.emit('disconnect');
  }
}

function start() {
  const clock = new FakeClock(1_000_000);
  const timer = new CoarseTimer(clock);
  timer.start();
  const socket = new StubSocket();
  const [forget, onGone] = [vi.fn<(socket: object) => void>(), vi.fn<(watched: WatchedSocket) => void>()];
  const watched = new WatchedSocket(socket, { timer, clock, faults: { write: () => undefined }, forget, onGone });
  const alice = (livesMs = Infinity): Principal => {
    const expiry = livesMs === Infinity ? {} : { expiresAt: clock.now() + livesMs };
    return createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0, ...expiry });
  };
  return { clock, timer, socket, watched, forget, onGone, alice };
}

describe('a socket that was not accepted yet', () => {
  it('SL-02 ends as soon as it can be ended where its time is over, whether or not anybody says that it was accepted', () => {
    const { clock, timer, socket, watched, forget, onGone, alice } = start();
    watched.become(alice(5000));
    clock.advance(10_000);
    expect(forget).toHaveBeenCalledWith(socket);
    expect(onGone).not.toHaveBeenCalled();
    socket.connected = true;
    clock.advance(2000);
    expect(socket.connected).toBe(false);
    expect(onGone).toHaveBeenCalledExactlyOnceWith(watched);
    expect(timer.size).toBe(0);
  });

  it('SL-04 ends as soon as it can be ended where it was revoked', () => {
    const { clock, timer, socket, watched, forget, alice } = start();
    watched.become(alice());
    watched.close();
    expect([forget.mock.calls.length, watched.isOpen]).toEqual([1, false]);
    socket.connected = true;
    clock.advance(2000);
    expect(socket.connected).toBe(false);
    expect(timer.size).toBe(0);
  });

  it('SL-04 ends as soon as it can be ended where it gets another identity after it was revoked, which holds for nothing', () => {
    const { clock, timer, socket, watched, forget, alice } = start();
    watched.become(alice());
    watched.close();
    forget.mockClear();
    watched.become(alice());
    expect(forget).toHaveBeenCalledExactlyOnceWith(socket);
    socket.connected = true;
    clock.advance(2000);
    expect(socket.connected).toBe(false);
    expect(timer.size).toBe(0);
  });

  it.each<readonly [who: string, livesMs: number | undefined]>([
    ['that has no identity', undefined],
    ['whose identity has an end', 3_600_000],
    ['whose identity has none', Infinity],
  ])('SL-02 DR-16 leaves nothing behind where its client leaves instead: one %s', (_who, livesMs) => {
    const { clock, timer, socket, watched, onGone, alice } = start();
    watched.become(livesMs === undefined ? undefined : alice(livesMs));
    // Of one that was never accepted Socket.IO does not say that it goes.
    socket.conn.readyState = 'closed';
    clock.advance(61_000);
    expect(onGone).toHaveBeenCalledExactlyOnceWith(watched);
    expect(timer.size).toBe(0);
  });
});

describe('a socket that goes', () => {
  it('SL-02 DR-16 is forgotten at once, and not looked at again', () => {
    const { timer, socket, watched, onGone, alice } = start();
    watched.become(alice(60_000));
    socket.connected = true;
    socket.disconnect();
    expect(onGone).toHaveBeenCalledExactlyOnceWith(watched);
    expect([watched.isOpen, timer.size]).toEqual([false, 0]);
    watched.become(alice(60_000));
    expect(timer.size).toBe(0);
  });

  it('SL-04 F17 DR-16 is forgotten where a listener of the application has thrown before ours was called', () => {
    const { timer, socket, watched, onGone, alice } = start();
    watched.become(alice(60_000));
    socket.connected = true;
    socket.prependListener('disconnect', () => {
      throw new Error('in a listener');
    });
    watched.close();
    expect(onGone).toHaveBeenCalledExactlyOnceWith(watched);
    expect(timer.size).toBe(0);
  });
});
