import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { type PrincipalInput, WsHttpPrincipal } from '@secure-ws/nestjs';
import { type OperationsOptions, SecureWsOperationsModule } from '@secure-ws/nestjs/operations';
import { type Client, connect } from './queueing-client.js';
import { APP_ORIGIN, type AppShape, type RunningApp } from './start-app.js';
import { TEST_JWT } from './test-token.js';

/** What stands in the header `x-user` is who asks, as a reverse proxy or a session would say it: `root admin`. */
@Injectable()
export class HeaderPrincipal extends WsHttpPrincipal {
  override resolve({ headers }: IncomingMessage): PrincipalInput | undefined {
    const user = headers['x-user'];
    if (typeof user !== 'string') return undefined;
    const [id = '', ...roles] = user.split(' ');
    return { issuer: 'shop', id, roles };
  }
}

/** The operations page for the role `admin`, in an application that takes tokens and tickets. */
export function operationsApp(shape: AppShape = {}, options: Partial<OperationsOptions> = {}): AppShape {
  const page = SecureWsOperationsModule.forRoot({
    principal: HeaderPrincipal,
    access: { roles: ['admin'] },
    ...options,
  });
  return {
    ...shape,
    imports: [...(shape.imports ?? []), page],
    providers: [...(shape.providers ?? []), HeaderPrincipal],
    options: { ...shape.options, authentication: { jwt: TEST_JWT, tickets: {}, ...shape.options?.authentication } },
  };
}

/** Asks over HTTP, as a user. */
export function ask(app: RunningApp, path: string, user?: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (user !== undefined) headers.set('X-User', user);
  return fetch(`${app.httpUrl}${path}`, { redirect: 'manual', ...init, headers });
}

/** Asks for the ticket of the page's socket. */
export const askTicket = (app: RunningApp, user?: string, origin: string | undefined = APP_ORIGIN): Promise<Response> =>
  ask(app, '/operations/ticket', user, { method: 'POST', ...(origin !== '' && { headers: { Origin: origin } }) });

/** Opens the page's socket, as the page does. */
export async function openOperations(app: RunningApp, user = 'root admin'): Promise<Client> {
  const { ticket, socketPath } = (await (await askTicket(app, user)).json()) as Record<string, string>;
  return connect(`${app.url}${socketPath}`, {
    origin: APP_ORIGIN,
    protocols: ['secure-ws.v1', `ticket.${ticket}`],
  });
}

/** A connection, as the page lists it. */
export interface Row {
  readonly connectionId: string;
  readonly who: string;
  readonly address: string;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** Asks for a page of the connections. */
export const list = async (client: Client, asked: object = {}) => {
  const { data } = await client.request('ops.connections', { offset: 0, limit: 100, order: 'oldest', ...asked });
  return data as { readonly total: number; readonly offset: number; readonly rows: readonly Row[] };
};

/** Prepares and confirms. */
export async function act(client: Client, asked: object): Promise<unknown> {
  const prepared = await client.request('ops.prepare', { reason: 'a test', ...asked });
  const { confirmation } = prepared.data as { readonly confirmation: string };
  return (await client.request('ops.confirm', { confirmation })).data;
}
