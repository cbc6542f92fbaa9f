import { expect } from 'vitest';
import { fieldOf, type RawResponse } from './raw-response.js';
import { handshakeFields, type RawRequest, RawTcp, requestHead } from './raw-tcp.js';
import type { RunningApp } from './start-app.js';

/** The fields of a request, in their order. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** The fields of a handshake that is admitted at `/echo`. */
export function goodFields(app: RunningApp): Fields {
  return [...handshakeFields(app.host), ['Authorization', `Bearer ${app.token()}`]];
}

/** The fields with other values in the place of the one named; without values it is left out. */
export function withField(fields: Fields, name: string, ...values: readonly string[]): Fields {
  const at = fields.findIndex(([other]) => other === name);
  const changed = values.map((value) => [name, value] as const);
  return at === -1 ? [...fields, ...changed] : [...fields.slice(0, at), ...changed, ...fields.slice(at + 1)];
}

/** Sends a request for `/echo`, and gives the head of the answer. */
export async function answerTo(app: RunningApp, request: Partial<RawRequest> = {}): Promise<RawResponse> {
  const client = await RawTcp.open(app);
  client.write(requestHead({ target: '/echo', fields: goodFields(app), ...request }));
  return client.readHead();
}

/** Sends a request for `/echo` with bytes behind it, and gives everything that comes until the server ends the connection. */
export async function refusalOf(
  app: RunningApp,
  request: Partial<RawRequest> = {},
  behind: Buffer | string = '',
): Promise<RawResponse> {
  const client = await RawTcp.open(app);
  const head = requestHead({ target: '/echo', fields: goodFields(app), ...request });
  client.write(Buffer.concat([head, Buffer.from(behind as string, 'latin1')]));
  return client.readResponse();
}

/** Checks that a refusal is one whole response that no cache keeps, that says nothing of the server, and nothing more. */
export function expectWholeRefusal(response: RawResponse, status: number): void {
  expect(response.status).toBe(status);
  expect(fieldOf(response, 'connection')).toBe('close');
  expect(fieldOf(response, 'cache-control')).toBe('no-store');
  // Of a second response nothing may follow: the body is as long as it says.
  expect(fieldOf(response, 'content-length')).toBe(String(response.body.length));
  for (const name of ['server', 'x-powered-by', 'via', 'set-cookie', 'etag']) {
    expect(fieldOf(response, name)).toBeUndefined();
  }
}

/** Connects to a gateway as a client that writes its own frames. */
export async function openRaw(app: RunningApp, target = '/echo', token = app.token()): Promise<RawTcp> {
  const client = await RawTcp.open(app);
  client.write(
    requestHead({ target, fields: [...handshakeFields(app.host), ['Authorization', `Bearer ${token}`] as const] }),
  );
  expect((await client.readHead()).status).toBe(101);
  return client;
}
