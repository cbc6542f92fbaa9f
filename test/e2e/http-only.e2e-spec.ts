import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type NestInterceptor,
  Scope,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { WebSocketGateway } from '@nestjs/websockets';
import { HttpOnly, WsAuthorize } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { IS_NEST_11 } from '../support/nest-version.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

@Injectable()
class Keys {
  readonly known = 'letmein';
}

/** As many applications write it: it knows HTTP only. */
@Injectable()
class KeyGuard implements CanActivate {
  constructor(private readonly keys: Keys) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (headers['x-key'] !== this.keys.known) throw new UnauthorizedException();
    return true;
  }
}

@Injectable()
class Stamp implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    context
      .switchToHttp()
      .getResponse<{ setHeader: (name: string, value: string) => void }>()
      .setHeader('x-stamp', '1');
    return next.handle();
  }
}

/** One that knows what it is asked about. */
@Injectable()
class CarefulGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.getType<string>() === 'ws' || context.switchToHttp().getRequest<object>() !== undefined;
  }
}

@Controller()
class HealthController {
  @Get('health')
  health(): string {
    return 'ok';
  }
}

const imports = [ThrottlerModule.forRoot([{ limit: 2, ttl: 60_000 }])];
const expectEcho = async (shape: AppShape) => {
  const app = await startApp({ ...shape, providers: [EchoGateway, Keys, ...(shape.providers ?? [])] });
  const client = await connect(`${app.url}/echo`, { token: app.token() });
  for (let i = 0; i < 5; i++)
    expect(await client.request('echo', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
  return app;
};

describe('a global guard or interceptor that reads the HTTP request', () => {
  it.each<readonly [name: string, provider: object, imports: AppShape['imports'] & object]>([
    ['ThrottlerGuard', { provide: APP_GUARD, useClass: ThrottlerGuard }, imports],
    ['KeyGuard', { provide: APP_GUARD, useClass: KeyGuard }, []],
    ['Stamp', { provide: APP_INTERCEPTOR, useClass: Stamp }, []],
  ])('F36 stops the boot, which names it and the way out: %s', async (name, provider, modules) => {
    const shape: AppShape = { providers: [EchoGateway, Keys, provider as never], imports: modules };
    // Nest 11 never asks it about a message.
    if (IS_NEST_11) return void (await expectEcho({ ...shape, providers: [Keys, provider as never] }));
    const problems = await bootProblems(shape);
    expect(problems).toMatchObject([{ fix: expect.stringContaining(`HttpOnly(${name})`) as string }]);
  });

  it('F36 is one on a gateway too', async () => {
    @UseGuards(KeyGuard)
    @WsAuthorize()
    @WebSocketGateway({ path: '/guarded' })
    class GuardedGateway {}
    expect(await bootProblems({ providers: [GuardedGateway, Keys] })).toMatchObject([{ where: 'GuardedGateway' }]);
  });

  it('F36 is kept away from messages by HttpOnly(), and works for HTTP as before', async () => {
    const app = await expectEcho({
      controllers: [HealthController],
      imports,
      providers: [
        { provide: APP_GUARD, useClass: HttpOnly(ThrottlerGuard) },
        { provide: APP_GUARD, useClass: HttpOnly(KeyGuard) },
        { provide: APP_INTERCEPTOR, useClass: HttpOnly(Stamp) },
      ],
    });
    expect((await fetch(`${app.httpUrl}/health`)).status).toBe(401);
    const admitted = await fetch(`${app.httpUrl}/health`, { headers: { 'x-key': 'letmein' } });
    expect([admitted.status, admitted.headers.get('x-stamp')]).toEqual([200, '1']);
    expect((await fetch(`${app.httpUrl}/health`, { headers: { 'x-key': 'letmein' } })).status).toBe(429);
  });

  it('F36 is kept away from messages as an instance', async () => {
    const app = await expectEcho({
      controllers: [HealthController],
      configure: (nest) => {
        nest.useGlobalGuards(HttpOnly(new KeyGuard(new Keys())));
      },
    });
    expect((await fetch(`${app.httpUrl}/health`)).status).toBe(401);
  });

  it('F36 is left alone where it lives for a request: Nest runs none such for messages', async () => {
    const app = await expectEcho({
      controllers: [HealthController],
      providers: [
        { provide: APP_GUARD, useClass: KeyGuard, scope: Scope.REQUEST },
        { provide: APP_INTERCEPTOR, useClass: Stamp, scope: Scope.REQUEST },
      ],
    });
    expect((await fetch(`${app.httpUrl}/health`)).status).toBe(401);
  });

  it('F36 is left alone where it asks what it is asked about', async () => {
    await expect(expectEcho({ providers: [{ provide: APP_GUARD, useClass: CarefulGuard }] })).resolves.toBeDefined();
  });
});
