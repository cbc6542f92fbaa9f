import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  type Provider,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { Expose } from 'class-transformer';
import type { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { SecureWsModule, WsAuthorize, WsReply } from '../../packages/nestjs/src/index.js';
import { WsAuthorizeGuard, WsExceptionsFilter, WsReplyInterceptor } from '../../packages/nestjs/src/socket-io/index.js';
import { bootProblems } from '../support/boot-problems.js';
import { type AppShape, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

@Injectable()
class LenientGuard extends WsAuthorizeGuard {
  override canActivate(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

@Injectable()
class NamedGuard extends WsAuthorizeGuard {}

@Injectable()
class OwnGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

@Injectable()
class LenientReply extends WsReplyInterceptor {
  override intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@Injectable()
class NamedReply extends WsReplyInterceptor {}

class View {
  @Expose() id!: string;
}

@Catch()
class EveryFilter implements ExceptionFilter {
  catch(_exception: unknown, host: ArgumentsHost): void {
    host.switchToWs().getClient<{ emit(event: string): void }>().emit('sorry');
  }
}

@Catch(WsException)
class SomeFilter extends EveryFilter {}

@Catch(WsException)
class NarrowFilter extends WsExceptionsFilter {}

class NamedFilter extends WsExceptionsFilter {}

interface Enhancers {
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  readonly interceptors?: readonly Type<NestInterceptor>[];
  readonly filters?: readonly Type<ExceptionFilter>[];
}

function gatewayWith({
  guards = [WsAuthorizeGuard],
  interceptors = [WsReplyInterceptor],
  filters = [],
}: Enhancers): Type {
  @UseGuards(...guards)
  @UseInterceptors(...interceptors)
  @UseFilters(...filters)
  @WebSocketGateway({ namespace: 'elsewhere' })
  @WsAuthorize()
  class ElsewhereGateway {
    @WsReply(View)
    @SubscribeMessage('do')
    do(): unknown {
      return { id: 'a' };
    }
  }
  return ElsewhereGateway;
}

const on = (enhancers: Enhancers, ...providers: Provider[]): AppShape => ({
  secureWs: SecureWsModule.forRoot({ authentication: { jwt: TEST_JWT }, adapter: false }),
  configure: (app) => {
    app.useWebSocketAdapter(new IoAdapter(app));
  },
  providers: [gatewayWith(enhancers), ...providers],
});

describe('a gateway on another adapter', () => {
  it.each<readonly [what: string, enhancers: Enhancers, problem: string]>([
    ['its guard', { guards: [LenientGuard] }, 'LenientGuard, which overrides canActivate()'],
    ['its guard, beside another one', { guards: [OwnGuard, LenientGuard] }, 'LenientGuard, which overrides'],
    ['its interceptor', { interceptors: [LenientReply] }, 'LenientReply, which overrides intercept()'],
  ])('AZ-01 OD-04 stops the boot where a subclass decides what %s does', async (_what, enhancers, problem) => {
    expect(await bootProblems(on(enhancers))).toEqual([
      {
        where: 'ElsewhereGateway.do',
        problem: expect.stringContaining(problem) as string,
        fix: expect.stringContaining('of its own') as string,
      },
    ]);
  });

  it.each<readonly [what: string, enhancers: Enhancers]>([
    ['subclasses that change nothing', { guards: [NamedGuard], interceptors: [NamedReply] }],
    ['a subclass behind the guard itself', { guards: [WsAuthorizeGuard, LenientGuard] }],
  ])('AZ-01 OD-04 boots with %s', async (_what, enhancers) => {
    await expect(startApp(on(enhancers))).resolves.toBeDefined();
  });

  it.each<readonly [what: string, enhancers: Enhancers, provider: Provider, problem: string]>([
    [
      'its guard',
      { guards: [] },
      { provide: APP_GUARD, useClass: WsAuthorizeGuard, scope: Scope.REQUEST },
      'without WsAuthorizeGuard',
    ],
    [
      'its interceptor',
      { interceptors: [] },
      { provide: APP_INTERCEPTOR, useClass: WsReplyInterceptor, scope: Scope.REQUEST },
      'WsReplyInterceptor',
    ],
  ])(
    'AZ-01 OD-04 stops the boot where %s is global and lives for a request: no Nest runs it for a message',
    async (_what, enhancers, provider, problem) => {
      expect(await bootProblems(on(enhancers, provider))).toMatchObject([
        { where: 'ElsewhereGateway.do', problem: expect.stringContaining(problem) as string },
      ]);
    },
  );

  it.each<readonly [what: string, filters: readonly Type<ExceptionFilter>[], isWarned: boolean]>([
    ['no filter', [], true],
    ['one for some exceptions', [SomeFilter], true],
    ['ours', [WsExceptionsFilter], false],
    ['one that extends ours', [NamedFilter], false],
    ['one that extends ours, for some exceptions', [NarrowFilter], true],
    ['ours behind another one', [SomeFilter, WsExceptionsFilter], false],
    ['one of its own for all of them', [EveryFilter], false],
  ])('OD-01 is warned of where nothing answers what is refused: with %s', async (_what, filters, isWarned) => {
    const app = await startApp(on({ filters }));
    const warned = app.log.lines.filter((line) =>
      /^warn ElsewhereGateway\.do .*@UseFilters\(WsExceptionsFilter\)/.test(line),
    );
    expect(warned).toHaveLength(isWarned ? 1 : 0);
  });
});
