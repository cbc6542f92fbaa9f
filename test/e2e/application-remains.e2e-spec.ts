import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Catch, type ExceptionFilter, UseFilters, UsePipes, ValidationPipe } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { SecureWsModule, WsAuthorize, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import { Transform } from 'class-transformer';
import { IsInt } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { Text } from '../support/echo.gateway.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

@Catch(TypeError)
class OwnFilter implements ExceptionFilter {
  calls = 0;

  catch(): void {
    this.calls += 1;
    throw new Error('a filter that fails');
  }
}

/** In euros on the wire, in cents from here on. */
class Payment {
  @Transform(({ value }) => (value as number) * 100)
  @IsInt()
  cents!: number;
}

/** A pipe that does something of its own beside validating. */
class TrimmingPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: Parameters<ValidationPipe['transform']>[1]): Promise<unknown> {
    const validated: unknown = await super.transform(value, metadata);
    if (validated instanceof Text) validated.text = validated.text.trim();
    return validated;
  }
}

const FILTER = new OwnFilter();
const PIPES = [new ValidationPipe({ transform: true }), new TrimmingPipe({ transform: true, whitelist: true })];

@UseFilters(FILTER)
@UsePipes(...PIPES)
@WsAuthorize()
@WebSocketGateway({ path: '/x' })
class SharedGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() text: Text): unknown {
    return { text: text.text, isDto: text instanceof Text };
  }

  @SubscribeMessage('pay')
  pay(@MessageBody() { cents }: Payment): unknown {
    return { cents };
  }

  @SubscribeMessage('fail')
  fail(): void {
    throw new TypeError('x');
  }

  @SubscribeMessage('refuse')
  refuse(): void {
    throw new WsException('no');
  }
}

const metadata = (): unknown[] =>
  (Reflect.getMetadataKeys(SharedGateway) as string[]).map((key): unknown => [
    key,
    Reflect.getMetadata(key, SharedGateway) as unknown,
  ]);
const ownNames = (): unknown => [FILTER, ...PIPES].map((object) => Object.getOwnPropertyNames(object).sort());

const use = async (app: RunningApp): Promise<void> => {
  const client = await connect(`${app.url}/x`, { token: app.token() });
  expect(await client.request('echo', { text: ' x ' })).toMatchObject({ data: { text: 'x', isDto: true } });
  await client.request('fail');
  expect(app.events.ofType('ws.application.failed')).toMatchObject([{ where: 'OwnFilter.catch' }]);
};

/** Boots an application, of which nothing is kept, and closes it. */
async function live(): Promise<WeakRef<object>> {
  const secureWs = SecureWsModule.forRoot({
    handshake: { origins: [APP_ORIGIN], trustedProxies: 'none' },
    authentication: { jwt: TEST_JWT },
  });
  const testing = await Test.createTestingModule({ imports: [secureWs], providers: [SharedGateway] }).compile();
  const app = testing.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const life = new WeakRef<object>(app.get(WsConnectionLifecycleService));
  await app.close();
  return life;
}

describe('an application that has closed', () => {
  it('DP-04 F22 leaves nothing on what it shared with 30 others, and nothing of it stays', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const [before, namesBefore] = [metadata(), ownNames()];
    const lives: WeakRef<object>[] = [];
    for (let i = 0; i < 30; i++) lives.push(await live());
    expect([metadata(), ownNames()]).toEqual([before, namesBefore]);
    // A weak reference holds its target until the job that looked at it has ended.
    for (let round = 0; round < 5; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    expect(lives.filter((life) => life.deref() !== undefined)).toEqual([]);
  });

  it('DP-04 F22 takes nothing from one beside it, whichever closes first', async () => {
    const [before, namesBefore] = [metadata(), ownNames()];
    const [first, second] = [
      await startApp({ providers: [SharedGateway] }),
      await startApp({ providers: [SharedGateway] }),
    ];
    await use(first);
    expect(second.events.ofType('ws.application.failed')).toEqual([]);
    await first[Symbol.asyncDispose]();
    await use(second);
    await second[Symbol.asyncDispose]();
    expect([metadata(), ownNames()]).toEqual([before, namesBefore]);
  });
});

describe('a class derived from ValidationPipe', () => {
  it('OD-01 F12 still does what it does beside validating', async () => {
    const app = await startApp({ providers: [SharedGateway] });
    const client = await connect(`${app.url}/x`, { token: app.token() });
    expect(await client.request('echo', { text: '  padded ' })).toMatchObject({
      data: { text: 'padded', isDto: true },
    });
  });

  it('AZ-11 F12 transforms nothing a second time after the policies have judged it', async () => {
    const app = await startApp({ providers: [SharedGateway] });
    const client = await connect(`${app.url}/x`, { token: app.token() });
    expect(await client.request('pay', { cents: 5 })).toMatchObject({ data: { cents: 500 } });
  });
});
