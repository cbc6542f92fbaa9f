import { SecureGateway, SecurityEvents, type SecurityEvent, SecurityEventSink, WsPublic } from '@secure-ws/nestjs';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it } from 'vitest';
import { act, list, openOperations, operationsApp } from '../support/operations.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

@SecureGateway({ anonymous: true })
@WebSocketGateway({ path: '/anyone' })
class AnyoneGateway {
  @WsPublic()
  @SubscribeMessage('ping')
  ping(): number {
    return 1;
  }
}

/** Takes nothing until it is told to. */
class SlowSink extends SecurityEventSink {
  readonly types: string[] = [];
  isSlow = true;
  release = (): void => undefined;
  readonly #released = new Promise<void>((resolve) => (this.release = resolve));

  override async write(event: SecurityEvent): Promise<void> {
    if (this.isSlow) await this.#released;
    this.types.push(event.type);
  }
}

const origin = 'http://localhost:4200';

async function start(onSinkFailure: 'continue' | 'refuse-handshakes') {
  const sink = new SlowSink();
  const app = await startApp(
    operationsApp({
      providers: [AnyoneGateway],
      options: { events: { sinks: [sink], onSinkFailure, maxQueuedEvents: 32, sinkTimeoutMs: 60_000 } },
    }),
  );
  const events = app.app.get(SecurityEvents);
  const lost = (): number => events.channels[0]?.dropped ?? 0;
  const stranger = () => connect(`${app.url}/anyone`, { origin });
  /** Strangers come and go until events of theirs are lost. */
  const crowd = async (): Promise<void> => {
    for (let count = 0; lost() === 0 && count < 40; count++) await (await stranger()).close();
    await until(() => lost() > 0, 'a full queue');
  };
  return { app, sink, events, stranger, crowd };
}

describe('the queue of a sink that is slower than strangers come and go', () => {
  it('MO-09 has a place for what operators do', async () => {
    const { app, sink, stranger, crowd } = await start('continue');
    await stranger();
    const operator = await openOperations(app);
    await crowd();
    const [oldest] = (await list(operator)).rows;
    const done = await act(operator, { action: 'disconnect', connectionId: oldest?.connectionId });
    expect(done).toMatchObject({ outcome: 'done' });
    sink.isSlow = false;
    sink.release();
    await until(() => sink.types.includes('ws.operator.acted'), 'the act of the operator');
  });

  it('MO-09 F28 locks nobody out because of them', async () => {
    const { events, stranger, crowd } = await start('refuse-handshakes');
    await crowd();

    expect([events.isHealthy, events.admitsHandshakes]).toEqual([true, true]);
    await stranger();
  });
});
