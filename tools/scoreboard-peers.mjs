/**
 * @typedef {object} Peer
 * @property {string} name as the page shows it
 * @property {Readonly<Record<string, string>>} packages exact versions from npm; the first is the one that is judged
 * @property {string} app ECMAScript: a minimal server that echoes, with nothing added, and prints its port
 * @property {string} [address] path and query of the endpoint
 * @property {readonly string[]} messages that the app answers
 * @property {readonly string[]} [options] further options of secure-ws-scan
 */

const PRINT = 'const tell = (server) => console.log(`port ${server.address().port}`);';
const NEST = {
  '@nestjs/common': '12.5.1',
  '@nestjs/core': '12.5.1',
  '@nestjs/platform-express': '12.5.1',
  '@nestjs/websockets': '12.1.1',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
};

/** @param {string} adapter as an import of `Adapter` */
const nestApp = (adapter) => `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import ${adapter};
class Gateway {
  echo(client, data) { return { event: 'echo', data }; }
}
SubscribeMessage('echo')(Gateway.prototype, 'echo', Object.getOwnPropertyDescriptor(Gateway.prototype, 'echo'));
WebSocketGateway()(Gateway);
class App {}
Module({ providers: [Gateway] })(App);
const app = await NestFactory.create(App, { logger: false });
app.useWebSocketAdapter(new Adapter(app));
await app.listen(0, '127.0.0.1');
tell(app.getHttpServer());
`;

/** What npm has for a WebSocket server, each with its defaults. @type {readonly Peer[]} */
export const PEERS = [
  {
    name: 'ws',
    packages: { ws: '8.23.0' },
    app: `
import { WebSocketServer } from 'ws';
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (client) => {
  client.on('error', console.error);
  client.on('message', (data) => client.send(String(data)));
});
server.on('listening', () => tell(server));
`,
    messages: ['hello'],
  },
  {
    name: 'WebSocket-Node',
    packages: { websocket: '1.0.35' },
    app: `
import { createServer } from 'node:http';
import websocket from 'websocket';
const http = createServer((_, response) => response.writeHead(404).end());
const server = new websocket.server({ httpServer: http, autoAcceptConnections: true });
server.on('connect', (connection) => {
  connection.on('message', ({ utf8Data }) => utf8Data !== undefined && connection.sendUTF(utf8Data));
});
http.listen(0, '127.0.0.1', () => tell(http));
`,
    messages: ['hello'],
  },
  {
    name: 'faye-websocket',
    packages: { 'faye-websocket': '0.11.4' },
    app: `
import { createServer } from 'node:http';
import WebSocket from 'faye-websocket';
const http = createServer((_, response) => response.writeHead(404).end());
http.on('upgrade', (request, socket, body) => {
  if (!WebSocket.isWebSocket(request)) return;
  const client = new WebSocket(request, socket, body);
  client.on('message', (event) => client.send(event.data));
});
http.listen(0, '127.0.0.1', () => tell(http));
`,
    messages: ['hello'],
  },
  {
    name: 'express-ws',
    packages: { 'express-ws': '5.0.2', express: '5.3.0' },
    app: `
import express from 'express';
import expressWs from 'express-ws';
const { app } = expressWs(express());
app.ws('/', (client) => client.on('message', (message) => client.send(message)));
const server = app.listen(0, '127.0.0.1', () => tell(server));
`,
    messages: ['hello'],
  },
  {
    name: '@fastify/websocket',
    packages: { '@fastify/websocket': '11.3.7', fastify: '5.12.8' },
    app: `
import fastify from 'fastify';
import websocket from '@fastify/websocket';
const app = fastify();
await app.register(websocket);
app.register(async (scope) => {
  scope.get('/', { websocket: true }, (client) => client.on('message', (message) => client.send(message.toString())));
});
await app.listen({ port: 0, host: '127.0.0.1' });
tell(app.server);
`,
    messages: ['hello'],
  },
  {
    name: 'crossws',
    packages: { crossws: '0.4.17' },
    app: `
import { createServer } from 'node:http';
import crossws from 'crossws/adapters/node';
const ws = crossws({ hooks: { message: (peer, message) => peer.send(message.text()) } });
const http = createServer((_, response) => response.writeHead(404).end());
http.on('upgrade', ws.handleUpgrade);
http.listen(0, '127.0.0.1', () => tell(http));
`,
    messages: ['hello'],
  },
  {
    name: 'Socket.IO',
    packages: { 'socket.io': '4.8.4' },
    app: `
import { createServer } from 'node:http';
import { Server } from 'socket.io';
const http = createServer();
new Server(http).on('connection', (socket) => socket.on('echo', (data) => socket.emit('echo', data)));
http.listen(0, '127.0.0.1', () => tell(http));
`,
    address: '/socket.io/?EIO=4&transport=websocket',
    messages: ['42["echo","hello"]'],
  },
  {
    name: 'graphql-ws',
    packages: { 'graphql-ws': '6.4.2', graphql: '16.12.0', ws: '8.23.0' },
    app: `
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/graphql' });
useServer({ schema: buildSchema('type Query { hello: String }'), roots: { query: { hello: () => 'hello' } } }, server);
server.on('listening', () => tell(server));
`,
    address: '/graphql',
    messages: ['{"id":"1","type":"subscribe","payload":{"query":"{ hello }"}}'],
    options: ['--subprotocol', 'graphql-transport-ws'],
  },
  {
    name: 'Nest 12 over ws',
    packages: { '@nestjs/platform-ws': '12.1.1', ...NEST },
    app: nestApp(`{ WsAdapter as Adapter } from '@nestjs/platform-ws'`),
    messages: ['{"event":"echo","data":"hello"}'],
  },
  {
    name: 'Nest 12 over Socket.IO',
    packages: { '@nestjs/platform-socket.io': '12.1.1', ...NEST },
    app: nestApp(`{ IoAdapter as Adapter } from '@nestjs/platform-socket.io'`),
    address: '/socket.io/?EIO=4&transport=websocket',
    messages: ['42["echo","hello"]'],
  },
].map((peer) => ({ ...peer, app: `${PRINT}${peer.app}` }));
