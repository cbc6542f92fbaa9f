import { describe, expect, it } from 'vitest';
import { SecureWsRuntime } from '../../packages/nestjs/src/secure-ws.runtime.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { clientFrame } from '../support/frame-writer.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { startApp } from '../support/start-app.js';

const MIB = 1024 * 1024;
/** The least that may be allowed. */
const LIMIT = 32 * MIB;
/** The largest message, so that few connections are enough. */
const MESSAGE = 4 * MIB;

describe('many connections that each begin a message and end none', () => {
  it('DR-02 DR-10 hold no more together than the process may, and an honest client is served', async () => {
    const app = await startApp({
      providers: [EchoGateway],
      options: {
        validation: { maxMessageBytes: MESSAGE },
        throttling: { connectionBytesPerSecond: 2 * MESSAGE, shedding: { maxUnfinishedBytes: LIMIT } },
      },
    });
    const { unfinished } = app.app.get(SecureWsRuntime);
    const honest = await connect(`${app.url}/echo`, { token: app.token({ sub: 'bob' }) });
    const fields = [...handshakeFields(app.host), ['Authorization', `Bearer ${app.token()}`] as const];
    const part = clientFrame('x'.repeat(MESSAGE - 1), { fin: false });
    const attackers: RawTcp[] = [];
    let most = 0;
    for (let i = 0; i < 12; i++) {
      const tcp = await RawTcp.open(app);
      tcp.write(requestHead({ target: '/echo', fields }));
      expect((await tcp.readHead()).status).toBe(101);
      attackers.push(tcp);
      const before = unfinished.bytes;
      tcp.write(part);
      await until(() => unfinished.bytes >= before + MESSAGE - 1 || unfinished.bytes < before, 'it is read');
      await until(
        () => unfinished.size === Math.min(i + 1, 8) && unfinished.bytes % (MESSAGE - 1) === 0,
        'all is read',
      );
      most = Math.max(most, unfinished.bytes);
      expect(await honest.request('echo', { text: 'here' })).toMatchObject({ event: 'echo' });
    }
    expect(most).toBeLessThanOrEqual(LIMIT);
    await Promise.all(attackers.slice(0, 4).map((tcp) => tcp.ended()));
    expect(app.events.ofType('ws.message.refused')).toMatchObject(
      Array.from({ length: 4 }, () => ({ code: 'OVERLOADED', reason: 'unfinished-bytes' })),
    );
    for (const tcp of attackers) tcp.reset();
    await until(() => unfinished.size === 0, 'all are gone');
    expect(unfinished.bytes).toBe(0);
    expect(app.events.ofType('ws.connection.closed').filter(({ reason }) => reason === 'OVERLOADED')).toHaveLength(4);
  });
});
