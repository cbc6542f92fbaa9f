import { constants } from 'node:crypto';
import { connect as connectTls, type ConnectionOptions, type TlsOptions } from 'node:tls';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { letAnyPortServeFor } from '../support/own-port.js';
import { expectSoon } from '../support/patience.js';
import { expectWholeRefusal, goodFields } from '../support/raw-handshake.js';
import { RawTcp, requestHead } from '../support/raw-tcp.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const OWN_PORT = 3998;

@WebSocketGateway(OWN_PORT, { path: '/own' })
@WsAuthorize()
class OwnPortGateway {
  @SubscribeMessage('echo')
  echo(): boolean {
    return true;
  }
}

/** An application whose own TLS lets anything in, so that what refuses is ours. */
const LAX: TlsOptions = { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' };

const OLD: readonly (readonly [what: string, asked: ConnectionOptions])[] = [
  ['TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }],
  ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }],
  ['TLS 1.2 with CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }],
  ['TLS 1.2 with CBC and SHA-1', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-SHA' }],
];

const NEW: readonly (readonly [what: string, asked: ConnectionOptions])[] = [
  ['TLS 1.2 with GCM', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }],
  ['TLS 1.2 with ChaCha20', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' }],
  ['TLS 1.3', { minVersion: 'TLSv1.3' }],
];

async function knock(app: RunningApp, target: string, port: number, tls: ConnectionOptions) {
  const client = await RawTcp.open({ port, isTls: true, tls });
  client.write(requestHead({ target, fields: goodFields(app) }));
  return client;
}

/** Whether a TLS handshake comes about at all. */
function speaks(port: number, tls: ConnectionOptions): Promise<string | null | false> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...tls });
  const outcome = new Promise<string | null | false>((resolve) => {
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol());
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
  return expectSoon(outcome, 'the outcome of a TLS handshake').finally(() => socket.destroy());
}

describe('a client with old TLS', () => {
  it.each(OLD)('TR-03 is refused with %s, though the server would speak it', async (_, asked) => {
    const portOf = letAnyPortServeFor(OWN_PORT);
    const app = await startApp({ providers: [EchoGateway, OwnPortGateway], https: LAX });
    for (const [target, port] of [
      ['/echo', app.port],
      ['/own', portOf()],
    ] as const) {
      expectWholeRefusal(await (await knock(app, target, port, asked)).readResponse(), 403);
    }
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason: 'weak-tls' }, { reason: 'weak-tls' }]);
    expect(app.app.get(EchoGateway).connections).toBe(0);
  });

  it.each(NEW)('TR-03 is no client with %s', async (_, asked) => {
    const portOf = letAnyPortServeFor(OWN_PORT);
    const app = await startApp({ providers: [EchoGateway, OwnPortGateway], https: true });
    expect(await (await knock(app, '/echo', app.port, asked)).readHead()).toMatchObject({ status: 101 });
    expect(await (await knock(app, '/own', portOf(), asked)).readHead()).toMatchObject({ status: 101 });
  });
});

describe('the TLS of a gateway on a port of its own', () => {
  const onlyNew: ConnectionOptions = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' };

  it.each<readonly [what: string, https: TlsOptions]>([
    ['minVersion', { minVersion: 'TLSv1.3' }],
    ['secureOptions', { secureOptions: constants.SSL_OP_NO_TLSv1_2 }],
    ['secureProtocol', { secureProtocol: 'TLSv1_2_method', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }],
    [
      'a callback by name',
      {
        SNICallback: (_name, done) => {
          done(new Error('no such host'));
        },
      },
    ],
  ])('TR-03 F41 is that of the application, %s included', async (_, https) => {
    const portOf = letAnyPortServeFor(OWN_PORT);
    const app = await startApp({ providers: [OwnPortGateway], https });
    for (const asked of [
      onlyNew,
      { minVersion: 'TLSv1.3' },
      { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', ...onlyNew },
      { servername: 'localhost' },
    ] as const) {
      expect(await speaks(portOf(), asked)).toBe(await speaks(app.port, asked));
    }
  });

  it('TR-01 F41 is there beside HTTP/2 as well, and nothing is spoken in plaintext', async () => {
    const portOf = letAnyPortServeFor(OWN_PORT);
    const app = await startApp({ providers: [OwnPortGateway], platform: 'fastify', https: true, http2: true });
    expect(await (await knock(app, '/own', portOf(), {})).readHead()).toMatchObject({ status: 101 });
    const plain = await RawTcp.open({ port: portOf(), isTls: false });
    plain.write(requestHead({ target: '/own', fields: goodFields(app) }));
    await plain.ended();
    expect(plain.received.toString('latin1')).not.toContain('HTTP/1.1');
  });
});
