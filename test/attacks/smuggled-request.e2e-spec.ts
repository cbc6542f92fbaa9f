import { Controller, Get } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { clientFrame } from '../support/frame-writer.js';
import {
  answerTo,
  expectWholeRefusal,
  type Fields,
  goodFields,
  refusalOf,
  withField,
} from '../support/raw-handshake.js';
import { fieldOf } from '../support/raw-response.js';
import { requestHead } from '../support/raw-tcp.js';
import { APP_ORIGIN, type RunningApp, sharedApp } from '../support/start-app.js';

/** What only the proxy in front of the server should ever be able to reach. */
@Controller('internal')
class InternalController {
  served = 0;

  @Get()
  secrets(): string {
    this.served += 1;
    return 'for the operator only';
  }
}

const internalRequest = ({ host }: RunningApp): string =>
  requestHead({ target: '/internal', fields: [['Host', host]] }).toString('latin1');

describe('a request behind a refused handshake', () => {
  const app = sharedApp({ providers: [EchoGateway], controllers: [InternalController] });

  it.each<readonly [what: string, status: number, change: (fields: Fields) => Fields]>([
    ['of another version', 426, (fields) => withField(fields, 'Sec-WebSocket-Version', '777')],
    ['without a key', 400, (fields) => withField(fields, 'Sec-WebSocket-Key')],
    ['of another origin', 403, (fields) => withField(fields, 'Origin', 'https://evil.example')],
    ['with another subprotocol', 400, (fields) => withField(fields, 'Sec-WebSocket-Protocol', 'chat')],
    ['without a credential', 401, (fields) => withField(fields, 'Authorization')],
    ['with a forged token', 401, (fields) => withField(fields, 'Authorization', 'Bearer aaaa.bbbb.cccc')],
  ])('HS-12 is never served where the handshake is %s: one response, then the end', async (_, status, change) => {
    const behind = internalRequest(app()) + internalRequest(app());
    const response = await refusalOf(app(), { fields: change(goodFields(app())) }, behind);
    expectWholeRefusal(response, status);
    expect(response.body.toString()).not.toContain('operator');
    expect(app().app.get(InternalController).served).toBe(0);
  });

  it('HS-12 HS-16 is never served, nor is a frame handled, where the refusal is shown with a 101', async () => {
    const fields = [
      ...withField(goodFields(app()), 'Authorization', 'Bearer aaaa.bbbb.cccc'),
      ['Origin', APP_ORIGIN],
      ['Sec-WebSocket-Protocol', 'secure-ws.v1'],
    ] as const;
    const frame = clientFrame('{"event":"echo","data":{"text":"x"}}').toString('latin1');
    const response = await refusalOf(app(), { fields }, frame + internalRequest(app()));
    expect(response.status).toBe(101);
    // One Close frame and nothing behind it.
    expect(response.body[0]).toBe(0x88);
    expect(response.body.length).toBe(2 + (response.body[1] ?? 0));
    expect(app().app.get(InternalController).served).toBe(0);
    expect(app().app.get(EchoGateway)).toMatchObject({ connections: 0, handled: [] });
  });

  it('HS-12 is served where it is a request of its own', async () => {
    const response = await fetch(`${app().httpUrl}/internal`);
    expect(await response.text()).toBe('for the operator only');
  });
});

describe('a handshake with many header fields', () => {
  const app = sharedApp({ providers: [EchoGateway] });
  const evil = ['Origin', 'https://evil.example'] as const;

  /** A handshake of this many fields, whose last one is an Origin that must be refused. */
  const fieldsOf = (count: number, last: readonly [string, string] = ['Origin', APP_ORIGIN]): Fields => {
    const fields = goodFields(app());
    const filling = Array.from({ length: count - fields.length - 1 }, () => ['a', 'b'] as const);
    return [...fields, ...filling, last];
  };

  it.each([99, 100])('HS-13 is read to the end with %d fields', async (count) => {
    expect(await answerTo(app(), { fields: fieldsOf(count) })).toMatchObject({ status: 101 });
    expectWholeRefusal(await refusalOf(app(), { fields: fieldsOf(count, evil) }), 403);
  });

  it.each([101, 150, 500, 999])('HS-13 is refused with %d fields, never judged by half', async (count) => {
    for (const last of [evil, ['Origin', APP_ORIGIN] as const]) {
      expectWholeRefusal(await refusalOf(app(), { fields: fieldsOf(count, last) }), 431);
    }
  });

  // Node 20 keeps 1,000 fields and drops the rest in silence, the Origin among them. Node 22.23.2, 24.18.1 and later refuse such a head before
  // anybody sees it (CVE-2026-58044): nothing of ours runs then, and Node's own answer has no header fields beside `Connection`.
  it.each([1000, 1001, 1999, 2000, 2001, 2100])(
    'HS-13 F57 is refused with %d fields, by Node or by the module, never judged by half',
    async (count) => {
      for (const last of [evil, ['Origin', APP_ORIGIN] as const]) {
        const response = await refusalOf(app(), { fields: fieldsOf(count, last) });
        if (fieldOf(response, 'cache-control') === undefined) {
          expect(response).toMatchObject({ status: 431, fields: [['connection', 'close']] });
          expect(response.body).toHaveLength(0);
        } else {
          expectWholeRefusal(response, 431);
        }
      }
      expect(await answerTo(app())).toMatchObject({ status: 101 });
    },
  );

  it('HS-13 F57 is refused with 5,000 fields, and whoever comes next is served', async () => {
    expect((await refusalOf(app(), { fields: fieldsOf(5000, evil) })).status).toBe(431);
    expect(await answerTo(app())).toMatchObject({ status: 101 });
  });

  it('HS-13 is refused where its fields are large', async () => {
    const response = await refusalOf(app(), { fields: [...goodFields(app()), ['Cookie', 'c'.repeat(17_000)]] });
    expect(response.status).toBe(431);
    expect(fieldOf(response, 'connection')).toBe('close');
    expect(await answerTo(app())).toMatchObject({ status: 101 });
  });
});
