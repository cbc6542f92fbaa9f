import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { EchoGateway } from '../support/echo.gateway.js';
import {
  answerTo,
  expectWholeRefusal,
  type Fields,
  goodFields,
  refusalOf,
  withField,
} from '../support/raw-handshake.js';
import { fieldOf, type RawResponse } from '../support/raw-response.js';
import { handshakeFields, type RawRequest, RawTcp, requestHead } from '../support/raw-tcp.js';
import { type RunningApp, sharedApp } from '../support/start-app.js';

const MARKER = 'zq7marker';

const everything = ({ fields, body }: RawResponse): string => JSON.stringify(fields) + body.toString('latin1');

type Case = readonly [where: string, status: number, request: (app: RunningApp) => Partial<RawRequest>];

const field = (name: string, value: string) => (app: RunningApp) => ({
  fields: withField(goodFields(app), name, value),
});

const REFUSALS: readonly Case[] = [
  ['the path', 404, () => ({ target: `/${MARKER}` })],
  ['a path with markup', 404, () => ({ target: `/<script>${MARKER}</script>` })],
  ['the query', 404, () => ({ target: `/nothing?x=${MARKER}` })],
  ['the method', 405, () => ({ method: 'POST', target: `/echo?${MARKER}` })],
  ['Host', 421, field('Host', `${MARKER}.example`)],
  ['Host with markup', 400, field('Host', `<${MARKER}>`)],
  ['Origin', 403, field('Origin', `https://${MARKER}.example`)],
  ['Sec-WebSocket-Version', 426, field('Sec-WebSocket-Version', MARKER)],
  ['Sec-WebSocket-Key', 400, field('Sec-WebSocket-Key', MARKER)],
  ['Sec-WebSocket-Protocol', 400, field('Sec-WebSocket-Protocol', MARKER)],
  ['Upgrade', 400, field('Upgrade', MARKER)],
  ['Authorization', 401, field('Authorization', `Bearer ${MARKER}`)],
  ['an unknown scheme', 401, field('Authorization', `${MARKER} ${MARKER}`)],
  ['Cookie', 403, field('Cookie', `sid=${MARKER}`)],
  ['a field of no meaning', 401, (app) => ({ fields: [...handshakeFields(app.host), [`X-${MARKER}`, MARKER]] })],
  [
    'too many fields',
    431,
    (app) => ({
      fields: [...goodFields(app), ...Array.from({ length: 100 }, () => ['X', MARKER] as const)],
    }),
  ],
];

describe('a refused handshake', () => {
  const app = sharedApp({ providers: [EchoGateway] });

  it.each(REFUSALS)('HS-22 OD-07 OD-11 says nothing of %s, nor of the server', async (_, status, request) => {
    const response = await refusalOf(app(), request(app()));
    expectWholeRefusal(response, status);
    expect(everything(response).toLowerCase()).not.toContain(MARKER);
    expect(everything(response)).not.toMatch(/node|nest|express|fastify|secure-ws|\bat \S+:\d+|Error/i);
  });

  it.each([
    ['no credential', undefined],
    ['an unknown scheme', 'Token abc'],
    ['no token', 'Bearer'],
    ['two tokens', 'Bearer a b'],
    ['a forged token', 'Bearer aaaa.bbbb.cccc'],
    ['garbage', '\u0080\u00ff'],
  ])('HS-22 AN-09 answers %s like every failed authentication, byte for byte', async (_, authorization) => {
    const fields = withField(
      goodFields(app()),
      'Authorization',
      ...(authorization === undefined ? [] : [authorization]),
    );
    const usual = await refusalOf(app(), { fields: withField(goodFields(app()), 'Authorization') });
    expectWholeRefusal(usual, 401);
    expect(await refusalOf(app(), { fields })).toEqual(usual);
  });

  it('OD-07 OD-11 is not the only answer that says nothing of the server: the 101 does neither', async () => {
    const response = await answerTo(app());
    expect(response.status).toBe(101);
    expect(fieldOf(response, 'cache-control')).toBe('no-store');
    for (const name of ['server', 'x-powered-by', 'via', 'set-cookie', 'date']) {
      expect(fieldOf(response, name)).toBeUndefined();
    }
  });
});

