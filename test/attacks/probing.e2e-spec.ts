import { deflateRawSync } from 'node:zlib';
import { WebSocketGateway } from '@nestjs/websockets';
import { CLOSE_CODES, parseCloseReason } from '@secure-ws/protocol';
import { SecureWsBootError, WsAuthorize, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { clientFrame, closePayload, OPCODES } from '../support/frame-writer.js';
import { handshake, type Refusal } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { fieldOf } from '../support/raw-response.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { sharedApp, startApp } from '../support/start-app.js';

/** What a gateway of before may ask `ws` for. Nest's types know only some of it. */
const OLD_OPTIONS = {
  path: '/old',
  perMessageDeflate: true,
  skipUTF8Validation: true,
  autoPong: false,
};

@WebSocketGateway(OLD_OPTIONS)
@WsAuthorize()
class OldGateway extends EchoGateway {}

describe('an offer of compression', () => {
  const app = sharedApp({ providers: [EchoGateway] });

  const offer = async (path: string, extensions: string): Promise<{ tcp: RawTcp; extension: string | undefined }> => {
    const tcp = await RawTcp.open(app());
    const fields = [
      ...handshakeFields(app().host),
      ['Authorization', `Bearer ${app().token()}`],
      ['Sec-WebSocket-Extensions', extensions],
    ] as const;
    tcp.write(requestHead({ target: path, fields: [...fields] }));
    const response = await tcp.readHead();
    expect(response.status).toBe(101);
    return { tcp, extension: fieldOf(response, 'sec-websocket-extensions') };
  };

  it.each([
    ['/echo', 'permessage-deflate'],
    ['/echo', 'permessage-deflate; client_max_window_bits, permessage-deflate'],
    ['/echo', 'x-webkit-deflate-frame'],
    ['/echo', 'bbf-usp-protocol; foo=1'],
  ])('TR-05 TR-06 HS-11 is not taken up on %s: %s', async (path, extensions) => {
    const { tcp, extension } = await offer(path, extensions);
    expect(extension).toBeUndefined();
    // RFC 6455 section 5.2: a reserved bit that no extension gave a meaning fails the connection.
    tcp.write(clientFrame('{"event":"echo","data":{"text":"x"}}', { rsv: 4 }));
    const close = await tcp.nextFrame();
    expect(close.opcode).toBe(OPCODES.close);
    expect(close.payload.readUInt16BE(0)).toBe(1002);
    await tcp.ended();
    expect(app().app.get(EchoGateway).handled).toEqual([]);
  });

  it('TR-06 a compressed bomb of 200 MB ends the connection, and reaches no handler', async () => {
    const { tcp } = await offer('/echo', 'permessage-deflate');
    const bomb = deflateRawSync(Buffer.alloc(200_000_000), { level: 9 });
    tcp.write(clientFrame(bomb, { rsv: 4 }));
    expect((await tcp.nextFrame()).payload.readUInt16BE(0)).toBe(1002);
    await tcp.ended();
    expect(app().app.get(EchoGateway).handled).toEqual([]);
  });

  it('TR-08 TR-05 TR-06 options of ws on a gateway that would loosen something stop the boot', async () => {
    const error = await startApp({ providers: [EchoGateway, OldGateway] }).then(
      () => undefined,
      (problem: unknown) => problem,
    );
    expect(error).toBeInstanceOf(SecureWsBootError);
    for (const option of ['perMessageDeflate', 'skipUTF8Validation', 'autoPong']) {
      expect((error as Error).message).toContain(`sets ${option} for its server`);
    }
  });
});

describe('the end of a connection', () => {
  const app = sharedApp({ providers: [EchoGateway] });
  const words = new Map<number, string>(Object.values(CLOSE_CODES).map(({ code, word }) => [code, word]));

  const open = async (): Promise<RawTcp> => {
    const tcp = await RawTcp.open(app());
    const fields = [...handshakeFields(app().host), ['Authorization', `Bearer ${app().token()}`] as const];
    tcp.write(requestHead({ target: '/echo', fields }));
    expect((await tcp.readHead()).status).toBe(101);
    return tcp;
  };

  it.each<readonly [what: string, frame: Buffer, code: number]>([
    ['binary', clientFrame('{}', { opcode: OPCODES.binary }), 1003],
    ['an unmasked frame', clientFrame('{}', { masked: false }), 1002],
    ['a reserved opcode', clientFrame('', { opcode: 3 }), 1002],
    ['a fragmented ping', clientFrame('', { opcode: OPCODES.ping, fin: false }), 1002],
    ['bad UTF-8', clientFrame(Buffer.from([0xff])), 1007],
    ['a message that is too big', clientFrame('x'.repeat(65_537)), 1009],
    ['a close with a code of nobody', clientFrame(closePayload(1006), { opcode: OPCODES.close }), 1002],
    ['a close of one byte', clientFrame(Buffer.from([3]), { opcode: OPCODES.close }), 1002],
  ])(
    'TR-10 TR-11 OD-06 after %s has a code of the catalogue, and says no more than its word',
    async (_, frame, code) => {
      const tcp = await open();
      tcp.write(frame);
      const close = await tcp.nextFrame();
      expect(close.opcode).toBe(OPCODES.close);
      expect(close.payload.readUInt16BE(0)).toBe(code);
      const reason = close.payload.subarray(2).toString();
      // ws closes by itself after a broken frame, without a reason.
      if (reason !== '') expect(parseCloseReason(reason)?.word).toBe(words.get(code));
      expect(close.payload.length).toBeLessThanOrEqual(125);
    },
  );

  it.each([1000, 1001, 3000, 4999])(
    'TR-11 OD-06 repeats nothing of a close that the client began with %s',
    async (code) => {
      const tcp = await open();
      tcp.write(clientFrame(closePayload(code, 'MARKER'), { opcode: OPCODES.close }));
      const close = await tcp.nextFrame();
      expect(close.opcode).toBe(OPCODES.close);
      expect(close.payload.toString('latin1')).not.toContain('MARKER');
      await tcp.ended();
    },
  );

  it('OD-06 tells a client nothing of what others have done', async () => {
    const client = await connect(`${app().url}/echo`, { token: app().token() });
    app().app.get(WsConnectionLifecycleService).disconnect({}, 'REVOKED');
    expect(await client.expectClose(4504)).toEqual({ code: 4504, reason: 'revoked' });
  });
});

describe('a refused handshake', () => {
  it('OD-06 HS-22 has one body for its status, whatever the reason was', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    const bodies = new Map<number, Set<string>>();
    const good = app.token();
    const attempts = [
      handshake(`${app.url}/echo`),
      handshake(`${app.url}/echo`, { token: 'MARKER' }),
      handshake(`${app.url}/echo`, { token: `${good.slice(0, -4)}AAAA` }),
      handshake(`${app.url}/echo`, { token: app.token({ expiresInSeconds: -1000 }) }),
      handshake(`${app.url}/echo`, { origin: 'https://MARKER.example', token: good }),
      handshake(`${app.url}/echo`, { origin: 'null', token: good }),
      handshake(`${app.url}/MARKER?MARKER=1`, { token: good }),
      handshake(`${app.url}/ECHO`, { token: good }),
    ];
    for (const answer of await Promise.all(attempts)) {
      const { status, body, headers } = answer as Refusal;
      bodies.set(status, (bodies.get(status) ?? new Set()).add(body));
      const all = JSON.stringify([body, headers]);
      expect(all).not.toContain('MARKER');
      expect(all).not.toMatch(/signature|expired|jwt|token|option|nest|express|stack/i);
    }
    expect(new Set(bodies.keys())).toEqual(new Set([401, 403, 404]));
    for (const [status, seen] of bodies) expect({ status, bodies: seen.size }).toEqual({ status, bodies: 1 });
  });
});
