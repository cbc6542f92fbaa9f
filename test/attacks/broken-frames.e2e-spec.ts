import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { closeCodeOf } from '../support/frame-reader.js';
import { clientFrame, closePayload, type FrameShape, OPCODES } from '../support/frame-writer.js';
import { until } from '../support/patience.js';
import { openRaw } from '../support/raw-handshake.js';
import { sharedApp, startApp } from '../support/start-app.js';

const MESSAGE = JSON.stringify({ event: 'echo', data: { text: 'evil' }, id: 1 });
const BAD_UTF8 = Buffer.from([0x22, 0xc3, 0x28, 0x22]);
const { text, continuation, binary, close, ping, pong } = OPCODES;

const one = (payload: string | Buffer, shape: FrameShape): Buffer => clientFrame(payload, shape);
const two = (first: FrameShape, second: FrameShape): Buffer =>
  Buffer.concat([clientFrame('{"a":', first), clientFrame('1}', second)]);

const MATRIX: readonly (readonly [what: string, bytes: Buffer, code: number])[] = [
  ['an unmasked frame (5.1)', one(MESSAGE, { masked: false }), 1002],
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv) => [`RSV bits ${rsv} (5.2)`, one(MESSAGE, { rsv }), 1002] as const),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode) => [`the reserved opcode ${opcode} (5.2)`, one('x', { opcode }), 1002] as const,
  ),
  ...[close, ping, pong].flatMap((opcode) => [
    [`a fragmented control frame ${opcode} (5.5)`, one('', { opcode, fin: false }), 1002] as const,
    [`a control frame ${opcode} of 126 bytes (5.5)`, one('x'.repeat(126), { opcode }), 1002] as const,
  ]),
  ['a continuation of nothing (5.4)', one(MESSAGE, { opcode: continuation }), 1002],
  ['a last continuation of nothing (5.4)', one(MESSAGE, { opcode: continuation, fin: false }), 1002],
  ['a second message inside the first (5.4)', two({ opcode: text, fin: false }, { opcode: text }), 1002],
  ['a length of 5 in two bytes (5.2)', one('12345', { length: 'two-bytes' }), 1002],
  ['a length of 5 in eight bytes (5.2)', one('12345', { length: 'eight-bytes' }), 1002],
  ['a length of 300 in eight bytes (5.2)', one('x'.repeat(300), { length: 'eight-bytes' }), 1002],
  ['a ping of 4 in two bytes (5.2)', one('ping', { opcode: ping, length: 'two-bytes' }), 1002],
  ['bad UTF-8 (8.1)', one(BAD_UTF8, {}), 1007],
  [
    'UTF-8 that is bad only in the second fragment (8.1)',
    Buffer.concat([one('"', { fin: false }), one(BAD_UTF8, { opcode: continuation })]),
    1007,
  ],
  ['bad UTF-8 in a close reason (5.5.1)', one(Buffer.concat([closePayload(1000), BAD_UTF8]), { opcode: close }), 1007],
  ['a close payload of one byte (5.5.1)', one('x', { opcode: close }), 1002],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code) => [`the close code ${code} (7.4)`, one(closePayload(code), { opcode: close }), 1002] as const,
  ),
  ['a binary message', one(MESSAGE, { opcode: binary }), 1003],
  ['the first fragment of a binary message', one('{', { opcode: binary, fin: false }), 1003],
];

