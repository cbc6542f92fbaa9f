import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { clientFrame } from '../support/frame-writer.js';
import { GatedAuthenticator } from '../support/gated.authenticator.js';
import { until } from '../support/patience.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { type RunningApp, startApp } from '../support/start-app.js';

const EARLY = JSON.stringify({ event: 'echo', data: { text: 'early' }, id: 1 });

describe('a message in the same packet as the handshake', () => {
  const start = async (): Promise<{ app: RunningApp; gateway: EchoGateway; gate: GatedAuthenticator }> => {
    const gate = new GatedAuthenticator();
    const app = await startApp({ providers: [EchoGateway], options: { authentication: { authenticators: [gate] } } });
    return { app, gate, gateway: app.app.get(EchoGateway) };
  };
  const attack = async (app: RunningApp, afterwards: readonly Buffer[] = []): Promise<RawTcp> => {
    const tcp = await RawTcp.open(app);
    const fields = [...handshakeFields(app.host), ['Authorization', 'Bearer token'] as const];
    tcp.write(Buffer.concat([requestHead({ target: '/echo', fields }), clientFrame(EARLY), ...afterwards]));
    return tcp;
  };

  it('HS-16 AN-02 is not looked at before the identity is known, and then handled once', async () => {
    const { app, gate, gateway } = await start();
    const tcp = await attack(app);
    await until(() => gate.waiting === 1, 'the credential is being verified');
    expect(gateway).toMatchObject({ connections: 0, handled: [] });
    expect(tcp.received).toHaveLength(0);

    gate.admit('alice');
    expect((await tcp.readHead()).status).toBe(101);
    const reply = await tcp.nextFrame();
    expect(JSON.parse(reply.payload.toString())).toEqual({ event: 'echo', data: { text: 'early' }, id: 1 });
    expect(gateway.handled).toEqual([{ text: 'early', from: 'alice' }]);
  });

  it('HS-16 AN-02 never reaches a handler of a client that is refused', async () => {
    const { app, gate, gateway } = await start();
    const tcp = await attack(app);
    await until(() => gate.waiting === 1, 'the credential is being verified');
    gate.refuse(new Error('no'));
    const response = await tcp.readResponse();
    expect(response.status).not.toBe(101);
    expect(gateway).toMatchObject({ connections: 0, handled: [] });
  });

  it('HS-16 keeps the order of early and later messages', async () => {
    const { app, gate, gateway } = await start();
    const second = clientFrame(JSON.stringify({ event: 'echo', data: { text: 'second' } }));
    const tcp = await attack(app, [second.subarray(0, 3)]);
    await until(() => gate.waiting === 1, 'the credential is being verified');
    tcp.write(second.subarray(3));
    gate.admit('alice');
    await until(() => gateway.handled.length === 2, 'both messages are handled');
    expect(gateway.handled.map(({ text }) => text)).toEqual(['early', 'second']);
  });
});
