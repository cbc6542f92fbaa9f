import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { createPrincipal, type Principal } from '../core/principal.js';
import { CoarseTimer } from '../lifecycle/coarse-timer.js';
import { FakeClock } from '../testing/fake-clock.js';
import { WatchedSocket } from './watched-socket.js';

/** A socket as far as one is used: as Socket.IO, it cannot be disconnected before it was accepted, and does not say then that it goes. */
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
  const alice = (livesMs: number): Principal =>
    createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0, expiresAt: clock.now() + livesMs });
  return { clock, timer, socket, watched, forget, onGone, alice };
}

describe('a socket whose time is over before it was accepted', () => {
  it('SL-02 ends as soon as it can be ended, whether or not anybody says that it was accepted', () => {
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

  it('SL-04 DR-16 leaves nothing behind where its client leaves instead', () => {
    const { clock, timer, socket, watched, onGone } = start();
    watched.become(undefined);
    socket.conn.readyState = 'closed';
    clock.advance(11_000);
    expect(onGone).toHaveBeenCalledExactlyOnceWith(watched);
    expect(timer.size).toBe(0);
  });
});
