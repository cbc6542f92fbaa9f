import { isMessageId } from '@secure-ws/protocol';
import { CODECS } from '../support/binary-message.js';
import { clientFragments, clientFrame, OPCODES } from '../support/frame-writer.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import type { RunningApp } from '../support/start-app.js';
import { type Format, lenientId, mutate, payload, write } from './grammar.js';
import type { Random } from './random.js';

interface Answer {
  readonly event?: unknown;
  readonly id?: unknown;
  readonly messages?: readonly [number, number];
}

/** What became of one input. */
export type Outcome = 'answered' | 'closed' | `unanswered: ${string}`;

/** One connection that is fuzzed until the server has had enough of it. */
export class FuzzedConnection {
  #sent = 0;
  isOpen = true;

  private constructor(
    private readonly tcp: RawTcp,
    private readonly format: Format,
    /** Lets what is told a moment later be told. */
    private readonly passTime: () => void,
  ) {}

  static async open(app: RunningApp, format: Format, passTime: () => void): Promise<FuzzedConnection> {
    const tcp = await RawTcp.open(app);
    const protocol = format === 'bytes' ? [] : [['Sec-WebSocket-Protocol', format] as const];
    const fields = [...handshakeFields(app.host), ['Authorization', `Bearer ${app.token()}`] as const, ...protocol];
    tcp.write(requestHead({ target: '/fuzz', fields }));
    const { status } = await tcp.readHead();
    if (status !== 101) throw new Error(`The handshake was answered with ${status}.`);
    return new FuzzedConnection(tcp, format, passTime);
  }

  /** Sends one input and a good message behind it, and waits for both to be answered, or for the end. */
  async send(random: Random, name: string): Promise<Outcome> {
    const body = payload(random, `i${name}`, this.format);
    const opcode = this.format === 'json.v1' ? OPCODES.text : OPCODES.binary;
    if (random.happens(0.1)) return this.#sendBroken(random, clientFrame(body, { opcode }));
    const pieces = random.happens(0.1)
      ? clientFragments(body, 1 + random.below(5), opcode)
      : [clientFrame(body, { opcode })];
    const number = ++this.#sent;
    const probe = write(
      { event: 'order', data: { side: 'buy', lines: [] }, id: `p${name}` },
      this.#probeFormat,
    ) as Buffer;
    this.#sent++;
    const probeOpcode = this.#probeFormat === 'json.v1' ? OPCODES.text : OPCODES.binary;
    this.tcp.write(Buffer.concat([...pieces, clientFrame(probe, { opcode: probeOpcode })]));
    const id = lenientId(body, this.format);
    return this.#await(number, isMessageId(id) ? id : undefined, `p${name}`);
  }

  end(): void {
    this.tcp.socket.destroy();
  }

  /** A message without bytes is a text message where bytes have an envelope in front. */
  get #probeFormat(): Format {
    return this.format === 'bytes' ? 'json.v1' : this.format;
  }

  /** Frames that are none: nobody knows where the next one begins, so that this ends the connection. */
  async #sendBroken(random: Random, frame: Buffer): Promise<Outcome> {
    this.tcp.write(mutate(random, frame));
    this.tcp.socket.end();
    await this.tcp.ended();
    this.isOpen = false;
    return 'closed';
  }

  async #await(number: number, id: unknown, probe: string): Promise<Outcome> {
    // Without an id that anybody could find there is nothing to wait for but the good message.
    let isAnswered = id === undefined;
    let isProbed = false;
    while (!isAnswered || !isProbed) {
      if (isProbed) this.passTime();
      const answer = await this.#next();
      if (answer === undefined) return 'closed';
      if (answer.id === probe) {
        if (isProbed) return `unanswered: ${String(id)}`;
        isProbed = true;
      } else if (answer.id === id || covers(answer, number)) isAnswered = true;
    }
    return 'answered';
  }

  /** @returns `undefined` once the server has closed. */
  async #next(): Promise<Answer | undefined> {
    try {
      const { opcode, payload: body } = await this.tcp.nextFrame();
      if (opcode === OPCODES.close) throw new Error('closed');
      const isText = opcode === OPCODES.text;
      if (!isText && (this.format === 'json.v1' || this.format === 'bytes')) throw new Error('binary');
      const decode = this.format === 'msgpack.v1' || this.format === 'cbor.v1' ? CODECS[this.format].decode : parse;
      return decode(body) as Answer;
    } catch {
      this.isOpen = false;
      this.tcp.socket.destroy();
      return undefined;
    }
  }
}

const parse = (frame: Buffer): unknown => JSON.parse(frame.toString());

function covers({ messages }: Answer, number: number): boolean {
  return messages !== undefined && messages[0] <= number && number <= messages[1];
}
