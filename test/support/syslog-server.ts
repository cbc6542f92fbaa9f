import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import { CertificateAuthority, SERVER_AUTH } from './certificate-authority.js';

/** A syslog server over TLS that keeps what it gets. */
export interface SyslogServer {
  readonly port: number;
  /** The authority that vouches for it. */
  readonly ca: string;
  /** The messages, without their lengths. */
  readonly messages: string[];
  /** How often a client has connected. */
  readonly connections: () => number;
  /** How many are open. */
  readonly open: () => number;
  /** Cuts every connection off. */
  readonly dropAll: () => void;
  /** Ends its own half of every connection. */
  readonly endAll: () => void;
  /** Reads nothing any more, of no connection. */
  readonly hang: () => void;
}

/** Starts one on a free port, for `localhost`. It ends with the test. */
export async function startSyslogServer(
  { name = 'localhost', ...options }: TlsOptions & { readonly name?: string } = {},
  authority?: CertificateAuthority,
): Promise<SyslogServer> {
  const ca = authority ?? (await CertificateAuthority.create());
  const { cert, key } = await ca.issue({
    subject: `CN=${name}`,
    names: [{ type: 'dns', value: name }],
    usages: [SERVER_AUTH],
  });
  const messages: string[] = [];
  const sockets = new Set<TLSSocket>();
  const raw = new Set<Socket>();
  let count = 0;
  let isHanging = false;
  const server = createServer({ cert, key, ...options }, (socket) => {
    count++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    if (isHanging) return;
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = takeFrames(Buffer.concat([rest, chunk]), messages);
    });
  });
  server.on('connection', (socket: Socket) => {
    raw.add(socket);
    socket.on('close', () => raw.delete(socket));
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of raw) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    ca: ca.cert,
    messages,
    connections: () => count,
    open: () => sockets.size,
    dropAll: () => {
      for (const socket of sockets) socket.destroy();
    },
    endAll: () => {
      for (const socket of sockets) socket.end();
    },
    hang: () => {
      isHanging = true;
      for (const socket of sockets) socket.removeAllListeners('data').pause();
    },
  };
}

/** Takes the whole frames off (RFC 5425 section 4.3). @throws Error for what is not one. */
function takeFrames(bytes: Buffer, messages: string[]): Buffer<ArrayBuffer> {
  let rest = Buffer.from(bytes);
  for (;;) {
    const space = rest.indexOf(0x20);
    if (space === -1) return rest;
    const text = rest.subarray(0, space).toString('latin1');
    if (!/^[1-9]\d*$/.test(text)) throw new Error(`No length in front of a message: ${text}`);
    const end = space + 1 + Number(text);
    if (rest.length < end) return rest;
    messages.push(rest.subarray(space + 1, end).toString('utf8'));
    rest = rest.subarray(end);
  }
}
