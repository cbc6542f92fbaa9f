import {
  type CanActivate,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { seconds, WsAuthorize, type WsPolicy, type WsPolicyContext, WsThrottle } from '@secure-ws/nestjs';
import { IsString, Length, registerDecorator } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { type Client, connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

/** What ran, in order. Emptied before each test. */
const steps: string[] = [];

/** Passes, and leaves a trace. */
function Traced(): PropertyDecorator {
  return (target, propertyName) => {
    registerDecorator({
      name: 'traced',
      target: target.constructor,
      propertyName: propertyName as string,
      validator: {
        validate: () => {
          steps.push('validate');
          return true;
        },
      },
    });
  };
}

class Order {
  @Traced()
  @IsString()
  @Length(1, 5)
  article!: string;
}

@Injectable()
class OwnerPolicy implements WsPolicy<Order> {
  authorize({ data }: WsPolicyContext<Order>): boolean {
    steps.push('policy');
    return data.article !== 'other';
  }
}

class StepGuard implements CanActivate {
  canActivate(): boolean {
    steps.push('guard');
    return true;
  }
}

const stepInterceptor: NestInterceptor = {
  intercept: (_, next) => {
    steps.push('interceptor');
    return next.handle();
  },
};

const stepPipe: PipeTransform = {
  transform: (value: unknown) => {
    steps.push('pipe');
    return value;
  },
};

@UseGuards(StepGuard)
@UseInterceptors(stepInterceptor)
@UsePipes(stepPipe)
@WebSocketGateway({ path: '/steps' })
class StepsGateway {
  @WsAuthorize(OwnerPolicy, { roles: ['buyer'] })
  @WsThrottle({ limit: 2, ttl: seconds(60) })
  @SubscribeMessage('order')
  order(@MessageBody() _: Order): boolean {
    steps.push('handler');
    return true;
  }
}

const start = async (roles: readonly string[] = ['buyer'], shape: AppShape = {}) => {
  steps.length = 0;
  const clock = new FakeClock(Date.now());
  const app = await startApp({ providers: [StepsGateway, OwnerPolicy], clock, ...shape });
  const client = await connect(`${app.url}/steps`, { token: app.token({ roles, expiresInSeconds: 60 }) });
  return { app, clock, client };
};

const GOOD = { article: 'tea' };
const NOT_VALID = { article: 5 };
const NOT_OURS = { article: 'other' };

/** Takes up the limit of the event. */
async function exhaust(client: Client): Promise<void> {
  for (let count = 0; count < 2; count++) await client.request('order', GOOD);
  steps.length = 0;
}

describe('the checks of a message', () => {
  it('MV-18 run in the order of the design, and then what the application has', async () => {
    const { client } = await start();
    expect(await client.request('order', GOOD)).toMatchObject({ data: true });
    expect(steps).toEqual(['validate', 'policy', 'guard', 'interceptor', 'pipe', 'handler']);
  });

  it('MV-18 close for binary before the limit of the connection is looked at', async () => {
    const { client } = await start(['buyer'], { options: { throttling: { connection: [{ limit: 1, ttl: 60_000 }] } } });
    await client.request('order', GOOD);
    client.sendRaw(Buffer.from('{"event":"order"}'));
    expect(await client.expectClose(1003)).toMatchObject({ reason: 'unsupported-data' });
  });

  it('MV-18 look at the limit of the connection before they decode', async () => {
    const { client } = await start(['buyer'], { options: { throttling: { connection: [{ limit: 1, ttl: 60_000 }] } } });
    await client.request('order', GOOD);
    client.sendRaw('{');
    expectError(await client.next(), 'THROTTLED');
  });

  it('MV-18 look at the limit of the principal before they decode', async () => {
    const { client } = await start(['buyer'], { options: { throttling: { principal: [{ limit: 1, ttl: 60_000 }] } } });
    await client.request('order', GOOD);
    client.sendRaw('{');
    expectError(await client.next(), 'THROTTLED');
  });

  it('MV-18 look at the identity before they decode', async () => {
    const { clock, client } = await start();
    clock.stepWallClock(61_000);
    client.sendRaw('{');
    expect(await client.expectClose(4001)).toMatchObject({ reason: 'token-expired' });
    expect(client.unread).toEqual([]);
  });

  it('MV-18 find the event before its payload is of interest', async () => {
    const { client } = await start();
    expectError(await client.request('nothing', NOT_VALID), 'FORBIDDEN');
    expect(steps).toEqual([]);
  });

  it('MV-18 ask for roles before anything of the event is told', async () => {
    const { client } = await start([]);
    // Neither its limit nor its payload: a stranger learns nothing by trying.
    for (let count = 0; count < 4; count++) expectError(await client.request('order', NOT_VALID), 'FORBIDDEN');
    expect(steps).toEqual([]);
  });

  it('MV-18 do not take roles that are missing for a use of the event', async () => {
    const { app, client } = await start([]);
    for (let count = 0; count < 4; count++) await client.request('order', GOOD);
    const buyer = await connect(`${app.url}/steps`, { token: app.token({ roles: ['buyer'] }) });
    expect(await buyer.request('order', GOOD)).toMatchObject({ data: true });
  });

  it('MV-18 look at the limit of the event before its payload', async () => {
    const { client } = await start();
    await exhaust(client);
    expectError(await client.request('order', NOT_VALID), 'THROTTLED');
    expect(steps).toEqual([]);
  });

  it('MV-18 validate before a policy sees the payload', async () => {
    const { client } = await start();
    expectError(await client.request('order', NOT_VALID), 'VALIDATION_FAILED');
    expect(steps).not.toContain('policy');
    expect(steps).not.toContain('guard');
  });

  it('MV-18 ask the policy before anything of the application runs', async () => {
    const { client } = await start();
    expectError(await client.request('order', NOT_OURS), 'FORBIDDEN');
    expect(steps).toEqual(['validate', 'policy']);
  });
});
