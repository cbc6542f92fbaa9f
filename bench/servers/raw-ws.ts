// Raw `ws`: parse, answer, stringify. No check of anything: the floor.
import { createServer } from 'node:http';
import { WebSocketServer, type RawData } from 'ws';
import { serve } from '../measure/serve.js';
import type { PlaceOrder } from '../orders/place-order.js';

const server = createServer();
const sockets = new WebSocketServer({ server, path: '/orders' });

sockets.on('connection', (socket) => {
  socket.on('message', (bytes: RawData) => {
    const { data } = JSON.parse((bytes as Buffer).toString()) as { data: PlaceOrder };
    socket.send(JSON.stringify({ event: 'order.placed', data }));
  });
});

server.listen(0, '127.0.0.1', () => serve(server));
