import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { closeCodeOf } from '../support/frame-reader.js';
import { clientFrame, closePayload, type FrameShape, OPCODES } from '../support/frame-writer.js';
import { connect } from '../support/queueing-client.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { sharedApp } from '../support/start-app.js';

const GOOD = '{"event":"echo","data":{"text":"x"},"id":1}';

describe('what a client sends', () => {
  const app = sharedApp({ providers: [EchoGateway] });
  // Violations are charged to the principal: each test brings its own.
  let visitors = 0;
  const token = () => app().token({ sub: `visitor-${++visitors}` });
  const open = () => connect(`${app().url}/echo`, { token: token() });

  it.each<readonly [what: string, frame: string]>([
    ['nothing', ''],
    ['a blank', ' '],
    ['a number', '5'],
    ['null', 'null'],
    ['true', 'true'],
    ['a text', '"echo"'],
    ['an empty list', '[]'],
    ['a list of messages', '[{"event":"echo","data":{"text":"x"}}]'],
    ['an empty object', '{}'],
    ['no event', '{"data":{}}'],
    ['an empty event', '{"event":""}'],
    ['a number for the event', '{"event":5}'],
    ['null for the event', '{"event":null}'],
    ['a list for the event', '{"event":["echo"]}'],
    ['an event with a blank', '{"event":"echo "}'],
    ['an event of 65 characters', `{"event":"${'e'.repeat(65)}"}`],
    ['an unknown key', '{"event":"echo","data":{"text":"x"},"extra":1}'],
    ['a key in other letters', '{"event":"echo","Data":{"text":"x"}}'],
    ['a fraction for the id', '{"event":"echo","data":{"text":"x"},"id":1.5}'],
    ['null for the id', '{"event":"echo","data":{"text":"x"},"id":null}'],
    ['an id with a blank', '{"event":"echo","data":{"text":"x"},"id":"a b"}'],
    ['an empty id', '{"event":"echo","data":{"text":"x"},"id":""}'],
    ['an id of 65 characters', `{"event":"echo","data":{"text":"x"},"id":"${'i'.repeat(65)}"}`],
    ['JSON that is cut', '{"event":"echo","data":{"text":"x"}'],
    ['JSON with something behind it', '{"event":"echo","data":{"text":"x"}} ]'],
    ['two messages in one', '{"event":"echo","data":{"text":"x"}}{"event":"echo","data":{"text":"x"}}'],
    ['single quotes', "{'event':'echo'}"],
    ['two events', '{"event":"echo","event":"echo","data":{"text":"x"}}'],
    ['a property twice', '{"event":"echo","data":{"text":"x","text":"y"}}'],
    ['a number that overflows', '{"event":"echo","data":{"text":1e999}}'],
    ['20,000 lists in each other', `{"event":"echo","data":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    ['2,000 keys', `{"event":"echo","data":{${Array.from({ length: 2000 }, (_, index) => `"k${index}":1`).join()}}}`],
  ])('MV-01 MV-05 MV-06 MV-12 is answered BAD_MESSAGE, and the connection stays: %s', async (_, frame) => {
    const client = await open();
    client.sendRaw(frame);
    expectError(await client.next(), 'BAD_MESSAGE');
    expect(await client.request('echo', { text: 'next' })).toMatchObject({ data: { text: 'next' } });
  });

  it('MV-11 is closed with 1003 when it is binary, though it reads as a message', async () => {
    const { events, app: nest } = app();
    const handled = nest.get(EchoGateway).handled.length;
    events.clear();
    const client = await open();
    client.sendRaw(Buffer.from(GOOD));
    client.send('echo', { text: 'behind it' });
    expect(await client.expectClose(1003)).toEqual({ code: 1003, reason: 'unsupported-data' });
    expect(client.unread).toEqual([]);
    expect(nest.get(EchoGateway).handled).toHaveLength(handled);
    expect(events.ofType('ws.message.refused')).toMatchObject([{ owasp: 'input_validation_fail' }]);
  });

  it.each<readonly [what: string, code: number, payload: string | Buffer, shape: FrameShape]>([
    ['an unmasked frame', 1002, GOOD, { masked: false }],
    ['a reserved bit', 1002, GOOD, { rsv: 4 }],
    ['a reserved opcode', 1002, GOOD, { opcode: 3 }],
    ['a reserved control opcode', 1002, GOOD, { opcode: 11 }],
    ['a continuation of nothing', 1002, GOOD, { opcode: OPCODES.continuation }],
    ['a fragmented ping', 1002, 'x', { opcode: OPCODES.ping, fin: false }],
    ['a ping of 126 bytes', 1002, 'x'.repeat(126), { opcode: OPCODES.ping }],
    ['a Close frame of one byte', 1002, 'x', { opcode: OPCODES.close }],
    ['a close code that is none', 1002, closePayload(1005), { opcode: OPCODES.close }],
    ['text that is no UTF-8', 1007, Buffer.from([0x7b, 0xff, 0x7d]), {}],
  ])('TR-07 TR-09 is closed, with what follows it, for %s', async (_, code, payload, shape) => {
    const { host, app: nest } = app();
    const handled = nest.get(EchoGateway).handled.length;
    const tcp = await RawTcp.open(app());
    tcp.write(
      requestHead({ target: '/echo', fields: [...handshakeFields(host), ['Authorization', `Bearer ${token()}`]] }),
    );
    await tcp.readHead();
    tcp.write(Buffer.concat([clientFrame(payload, shape), clientFrame(GOOD)]));
    expect(closeCodeOf(await tcp.nextFrame())).toBe(code);
    expect(nest.get(EchoGateway).handled).toHaveLength(handled);
  });

  it('is answered in the subprotocol that was negotiated, which is never the token', async () => {
    const { url } = app();
    const offered = { origin: 'http://localhost:4200', token: token(), tokenIn: 'subprotocol' } as const;
    const plain = await connect(`${url}/echo`, offered);
    expect(plain.socket.protocol).toBe('json.v1');
    const own = await connect(`${url}/echo`, { ...offered, protocols: ['json.v1', 'secure-ws.v1'] });
    expect(own.socket.protocol).toBe('secure-ws.v1');
    expect(await own.request('echo', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
  });
});
