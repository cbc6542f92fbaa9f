import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { closeCodeOf } from '../support/frame-reader.js';
import { clientFragments, clientFrame, OPCODES } from '../support/frame-writer.js';
import { connect } from '../support/queueing-client.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const LIMIT_BYTES = 65_536;

/** An echo message of exactly so many bytes. */
function messageOf(bytes: number): string {
  const empty = JSON.stringify({ event: 'echo', data: { text: '' }, id: 1 });
  return JSON.stringify({ event: 'echo', data: { text: 'x'.repeat(bytes - empty.length) }, id: 1 });
}

async function openRaw(app: RunningApp): Promise<RawTcp> {
  const tcp = await RawTcp.open(app);
  const fields = [...handshakeFields(app.host), ['Authorization', `Bearer ${app.token()}`] as const];
  tcp.write(requestHead({ target: '/echo', fields }));
  expect((await tcp.readHead()).status).toBe(101);
  return tcp;
}

describe('a message that is too big', () => {
  it('DR-01 is not one of 64 KiB', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    client.sendRaw(messageOf(LIMIT_BYTES));
    expect(await client.next()).toMatchObject({ event: 'echo', id: 1 });
  });

  it('DR-01 closes with 1009 from one byte more, and no handler sees it', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    client.sendRaw(messageOf(LIMIT_BYTES + 1));
    await client.expectClose(1009);
    expect(app.app.get(EchoGateway).handled).toEqual([]);
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ owasp: 'input_validation_fail' }]);
  });

  it('DR-01 is refused by its fragments together', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    const fits = await openRaw(app);
    fits.write(Buffer.concat(clientFragments(messageOf(LIMIT_BYTES), 16)));
    expect(await fits.nextFrame()).toMatchObject({ opcode: OPCODES.text });

    const tooBig = await openRaw(app);
    tooBig.write(Buffer.concat(clientFragments(messageOf(LIMIT_BYTES + 1), 16)));
    expect(closeCodeOf(await tooBig.nextFrame())).toBe(1009);
    expect(app.app.get(EchoGateway).handled).toHaveLength(1);
  });

  it.each([2 ** 31, Number.MAX_SAFE_INTEGER])(
    'DR-01 is refused by its claim of %d bytes, before they come',
    async (size) => {
      const app = await startApp({ providers: [EchoGateway] });
      const tcp = await openRaw(app);
      tcp.write(clientFrame('x', { length: 'eight-bytes', claimedLength: size }));
      expect(closeCodeOf(await tcp.nextFrame())).toBe(1009);
    },
  );

  it('DR-01 TR-09 takes what follows it in the same packet with it', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    const tcp = await openRaw(app);
    tcp.write(Buffer.concat([clientFrame(messageOf(LIMIT_BYTES + 1)), clientFrame(messageOf(100))]));
    expect(closeCodeOf(await tcp.nextFrame())).toBe(1009);
    expect(app.app.get(EchoGateway).handled).toEqual([]);
  });

  it('DR-01 is what an option says it is', async () => {
    const app = await startApp({ providers: [EchoGateway], options: { validation: { maxMessageBytes: 1024 } } });
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    client.sendRaw(messageOf(1024));
    expect(await client.next()).toMatchObject({ id: 1 });
    client.sendRaw(messageOf(1025));
    await client.expectClose(1009);
  });
});