/** Random numbers that are the same in each run (xorshift32), so that a failure can be run again. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const SCRAPS = [
  '%', '%zz', '%00', '%0d%0a', '[', ']', '[::1]', '[::ffff:1.2.3.4]:99999', '[fe80::1%25eth0]', '::', '@', '\\', '//', '/..',
  ':', ';', ',', ' ', '\t', '=', '==', '"', "'", '<', '>', '{', '}', '\u0080', '\u00ff', '\u00c3\u0028', '\u00ed\u00a0\u0080',
  'null', 'undefined', '__proto__', 'constructor', 'https://', 'http://', 'wss:', 'bearer.', 'csrf.', 'Bearer ', 'Basic ',
  'json.v1', 'secure-ws.v1', 'sid=', 'websocket', '13', '-1', '1e999', 'for=', 'eyJhbGciOiJub25lIn0', '.', 'a'.repeat(3000),
  '\u{b2}', '\u0085', '\u00a0',
] as const; // prettier-ignore

const FIELD_NAMES = [
  'Host', 'Origin', 'Authorization', 'Cookie', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version',
  'Sec-WebSocket-Extensions', 'X-Forwarded-For', 'X-Forwarded-Proto', 'Forwarded', 'X-Real-IP', 'Upgrade', 'Connection',
] as const; // prettier-ignore

describe('whatever bytes a handshake is made of', () => {
  const app = sharedApp({
    providers: [EchoGateway],
    options: {
      handshake: {
        trustedProxies: { addresses: ['127.0.0.1'], header: 'forwarded' },
        origins: ['http://localhost:4200', { subdomainsOf: 'example.com' }],
        limits: {
          ratePerAddress: { limit: 100_000, ttl: 10_000 },
          ratePerPrincipal: { limit: 100_000, ttl: 10_000 },
          maxOpenPerPrincipal: 1000,
          backoff: { freeFailures: 1000 },
        },
      },
    },
  });

  /** Sends a request and waits for the end of the answer, or for its head where it was admitted. */
  const send = async (target: string, fields: Fields): Promise<number> => {
    const client = await RawTcp.open(app());
    client.write(requestHead({ target, fields }));
    const { status } = await client.readHead();
    client.socket.destroy();
    return status;
  };

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'HS-23 it is answered, and the next honest one is admitted: seed %d',
    async (seed) => {
      const crashes = watchForCrashes();
      const number = numbersFrom(seed * 0x9e3779b9);
      const scraps = (): string => Array.from({ length: 1 + number(4) }, () => SCRAPS[number(SCRAPS.length)]).join('');
      for (let round = 0; round < 60; round += 1) {
        let fields = goodFields(app());
        for (let changes = 1 + number(3); changes > 0; changes -= 1) {
          fields = withField(fields, FIELD_NAMES[number(FIELD_NAMES.length)] ?? 'Host', scraps());
        }
        const target = number(3) === 0 ? `/echo${scraps().replaceAll(/[\s]/g, '')}` : '/echo';
        const status = await send(target, fields);
        expect([101, 400, 401, 403, 404, 405, 421, 426, 431]).toContain(status);
      }
      expect(await send('/echo', goodFields(app()))).toBe(101);
      expect(
        app()
          .events.ofType('ws.handshake.refused')
          .filter(({ reason }) => reason === 'internal'),
      ).toEqual([]);
      expect(app().log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
      expect(crashes).toEqual([]);
    },
  );

  it.each([
    ['a cookie of 15 KB', 'Cookie', `sid=${'x'.repeat(15_000)}`],
    ['cookies without end', 'Cookie', 'a=b;'.repeat(3_700)],
    ['only separators', 'Cookie', '; '.repeat(7_000)],
    ['bytes that are no UTF-8', 'Cookie', 'sid=\u0080\u00ff\u00fe'],
    ['a broken percent sign', 'Cookie', 'sid=%; theme=%zz; %=%'],
  ])('HS-23 AN-08 it is answered with %s', async (_, name, value) => {
    const response = await refusalOf(app(), { fields: withField(goodFields(app()), name, value) });
    expectWholeRefusal(response, 403);
    expect(await send('/echo', goodFields(app()))).toBe(101);
  });
});
