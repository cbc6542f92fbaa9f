// The server raw-ws with a known amount of work added to each message: a measurement is right when it finds that amount.
import { createServer } from 'node:http';
import { WebSocketServer, type RawData } from 'ws';
import { serve } from '../measure/serve.js';
import type { PlaceOrder } from '../orders/place-order.js';
import { ADDED_WORK_MICROS } from '../measure/added-work.js';

const server = createServer();
const sockets = new WebSocketServer({ server, path: '/orders' });

sockets.on('connection', (socket) => {
  socket.on('message', (bytes: RawData) => {
    const { data } = JSON.parse((bytes as Buffer).toString()) as { data: PlaceOrder };
    work();
    socket.send(JSON.stringify({ event: 'order.placed', data }));
  });
});

function work(): void {
  const end = performance.now() + ADDED_WORK_MICROS / 1_000;
  while (performance.now() < end);
}

server.listen(0, '127.0.0.1', () => serve(server));
