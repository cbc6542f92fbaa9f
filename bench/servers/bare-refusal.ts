// Refuses every upgrade with one constant string: the least that a refusal can cost.
import { createServer } from 'node:http';
import { serve } from '../measure/serve.js';

const server = createServer();
server.on('upgrade', (_request, socket) => {
  socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
});

server.listen(0, '127.0.0.1', () => serve(server));
