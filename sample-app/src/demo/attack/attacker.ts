import { request } from 'node:https';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { WebSocket } from 'ws';
import type { LoopbackTarget } from './loopback-target.js';

/** What an attempt came to: a status, a close code, or a word. */
export type Outcome = string;

/** What is sent with one handshake. */
export interface Attempt {
  /** @default the page's own */
  readonly origin?: string;
  readonly authorization?: string;
  readonly path?: string;
  /** Sent one after the other as soon as the connection is open. */
  readonly frames?: readonly (string | Buffer)[];
}

/** How long one attempt lasts at most, in milliseconds. */
const ATTEMPT_MS = 4000;

/**
 * Sends what an attacker would send, from a loopback address of its own, so that it is not the operator's browser that is
 * refused for it. The certificate of the demo is self-signed, and the other end is this machine: it is not checked.
 */
export class Attacker {
  readonly #local: { readonly localAddress?: string };

  constructor(
    private readonly target: LoopbackTarget,
    /** 2 to 250: the last part of the address. */
    number: number,
  ) {
    // The whole of 127.0.0.0/8 is this machine, on Linux; elsewhere one address has to do.
    const hasMany = process.platform === 'linux' && target.address.startsWith('127.');
    this.#local = hasMany ? { localAddress: `127.0.0.${number}` } : {};
  }

  get #options() {
    const { address: host, port } = this.target;
    return { host, port, servername: 'localhost', rejectUnauthorized: false, ...this.#local };
  }

  /** Posts JSON. @returns the status, and the body where it is JSON. */
  post(path: string, body: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
    return new Promise((resolve, reject) => {
      const { host, origin } = new URL(this.target.origin);
      // A ticket is bound to the origin that asks for it.
      const headers = { Host: host, Origin: origin, 'Content-Type': 'application/json' };
      const sent = request({ ...this.#options, path, method: 'POST', headers, timeout: ATTEMPT_MS }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }));
      });
      sent.once('timeout', () => sent.destroy(new Error('No answer.')));
      sent.once('error', reject).end(JSON.stringify(body));
    });
  }

  /** Tries a handshake, sends frames where it is let in, and waits for the end, a few seconds at most. */
  async open({ origin = this.target.origin, authorization, path = '/chat', frames = [] }: Attempt): Promise<Outcome> {
    const url = `wss://${new URL(this.target.origin).host}${path}`;
    const headers = { ...(authorization !== undefined && { Authorization: authorization }) };
    const socket = new WebSocket(url, ['json.v1'], { ...this.#options, origin, headers, handshakeTimeout: ATTEMPT_MS });
    const ended = new Promise<Outcome>((resolve) => {
      let isRefused = false;
      socket.once('unexpected-response', (_, response) => {
        isRefused = true;
        response.resume();
        socket.terminate();
        resolve(String(response.statusCode));
      });
      socket.once('close', (code) => resolve(`close ${code}`));
      socket.on('error', () => isRefused || resolve('no answer'));
      socket.once('open', () => {
        for (const frame of frames) socket.send(frame);
      });
      setTimeout(() => resolve('still open'), ATTEMPT_MS).unref();
    });
    const outcome = await ended;
    socket.terminate();
    return outcome;
  }

  /** Sends bytes that are no handshake. */
  async garbage(bytes: string): Promise<Outcome> {
    const socket = connect(this.#options);
    socket.setTimeout(ATTEMPT_MS, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.once('secureConnect', () => socket.write(bytes));
    const [first] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [unknown];
    socket.destroy();
    return Buffer.isBuffer(first) ? (first.toString('latin1').split(' ', 2)[1] ?? 'bytes') : 'cut off';
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
