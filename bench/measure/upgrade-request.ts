import { request, type ClientRequest } from 'node:http';

/** Where and how a load client connects. */
export interface LoadTarget {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Where it comes from. @default whatever the system chooses */
  readonly localAddress?: string;
}

/** Sends the head of an opening handshake (RFC 6455 section 4.1) on a TCP connection of its own. */
export function upgradeRequest({ port, path, headers, localAddress }: LoadTarget): ClientRequest {
  return request({
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    ...(localAddress !== undefined && { localAddress }),
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      // The example of the RFC: a load client draws no nonce, since no cache stands in between.
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  }).end();
}
