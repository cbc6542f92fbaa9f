import { type ReceivedMessage, WsTestClient } from '@secure-ws/nestjs/testing';
import { onTestFinished } from 'vitest';
import { awaitOpen, type ClientShape, createSocket } from './handshake.js';
import { PATIENCE_MS } from './patience.js';

export type { ReceivedMessage };

/** The published client, less forgiving: these tests are about what a server sends, and in which order. */
export class Client extends WsTestClient {
  #lastRequest = 0;

  /** Sends a message with an id of its own and gives the next message, which must carry that id. */
  override async request(event: string, data?: unknown): Promise<ReceivedMessage> {
    const id = ++this.#lastRequest;
    this.send(event, data, id);
    const reply = await this.next();
    if (reply.id !== id) throw new Error(`Expected the answer to id ${id}, and got ${JSON.stringify(reply)}.`);
    return reply;
  }
}

/** Connects; the client is closed at the end of its test. @throws HandshakeRefused where the server refuses. */
export async function connect(url: string, shape: ClientShape = {}): Promise<Client> {
  const client = new Client(createSocket(url, shape), PATIENCE_MS);
  await awaitOpen(client.socket);
  onTestFinished(() => client.close());
  return client;
}
