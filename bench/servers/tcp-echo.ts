// Plain TCP that sends back what it reads: no HTTP, no WebSocket, no JSON. The least that a reply can cost in this runtime.
import { createServer } from 'node:net';
import { serve } from '../measure/serve.js';

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on('data', (bytes) => socket.write(bytes));
});

server.listen(0, '127.0.0.1', () => serve(server));
