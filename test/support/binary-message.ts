import { decode as decodeMsgpack, encode as encodeMsgpack } from '@msgpack/msgpack';
import { decode as decodeCbor, encode as encodeCbor } from 'cborg';
import type { WebSocket } from 'ws';
import { MessageQueue } from '../../packages/nestjs/src/testing/message-queue.js';
import { PATIENCE_MS } from './patience.js';

/** A binary message of a JSON subprotocol: the length of the envelope, the envelope, the bytes. */
export function binaryMessage(envelope: object | string | Buffer, bytes: Uint8Array, claimed?: number): Buffer {
  const isRaw = typeof envelope === 'string' || Buffer.isBuffer(envelope);
  const head = Buffer.from(isRaw ? (envelope as string) : JSON.stringify(envelope));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(claimed ?? head.length);
  return Buffer.concat([length, head, bytes]);
}

/** The libraries of the codecs, as a client of the application has them. */
export const CODECS = {
  'msgpack.v1': {
    encode: (value: unknown): Buffer => Buffer.from(encodeMsgpack(value)),
    decode: (frame: Buffer): unknown => decodeMsgpack(frame),
  },
  'cbor.v1': {
    encode: (value: unknown): Buffer => Buffer.from(encodeCbor(value)),
    decode: (frame: Buffer): unknown => decodeCbor(frame) as unknown,
  },
} as const;

/** The decoded messages that a socket gets. A text frame among them is an error. */
export function decodedMessages(socket: WebSocket, protocol: keyof typeof CODECS): MessageQueue<unknown> {
  const queue = new MessageQueue<unknown>(PATIENCE_MS);
  socket.on('message', (frame: Buffer, isBinary: boolean) => {
    queue.push(isBinary ? CODECS[protocol].decode(frame) : `a text frame: ${frame.toString()}`);
  });
  return queue;
}