describe('a broken frame', () => {
  const app = sharedApp({ providers: [EchoGateway] });

  it.each(MATRIX)('TR-07 TR-09 closes, and nothing behind it is handled: %s', async (_, bytes, code) => {
    const running = app();
    const before = running.app.get(EchoGateway).handled.length;
    const tcp = await openRaw(running);
    tcp.write(Buffer.concat([bytes, clientFrame(MESSAGE)]));
    expect(closeCodeOf(await tcp.nextFrame())).toBe(code);
    // In a segment of its own, too.
    tcp.write(clientFrame(MESSAGE));
    await tcp.ended();
    expect(running.app.get(EchoGateway).handled.length).toBe(before);
  });

  it.each([1000, 1001, 1003, 1007, 1011, 1012, 1014, 3000, 4999])(
    'TR-07 TR-10 is not the close code %d, which is answered without the reason of the peer',
    async (code) => {
      const tcp = await openRaw(app());
      tcp.write(clientFrame(closePayload(code, 'a word of the peer'), { opcode: close }));
      const frame = await tcp.nextFrame();
      expect(closeCodeOf(frame)).toBe(code);
      expect(frame.payload).toHaveLength(2);
      await tcp.ended();
    },
  );

  it.each<readonly [what: string, bytes: Buffer, reason: string, closed: string]>([
    ['what ws refuses', one(MESSAGE, { rsv: 1 }), 'broken-frame', 'PROTOCOL_ERROR'],
    ['bad UTF-8', one(BAD_UTF8, {}), 'broken-frame', 'INVALID_PAYLOAD'],
    ['a long length', one('x', { length: 'two-bytes' }), 'broken-frame', 'PROTOCOL_ERROR'],
    ['binary', one('x', { opcode: binary }), 'binary-frame', 'UNSUPPORTED_DATA'],
  ])('MO-01 MO-03 is on record once, as closed by the server: %s', async (_, bytes, reason, closed) => {
    const running = await startApp({ providers: [EchoGateway] });
    const tcp = await openRaw(running);
    tcp.write(bytes);
    await tcp.ended();
    expect(await running.events.seen('ws.connection.closed')).toMatchObject({ initiator: 'server', reason: closed });
    expect(running.events.ofType('ws.message.refused')).toMatchObject([{ reason }]);
    expect(running.events.ofType('ws.connection.closed')).toHaveLength(1);
  });
});

describe('a peer that goes on sending after it was closed', () => {
  it.each<readonly [what: string, end: (lifecycle: WsConnectionLifecycleService) => Buffer | undefined, code: number]>([
    ['for a broken frame', () => one(MESSAGE, { rsv: 1 }), 1002],
    ['for a binary one', () => one('x', { opcode: binary }), 1003],
    ['for a policy', (lifecycle) => void lifecycle.disconnect({ path: '/echo' }, 'POLICY_VIOLATION'), 1008],
    ['in order', (lifecycle) => void lifecycle.disconnect({ path: '/echo' }, 'REVOKED'), 4504],
  ])('TR-09 F52 is not read any more, and cut off at once: %s', async (_, end, code) => {
    const clock = new FakeClock(Date.now());
    const running = await startApp({ providers: [EchoGateway], clock });
    const lifecycle = running.app.get(WsConnectionLifecycleService);
    const accepted = once(running.app.getHttpServer() as Server, 'connection') as Promise<[Socket]>;
    const tcp = await openRaw(running);
    const [raw] = await accepted;
    const first = end(lifecycle);
    if (first !== undefined) tcp.write(first);
    expect(closeCodeOf(await tcp.nextFrame())).toBe(code);
    const taken = raw.bytesRead;
    const megabyte = Buffer.concat(Array(20).fill(clientFrame('x'.repeat(50_000))) as Buffer[]);
    for (let count = 0; count < 30; count++) tcp.write(megabyte);
    await until(() => raw.isPaused(), 'the socket is not read');
    expect(raw.bytesRead - taken).toBeLessThan(300_000);
    expect(lifecycle.count).toBe(1);
    clock.advance(1000);
    await until(() => lifecycle.count === 0, 'the connection is gone');
    expect(raw.destroyed).toBe(true);
    expect(running.app.get(EchoGateway).handled).toEqual([]);
  });

  it.each(['POLICY_VIOLATION', 'TOO_BIG'] as const)(
    'TR-09 F52 is not waited for, where this side has failed the connection: %s',
    async (code) => {
      // Longer than the patience of the test: what ends the connection is no deadline.
      const options = { lifecycle: { closeTimeoutMs: 30_000 } };
      const running = await startApp({ providers: [EchoGateway], options });
      const tcp = await openRaw(running);
      running.app.get(WsConnectionLifecycleService).disconnect({ path: '/echo' }, code);
      expect((await tcp.nextFrame()).opcode).toBe(close);
      // It never answers the Close frame.
      await tcp.ended();
    },
  );
});
