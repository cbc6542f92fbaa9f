import { randomBytes } from 'node:crypto';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnection } from '@secure-ws/nestjs';
import { SecureWsMetrics, SecureWsMetricsModule } from '@secure-ws/nestjs/metrics';
import { describe, expect, it } from 'vitest';
import { Text } from '../support/echo.gateway.js';
import { connect } from '../support/queueing-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

/** A gateway that gives back whatever event a client asks for. */
@WebSocketGateway({ path: '/parrot' })
@WsAuthorize()
class ParrotGateway {
  @SubscribeMessage('say')
  say(@MessageBody() { text }: Text, @WsConnection() connection: WsConnection): void {
    connection.send(text, { said: true });
  }
}

const NO_LIMITS = {
  connection: [{ limit: 1_000_000, ttl: 1000 }],
  principal: [{ limit: 1_000_000, ttl: 1000 }],
  connectionBytesPerSecond: 100_000_000,
};

/** Every series, without its value. */
async function seriesOf({ app }: RunningApp): Promise<readonly string[]> {
  const text = await app.get(SecureWsMetrics).text();
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
    .sort();
}

const word = (): string => randomBytes(6).toString('hex');

describe('a client that makes up names', () => {
  it('MO-11 adds no series by 10,000 events, and none of its words shows', async () => {
    const app = await startApp({
      providers: [ParrotGateway],
      imports: [SecureWsMetricsModule.forRoot()],
      options: { throttling: NO_LIMITS },
    });
    const client = await connect(`${app.url}/parrot`, { token: app.token() });
    // One of each kind, so that everything has been measured once.
    await client.request('made-up');
    client.send('say', { text: 'made-up-too' });
    await client.next();
    const before = await seriesOf(app);
    const words: string[] = [];
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 100; i++) {
        const made = word();
        words.push(made);
        client.socket.send(JSON.stringify(i % 2 === 0 ? { event: made } : { event: 'say', data: { text: made } }));
      }
      const last = word();
      client.send('say', { text: last });
      while ((await client.next()).event !== last);
    }
    expect(words).toHaveLength(10_000);
    const after = await seriesOf(app);
    expect(after).toEqual(before);
    const text = await app.app.get(SecureWsMetrics).text();
    expect(words.filter((made) => text.includes(made))).toEqual([]);
    expect(text).toMatch(/secure_ws_messages_received_total\{event="other",result="refused"\} 50\d\d/);
    expect(text).toMatch(/secure_ws_messages_sent_total\{event="other",result="sent"\} 51\d\d/);
  });

  it('MO-11 adds no series by paths, origins, credentials, subprotocols and close codes', async () => {
    const app = await startApp({ providers: [ParrotGateway], imports: [SecureWsMetricsModule.forRoot()] });
    const attack = async (): Promise<string> => {
      const made = word();
      await connect(`${app.url}/${made}`).catch(() => undefined);
      await connect(`${app.url}/parrot`, { origin: `https://${made}.example` }).catch(() => undefined);
      await connect(`${app.url}/parrot`, { token: made }).catch(() => undefined);
      await connect(`${app.url}/parrot`, { token: app.token(), protocols: [made] }).catch(() => undefined);
      const client = await connect(`${app.url}/parrot`, { token: app.token({ sub: made }) });
      client.socket.close(4000 + (words.length % 900), made);
      await client.expectClose();
      return made;
    };
    const words: string[] = [];
    words.push(await attack());
    const before = await seriesOf(app);
    for (let i = 0; i < 40; i++) words.push(await attack());
    expect(await seriesOf(app)).toEqual(before);
    const text = await app.app.get(SecureWsMetrics).text();
    expect(words.filter((made) => text.includes(made))).toEqual([]);
  });
});
