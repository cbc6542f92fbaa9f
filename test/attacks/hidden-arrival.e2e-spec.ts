import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { FileSink, SecureGateway, SecurityEvents, WsPublic } from '@secure-ws/nestjs';
import { expect, it } from 'vitest';
import { auditFolder, linesOf } from '../support/audit-folder.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { APP_ORIGIN, startApp } from '../support/start-app.js';

@SecureGateway({ anonymous: true })
@WebSocketGateway({ path: '/public' })
class PublicGateway {
  @WsPublic()
  @SubscribeMessage('hello')
  hello(): string {
    return 'hello';
  }
}

const STRANGERS = 150;
const USERS = 10;

it('MO-01 F55 keeps every user who comes in on record, however many strangers come and go in the same second', async () => {
  const { path, privateKey } = auditFolder();
  const sink = new FileSink({ path, chain: { privateKey, node: 'web-1' } });
  const app = await startApp({
    providers: [EchoGateway, PublicGateway],
    // On which no time passes: all of them fall into one second.
    clock: new FakeClock(Date.now()),
    options: { events: { sinks: [sink], identifiers: 'plain', onSinkFailure: 'refuse-handshakes' } },
  });
  for (let count = 0; count < STRANGERS; count++) {
    expect(await handshake(`${app.url}/public`, { origin: APP_ORIGIN })).toBe('open');
  }
  const users = Array.from({ length: USERS }, (_, index) => `user-${index}`);
  for (const sub of users) expect(await handshake(`${app.url}/echo`, { token: app.token({ sub }) })).toBe('open');
  const closed = (): number => app.app.get(SecurityEvents).counts['ws.connection.closed']?.total ?? 0;
  await until(() => closed() === STRANGERS + USERS, 'all of them have gone');
  await app.app.get(SecurityEvents).flush();

  const records = linesOf(path).map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const type of ['ws.connection.opened', 'ws.connection.closed']) {
    const keys = records.filter((record) => record['type'] === type).map((record) => String(record['principal']));
    expect(users.filter((sub) => keys.some((key) => key.includes(`"${sub}"`)))).toEqual(users);
  }
  // The strangers are there as far as there is room for them, and the others by their number.
  const summary = records.find(({ type }) => type === 'ws.audit.summary')?.['suppressed'] as Record<string, number>;
  const opened = records.filter(({ type }) => type === 'ws.connection.opened').length;
  expect(summary['ws.connection.opened']).toBeGreaterThanOrEqual(50);
  expect(opened + (summary['ws.connection.opened'] ?? 0)).toBe(STRANGERS + USERS);
});
