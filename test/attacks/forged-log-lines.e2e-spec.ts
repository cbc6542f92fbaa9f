import { LoggerSink } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { signHs } from '../support/forge-jwt.js';
import { connect } from '../support/queueing-client.js';
import { goodFields, refusalOf, withField } from '../support/raw-handshake.js';
import { handshakeFields } from '../support/raw-tcp.js';
import { RecordingSink } from '../support/recording-sink.js';
import { APP_ORIGIN, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

/** Whatever ends a line, or is a command to a terminal or to the eye of its reader, somewhere. */
const DANGEROUS = new RegExp(
  '[\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff]',
  'u',
);

const FORGED_LINE = '{"type":"ws.connection.opened","principal":"admin"}';

const TRICKS: readonly (readonly [trick: string, text: string])[] = [
  ['CR and LF', `x\r\n${FORGED_LINE}`],
  ['LF', `x\n${FORGED_LINE}`],
  ['an ANSI sequence', '\u001b[2J\u001b[1;1Hx'],
  ['the C1 form of one', '\u009b2Jx'],
  ['NEL', `x\u0085${FORGED_LINE}`],
  ['the line separator', `x\u2028${FORGED_LINE}`],
  ['the paragraph separator', `x\u2029${FORGED_LINE}`],
  ['a bidi override', 'x\u202Egpj.exe'],
  ['NUL', 'x\u0000y'],
  ['a backspace', 'alice\b\b\b\b\bmallory'],
  ['a quote', `x","principal":"admin`],
];

async function start(): Promise<RunningApp & { readonly sink: RecordingSink }> {
  const sink = new RecordingSink();
  // In plain, so that what a token says could show.
  const events = { sinks: [sink, new LoggerSink()], identifiers: 'plain' as const };
  const app = await startApp({ providers: [EchoGateway], options: { events } });
  return Object.assign(app, { sink });
}

/** Each line is one object of JSON with the time of the event, and holds nothing that ends it early. */
function expectIntactLines(app: RunningApp & { readonly sink: RecordingSink }): void {
  const lines = app.log.lines.filter((line) => line.includes('"type":"ws.'));
  expect(lines).toHaveLength(app.sink.events.length);
  for (const [index, line] of lines.entries()) {
    expect(line).not.toMatch(DANGEROUS);
    const json = line.slice(line.indexOf('{'), line.lastIndexOf('}') + 1);
    const { type, time } = JSON.parse(json) as { type: string; time: string };
    expect([type, time]).toEqual([app.sink.events[index]?.type, app.sink.events[index]?.time]);
  }
}

describe('text that would forge a line of the log', () => {
  it.each(TRICKS)('MO-07 as Origin, User-Agent, subprotocol, Host or path makes one line: %s', async (_, text) => {
    const app = await start();
    for (const encoding of ['latin1', 'utf8'] as const) {
      const bytes = encoding === 'utf8' ? Buffer.from(text).toString('latin1') : text;
      const fields = goodFields(app);
      await refusalOf(app, { fields: [...fields, ['Origin', `https://${bytes}`]] });
      await refusalOf(app, { fields: [...fields, ['User-Agent', bytes], ['Origin', 'https://evil.example']] });
      await refusalOf(app, { fields: [...fields, ['Sec-WebSocket-Protocol', bytes]] });
      await refusalOf(app, { fields: withField(fields, 'Host', bytes) });
      await refusalOf(app, { fields: withField(fields, 'Authorization', `Bearer ${bytes}`) });
      await refusalOf(app, { target: `/${encodeURIComponent(text)}` });
    }
    // Control characters end a request head with Node's own 400; all that gets past it is on record.
    expect(app.sink.ofType('ws.connection.opened')).toEqual([]);
    expectIntactLines(app);
  });

  it.each(TRICKS)('MO-07 as the claims of a token makes one line: %s', async (_, text) => {
    const app = await start();
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: TEST_JWT.issuer, aud: TEST_JWT.audience, iat, exp: iat + 600 };
    for (const claim of [
      { sub: text },
      { sub: 'alice', jti: text },
      { sub: 'alice', sid: text },
      { sub: 'alice', scope: text },
    ]) {
      const token = signHs({ alg: 'HS256', typ: 'JWT' }, { ...claims, ...claim }, TEST_JWT.secret);
      const fields = [
        ...handshakeFields(app.host),
        ['Authorization', `Bearer ${token}`],
        ['Connection', 'close'],
      ] as const;
      const before = app.sink.events.length;
      const client = refusalOf(app, { fields }, Buffer.from([0x88, 0x80, 0, 0, 0, 0]));
      await client.catch(() => undefined);
      expect(app.sink.events.length).toBeGreaterThan(before);
    }
    expectIntactLines(app);
  });

  it.each(TRICKS)('MO-07 as event, payload, id or close reason makes one line: %s', async (_, text) => {
    const app = await start();
    const client = await connect(`${app.url}/echo`, { token: app.token(), origin: APP_ORIGIN });
    for (const frame of [
      { event: text, id: 1 },
      { event: 'echo', data: { [text]: text } },
      { event: 'echo', id: text },
    ]) {
      client.send(frame.event, 'data' in frame ? frame.data : undefined, 'id' in frame ? frame.id : undefined);
      expect(await client.next()).toMatchObject({ event: 'error' });
    }
    client.socket.close(4000, Buffer.from(text).subarray(0, 120));
    await client.expectClose();
    await app.sink.seen('ws.connection.closed');
    expectIntactLines(app);
  });
});
