import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { expectSoon } from './patience.js';

/** Where `ws` is found. */
const FOLDER = fileURLToPath(new URL('..', import.meta.url));

/** Tells of each ping in a line, and sends a message after it: the server has read the pong when it has read that. */
const CLIENT = `
  import { WebSocket } from 'ws';
  const [url, token] = process.argv.slice(1);
  const socket = new WebSocket(url, { rejectUnauthorized: false, headers: { Authorization: 'Bearer ' + token } });
  socket.on('open', () => console.log('open'));
  socket.on('error', (error) => console.log('error ' + error.message));
  socket.on('ping', () => {
    console.log('ping');
    socket.send('{"event":"echo","data":{"text":"after the pong"}}');
  });
`;

/** A client in a network of its own, joined to this one by a virtual cable. From RFC 2544's addresses for tests. */
export class DistantPeer {
  /** Of this side of the cable. */
  readonly address: string;
  readonly #name: string;
  readonly #theirAddress: string;
  readonly #lines: string[] = [];
  #onLine: (() => void) | undefined;
  #program: ChildProcess | undefined;

  private constructor() {
    const id = randomInt(1, 2 ** 14);
    const [third, fourth] = [id >> 6, (id & 63) * 4];
    this.#name = `sws${id}`;
    this.address = `198.19.${third}.${fourth + 1}`;
    this.#theirAddress = `198.19.${third}.${fourth + 2}`;
  }

  /**
   * Makes the network, which ends with the test that made it.
   *
   * @throws Error that says what the machine lacks.
   */
  static create(): DistantPeer {
    const peer = new DistantPeer();
    const name = peer.#name;
    onTestFinished(() => {
      peer.#program?.kill('SIGKILL');
      // The cable goes with the network that one of its ends is in.
      ip(['netns', 'del', name]);
    });
    ip(['netns', 'add', name]);
    ip(['link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`, 'netns', name]);
    ip(['addr', 'add', `${peer.address}/30`, 'dev', `${name}a`]);
    ip(['link', 'set', `${name}a`, 'up']);
    ip(['-n', name, 'addr', 'add', `${peer.#theirAddress}/30`, 'dev', `${name}b`]);
    ip(['-n', name, 'link', 'set', `${name}b`, 'up']);
    return peer;
  }

  /** Opens a connection that answers pings. */
  async connect(url: string, token: string): Promise<void> {
    const args = ['netns', 'exec', this.#name, process.execPath, '--input-type=module', '-e', CLIENT, url, token];
    const program = (this.#program = spawn('ip', args, { cwd: FOLDER, stdio: ['ignore', 'pipe', 'inherit'] }));
    program.stdout.on('data', (text: Buffer) => {
      this.#lines.push(...text.toString().split('\n').filter(Boolean));
      this.#onLine?.();
    });
    await this.hears('open');
  }

  /** Waits until the client has written a line, and forgets the lines up to it. @throws Error where it tells of an error. */
  async hears(line: string): Promise<void> {
    await expectSoon(
      new Promise<void>((resolve, reject) => {
        const look = (): void => {
          const error = this.#lines.find((each) => each.startsWith('error'));
          if (error !== undefined) reject(new Error(`The distant client: ${error}`));
          if (!this.#lines.includes(line)) return;
          this.#lines.splice(0, this.#lines.indexOf(line) + 1);
          this.#onLine = undefined;
          resolve();
        };
        this.#onLine = look;
        look();
      }),
      `"${line}" of the distant client`,
    );
  }

  /** From here on nothing that it sends arrives, not even that it has received something; and nobody is told. */
  vanish(): void {
    ip(['-n', this.#name, 'route', 'add', 'blackhole', `${this.address}/32`]);
  }
}

function ip(args: readonly string[]): void {
  try {
    execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (cause) {
    throw new Error(
      'A network namespace could not be made. The test of half-open peers needs root with CAP_NET_ADMIN and CAP_SYS_ADMIN, and ' +
        `iproute2 (node tools/ensure-network-namespaces.mjs installs it): ip ${args.join(' ')} failed.`,
      { cause },
    );
  }
}
