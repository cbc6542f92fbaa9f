import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const IDLE_MS = 600;
const MAX_BYTES = 1_048_576;
const MAX_UNREAD = 1_048_576;

/** A server that reads frames as its author remembered them: masked or not, whatever their bits and opcodes say. */
export function serveLeniently(request: IncomingMessage, socket: Duplex, answer: (message: string) => string): void {
  const key = request.headers['sec-websocket-key'] ?? '';
  if (!/^[+/0-9A-Za-z]{22}==$/.test(key) || request.method !== 'GET') {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let buffered = Buffer.alloc(0);
  socket.on('error', () => socket.destroy()).on('end', () => socket.destroy());
  if (socket instanceof Socket) socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (let frame = readFrame(buffered); frame !== undefined; frame = readFrame(buffered)) {
      buffered = buffered.subarray(frame.end);
      if (frame.end > MAX_BYTES || frame.opcode === 8) {
        socket.end(frameOf(8, Buffer.from([0x03, frame.opcode === 8 ? 0xe8 : 0xf1])));
        return;
      }
      if (frame.opcode === 9) socket.write(frameOf(10, frame.payload));
      else if (frame.opcode === 1) socket.write(frameOf(1, Buffer.from(answer(frame.payload.toString()))));
      if (socket.writableLength > MAX_UNREAD) socket.destroy();
    }
  });
}

function readFrame(bytes: Buffer): { opcode: number; payload: Buffer; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const at = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < at) return undefined;
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  const isMasked = (bytes.readUInt8(1) & 0x80) !== 0;
  const start = at + (isMasked ? 4 : 0);
  const end = start + size;
  if (bytes.length < end) return undefined;
  const payload = Buffer.from(bytes.subarray(start, end));
  if (isMasked)
    for (let index = 0; index < size; index++)
      payload[index] = (payload[index] ?? 0) ^ bytes.readUInt8(at + (index & 3));
  return { opcode: bytes.readUInt8(0) & 0x0f, payload, end };
}

function frameOf(opcode: number, payload: Buffer): Buffer {
  const head =
    payload.length > 125
      ? Buffer.from([0x80 | opcode, 126, payload.length >> 8, payload.length & 0xff])
      : Buffer.from([0x80 | opcode, payload.length]);
  return Buffer.concat([head, payload]);
}
