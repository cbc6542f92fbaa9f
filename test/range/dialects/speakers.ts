import type { DialectId } from '@secure-ws/scanner';
import { centrifugo } from './centrifugo-speaker.js';
import { graphqlWs, subscriptionsTransportWs } from './graphql-speakers.js';
import { phoenix } from './phoenix-speaker.js';
import { signalR } from './signalr-speaker.js';
import { socketIo } from './socket-io-speaker.js';
import type { Speaker } from './speaker.js';
import { stomp } from './stomp-speaker.js';

/** A server for each dialect that has an opening. */
export const SPEAKERS: readonly (readonly [dialect: DialectId, speaker: Speaker])[] = [
  ['socket.io', socketIo],
  ['graphql-ws', graphqlWs],
  ['subscriptions-transport-ws', subscriptionsTransportWs],
  ['signalr', signalR],
  ['stomp', stomp],
  ['phoenix', phoenix],
  ['centrifugo', centrifugo],
];
