import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HarField } from '../har/har-entry.js';
import type { ScanTarget } from '../scope/scan-target.js';
import { forwardedFields } from './forwarded-fields.js';

const HANDSHAKE_MS = 30_000;

/** How a target answers to a handshake. */
export interface TargetAnswer {
  readonly onUpgrade: (response: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly onRefused: (response: IncomingMessage) => void;
  /** It did not answer, or not in time. */
  readonly onError: () => void;
}

/**
 * Sends the handshake of a client on to the target, with the fields of the client in their order. A redirect is an answer like
 * any other: following it would carry the credentials to a host that nobody named.
 *
 * @throws TypeError for fields that cannot be written.
 */
export function sendHandshake(
  target: ScanTarget,
  fields: readonly HarField[],
  extensions: string | undefined,
  { onUpgrade, onRefused, onError }: TargetAnswer,
): ClientRequest {
  const own = [
    { name: 'Host', value: target.host },
    { name: 'Connection', value: 'Upgrade' },
    { name: 'Upgrade', value: 'websocket' },
    ...(extensions === undefined ? [] : [{ name: 'Sec-WebSocket-Extensions', value: extensions }]),
  ];
  const send = target.isSecure ? requestHttps : requestHttp;
  const request = send({
    host: target.hostname,
    port: target.port,
    path: target.path,
    agent: false,
    headers: [...own, ...forwardedFields(fields)].flatMap(({ name, value }) => [name, value]),
    ...(target.isSecure && { ALPNProtocols: ['http/1.1'] }),
    ...(target.isSecure && isIP(target.hostname) === 0 && { servername: target.hostname }),
    ...(target.trusted !== undefined && { secureContext: target.trusted.context }),
  });
  const deadline = setTimeout(() => request.destroy(), HANDSHAKE_MS);
  const settle = (): void => clearTimeout(deadline);
  request.on('upgrade', (response, socket, head) => {
    settle();
    onUpgrade(response, socket, head);
  });
  request.on('response', (response) => {
    settle();
    onRefused(response);
    request.destroy();
  });
  request.on('error', onError).on('close', settle);
  request.end();
  return request;
}
