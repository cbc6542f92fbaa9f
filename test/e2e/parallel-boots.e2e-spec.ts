import 'reflect-metadata';
import { type CanActivate, Injectable, type PipeTransform, UseGuards, UsePipes, ValidationPipe } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnectionLifecycleService, type WsPolicy, type WsPolicyContext } from '@secure-ws/nestjs';
import { Transform } from 'class-transformer';
import { IsNumber } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/deferred.js';
import { connect } from '../support/queueing-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';

class Payment {
  @Transform(({ value }) => (value as number) * 100, { toClassOnly: true })
  @IsNumber()
  cents!: number;
}

class UpToTen implements WsPolicy<Payment> {
  authorize({ data }: WsPolicyContext<Payment>): boolean {
    return data.cents <= 1000;
  }
}

/** Waits where the test says so. */
const pause = { reached: deferred<void>(), goOn: Promise.resolve() };

@Injectable()
class Slow implements CanActivate {
  async canActivate(): Promise<boolean> {
    pause.reached.resolve();
    await pause.goOn;
    return true;
  }
}

/** Each application has one of its own. */
@Injectable()
class Seen implements PipeTransform {
  values = 0;

  transform(value: unknown): unknown {
    this.values++;
    return value;
  }
}

@UsePipes(new ValidationPipe({ transform: true }), Seen)
@WebSocketGateway({ path: '/payments' })
class PaymentGateway {
  paid: number[] = [];

  @WsAuthorize(UpToTen)
  @UseGuards(Slow)
  @SubscribeMessage('pay')
  pay(@MessageBody() { cents }: Payment): number {
    this.paid.push(cents);
    return cents;
  }

  @WsAuthorize()
  @SubscribeMessage('throws')
  throws(): never {
    throw new Error('a secret of the handler');
  }
}

@WsAuthorize()
@WebSocketGateway({ path: '/second' })
class SecondGateway extends PaymentGateway {}

/** All that a class and its methods say to Nest. */
const written = (): readonly unknown[] =>
  [PaymentGateway, SecondGateway].flatMap((type) => {
    const places = [[type], [type, 'pay'], [type, 'throws'], [type.prototype.pay], [type.prototype.throws]] as const;
    return places.map(([target, property]) => {
      const keys = Reflect.getOwnMetadataKeys(target, property as string)
        .map(String)
        .sort();
      return keys.map((key) => [key, Reflect.getOwnMetadata(key, target, property as string) as unknown]);
    });
  });

const start = (_: unknown, index: number): Promise<RunningApp> =>
  startApp({
    providers: [PaymentGateway, SecondGateway, Slow, UpToTen, Seen],
    platform: index % 2 === 0 ? 'express' : 'fastify',
  });

describe('applications of one process that boot at the same time', () => {
  it.each([1, 2, 3, 5])('F11 F13 OD-01 DR-14 %d of them: each has all of its checks', async (count) => {
    const before = written();
    const apps = await Promise.all(Array.from({ length: count }, start));
    expect(written()).toEqual(before);
    for (const app of apps) {
      expect(app.app.get(Seen).values).toBe(0);
      for (const path of ['/payments', '/second']) {
        pause.goOn = Promise.resolve();
        const client = await connect(`${app.url}${path}`, { token: app.token({}) });
        expect(await client.request('pay', { cents: 5 })).toMatchObject({ event: 'pay', data: 500 });
        const refused = await client.request('throws');
        expect(refused).toMatchObject({ event: 'error', data: { code: 'INTERNAL' } });
        expect(JSON.stringify(refused)).not.toContain('secret');

        // A guard of the application waits, and the connection is revoked meanwhile.
        const go = deferred<void>();
        pause.goOn = go.promise;
        pause.reached = deferred<void>();
        client.send('pay', { cents: 6 }, 7);
        await pause.reached.promise;
        app.app.get(WsConnectionLifecycleService).disconnect({}, 'REVOKED');
        go.resolve();
        await client.expectClose(4504);
      }
      expect(app.app.get(Seen).values).toBeGreaterThan(0);
      expect(app.app.get(PaymentGateway).paid).toEqual([500]);
      expect(app.app.get(SecondGateway).paid).toEqual([500]);
    }
    for (const app of apps) await app[Symbol.asyncDispose]();
    expect(written()).toEqual(before);
  });
});
