import { SOCKET_IO_QUERY } from './endpoints-of-script.js';

/** Where servers have their WebSocket when nobody says otherwise: the defaults of libraries first. */
export const COMMON_PATHS: readonly string[] = [
  '/',
  '/ws',
  '/wss',
  '/websocket',
  '/socket',
  '/api/ws',
  '/api/websocket',
  `/socket.io/${SOCKET_IO_QUERY}`,
  '/graphql',
  '/subscriptions',
  '/cable',
  '/hub',
  '/connection/websocket',
  '/socket/websocket',
  '/live/websocket',
  '/stomp',
  '/ws/websocket',
  '/realtime',
  '/live',
  '/events',
  '/stream',
  '/chat',
  '/notifications',
];
