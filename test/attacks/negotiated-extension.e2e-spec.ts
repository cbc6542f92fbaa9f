import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { answerTo, goodFields } from '../support/raw-handshake.js';
import { fieldOf } from '../support/raw-response.js';
import { RawTcp, requestHead } from '../support/raw-tcp.js';
import { sharedApp } from '../support/start-app.js';

describe('a client that offers extensions', () => {
  const app = sharedApp({ providers: [EchoGateway] });

  it.each([
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits; server_no_context_takeover, permessage-deflate',
    'x-webkit-deflate-frame',
    'bbf-usp-protocol; eid="a"',
    'mux, permessage-bzip2',
    'permessage-deflate; server_max_window_bits=99',
    ';;;,,,',
  ])('HS-11 gets none of them: %s', async (offered) => {
    const answer = await answerTo(app(), { fields: [...goodFields(app()), ['Sec-WebSocket-Extensions', offered]] });
    expect(answer.status).toBe(101);
    expect(fieldOf(answer, 'sec-websocket-extensions')).toBeUndefined();
  });

  it.each([0xc1, 0xa1, 0x91])('HS-11 is ended with 1002 for a frame that uses one all the same (%i)', async (first) => {
    const client = await RawTcp.open(app());
    const fields = [...goodFields(app()), ['Sec-WebSocket-Extensions', 'permessage-deflate']] as const;
    client.write(requestHead({ target: '/echo', fields }));
    expect((await client.readHead()).status).toBe(101);
    client.write(Buffer.from([first, 0x81, 0, 0, 0, 0, 0x61]));
    const { opcode, payload } = await client.nextFrame();
    expect([opcode, payload.readUInt16BE(0)]).toEqual([8, 1002]);
  });
});
