import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a {@link StubProvider} answers at a path. */
export type StubAnswer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers whatever a test wants, for what no honest identity provider does. */
export interface StubProvider {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** The paths that were asked for, in their order. */
  readonly requests: string[];
  /** The answers by path. A path without one is never answered. */
  readonly answers: Map<string, StubAnswer>;
}

/** Starts a {@link StubProvider} that ends with its test. */
export async function startStubProvider(answers: Readonly<Record<string, StubAnswer>> = {}): Promise<StubProvider> {
  const provider = { url: '', requests: [] as string[], answers: new Map(Object.entries(answers)) };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    provider.requests.push(path);
    provider.answers.get(path)?.(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(provider, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

/** Answers a JSON document. */
export const json =
  (document: unknown): StubAnswer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  };

/** Answers a status without a document. */
export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): StubAnswer =>
  (_request, response) => {
    response.writeHead(code, headers).end();
  };
