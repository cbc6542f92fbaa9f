import { describe, expect, it } from 'vitest';
import { RoomPresence, type RoomConnection } from './room-presence.js';

class FakeConnection implements RoomConnection {
  readonly sent: unknown[] = [];
  readonly principal: { readonly id: string };

  constructor(
    id: string,
    readonly isOpen = true,
  ) {
    this.principal = { id };
  }

  send(event: string, data?: unknown): boolean {
    this.sent.push([event, data]);
    return true;
  }
}

const EVERYBODY = new Set(['alice', 'bob']);

describe('RoomPresence', () => {
  it('sends to the other listeners of the room, once each', () => {
    const presence = new RoomPresence();
    const [alice, bob, elsewhere] = [new FakeConnection('alice'), new FakeConnection('bob'), new FakeConnection('bob')];
    for (const connection of [alice, bob, bob]) presence.join('general', connection, connection);
    presence.join('support', elsewhere, elsewhere);
    presence.broadcast('general', EVERYBODY, 'message', 1, alice);
    expect([alice.sent, bob.sent, elsewhere.sent]).toEqual([[], [['message', 1]], []]);
  });

  it('sends nothing to a listener who is no member any more', () => {
    const presence = new RoomPresence();
    const [alice, bob] = [new FakeConnection('alice'), new FakeConnection('bob')];
    presence.join('general', bob, bob);
    presence.broadcast('general', new Set(['alice']), 'message', 1, alice);
    expect(bob.sent).toEqual([]);
  });

  it('forgets a connection that left', () => {
    const presence = new RoomPresence();
    const [alice, bob] = [new FakeConnection('alice'), new FakeConnection('bob')];
    presence.join('general', bob, bob);
    presence.join('support', bob, bob);
    presence.leaveAll(bob);
    presence.broadcast('general', EVERYBODY, 'message', 1, alice);
    presence.broadcast('support', EVERYBODY, 'message', 1, alice);
    expect(bob.sent).toEqual([]);
  });

  it('does not take in a connection that is closed already', () => {
    const presence = new RoomPresence();
    const [alice, gone] = [new FakeConnection('alice'), new FakeConnection('bob', false)];
    presence.join('general', gone, gone);
    presence.broadcast('general', EVERYBODY, 'message', 1, alice);
    expect(gone.sent).toEqual([]);
  });
});
