import { createServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { CarefulServer } from './careful-server.js';
import type { NotesApp, User } from './notes-app.js';
import type { Speaker } from './speaker.js';

interface Asker {
  readonly app: NotesApp;
  readonly user: User;
}

/** Socket.IO with a middleware that reads the token of `auth`, as its guide says. */
export const socketIo: Speaker = {
  address: '?EIO=4&transport=websocket',
  messages: ['note.list', 'note.read', 'note.purge'].map((event) => `421${JSON.stringify([event, { noteId: 7 }])}`),
  attach(_, newApp, maxHttpBufferSize) {
    const io = new Server(createServer(), { maxHttpBufferSize, serveClient: false, wsEngine: CarefulServer });
    io.use((socket, next) => {
      const app = newApp();
      const user = app.login(socket.handshake.auth['token']);
      Object.assign(socket.data as object, { app, user });
      next(user === undefined ? new Error('UNAUTHORIZED') : undefined);
    });
    io.on('connection', (socket: Socket) => {
      const { app, user } = socket.data as Asker;
      socket.onAny((event: string, ...args: readonly unknown[]) => {
        const acknowledge = args.at(-1) as ((answer: object) => void) | undefined;
        if (typeof acknowledge !== 'function') return;
        const { stack } = new Error('note');
        const outcome = app.ask(user, event);
        acknowledge('code' in outcome && app.has('stack-trace') ? { ...outcome, stack } : outcome);
      });
    });
    return (request, socket, head) => {
      // Engine.IO agrees to the first one that is offered.
      delete request.headers['sec-websocket-protocol'];
      io.engine.handleUpgrade(request, socket, head);
    };
  },
};
