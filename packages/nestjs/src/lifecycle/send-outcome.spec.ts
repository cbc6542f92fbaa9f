import { describe, expect, it } from 'vitest';
import { openConnections as open } from '../../../../test/support/open-connections.js';

describe('what becomes of a message that the application sends', () => {
  it('DR-10 is queued behind what the client has not read, and sent once it has', () => {
    const { socket, connection } = open().connect('alice');
    expect(connection.send('news')).toBe('sent');
    socket.bufferedAmount = 500;
    // What waits is seen after the one that did not go through.
    expect(connection.send('news')).toBe('sent');
    expect(connection.send('news')).toBe('queued');
    socket.drain();
    expect(connection.send('news')).toBe('sent');
  });

  it('DR-10 is queued no longer than the client is behind, where nobody was told that it caught up', () => {
    const { socket, connection } = open().connect('alice');
    socket.bufferedAmount = 500;
    connection.send('news');
    socket.bufferedAmount = 0;
    expect(connection.send('news')).toBe('sent');
  });

  it('DR-10 is closed by the one message too many, and after it', () => {
    const { socket, connection } = open({ maxOutboundBytes: 1000 }).connect('alice');
    socket.bufferedAmount = 1001;
    expect(connection.send('news')).toBe('closed');
    expect(connection.send('news')).toBe('closed');
    expect(socket.closes).toMatchObject([{ code: 4010 }]);
  });

  it('DR-14 is dropped for what cannot be written', () => {
    const { socket, connection } = open().connect('alice');
    expect(connection.send('news', 1n)).toBe('dropped');
    expect(socket.sent).toEqual([]);
    expect(connection.isOpen).toBe(true);
  });

  it('DR-10 is counted over all that were meant', () => {
    const { connect, lifecycle } = open({ maxOutboundBytes: 1000 });
    const [, behind, gone, leaving] = [connect('alice'), connect('bob'), connect('carol'), connect('dave')];
    behind.socket.bufferedAmount = 500;
    behind.connection.send('news');
    gone.connection.close('NORMAL');
    leaving.socket.bufferedAmount = 1001;
    expect(lifecycle.send({ path: '/x' }, 'news')).toEqual({ sent: 1, queued: 1, dropped: 0, closed: 2 });
    expect(lifecycle.send({ path: '/x' }, 'news', 'x'.repeat(1000))).toEqual({
      ...{ sent: 0, queued: 0 },
      ...{ dropped: 2, closed: 2 },
    });
    expect(lifecycle.send({ connectionId: 'nobody' }, 'news')).toEqual({ sent: 0, queued: 0, dropped: 0, closed: 0 });
  });
});
