import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  type ExecutionContext,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { map, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { WsAuthorize } from '../../packages/nestjs/src/index.js';
import {
  WsAuthorizeGuard,
  WsExceptionsFilter,
  WsReplyInterceptor,
  WsThrottlerInterceptor,
} from '../../packages/nestjs/src/socket-io/index.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

@Injectable()
class DerivedGuard extends WsAuthorizeGuard {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    return (await super.canActivate(context)) && context.switchToWs().getPattern() !== 'closed';
  }
}

@Injectable()
class DerivedReply extends WsReplyInterceptor {
  override intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return super.intercept(context, next).pipe(map((reply) => [reply, 'reply']));
  }
}

@Injectable()
class DerivedThrottler extends WsThrottlerInterceptor {
  override async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    return (await super.intercept(context, next)).pipe(map((reply) => [reply, 'throttler']));
  }
}

class Teapot extends Error {}

@Catch(Teapot)
class DerivedFilter extends WsExceptionsFilter {
  override catch(_exception: unknown, host: ArgumentsHost): void {
    host
      .switchToWs()
      .getClient<WebSocket>()
      .send(JSON.stringify({ event: 'teapot' }));
  }
}

@UseGuards(DerivedGuard)
@UseInterceptors(DerivedReply, DerivedThrottler)
@UseFilters(DerivedFilter)
@WsAuthorize()
@WebSocketGateway({ path: '/derived' })
class DerivedGateway {
  @SubscribeMessage('open')
  open(): string {
    return 'handled';
  }

  @SubscribeMessage('closed')
  closed(): string {
    return 'handled';
  }

  @SubscribeMessage('teapot')
  teapot(): void {
    throw new Teapot();
  }
}

@UseGuards(WsAuthorizeGuard)
@UseInterceptors(WsReplyInterceptor, WsThrottlerInterceptor)
@UseFilters(WsExceptionsFilter)
@WsAuthorize()
@WebSocketGateway({ path: '/plain' })
class PlainGateway {
  readonly heard: unknown[] = [];

  @SubscribeMessage('listen')
  listen(@ConnectedSocket() socket: WebSocket): string {
    socket.on('error', (error: unknown) => this.heard.push(error));
    return 'handled';
  }

  @SubscribeMessage('fail')
  fail(): void {
    throw new Error('db password=hunter2');
  }
}

describe("an enhancer that extends one of ours, under the module's own adapter", () => {
  const start = async () => {
    const app = await startApp({ providers: [DerivedGateway] });
    return connect(`${app.url}/derived`, { token: app.token() });
  };

  it('AZ-09 runs what it overrides: interceptors', async () => {
    const client = await start();
    expect((await client.request('open')).data).toEqual([['handled', 'throttler'], 'reply']);
  });

  it('AZ-09 runs what it overrides: a guard', async () => {
    const client = await start();
    expectError(await client.request('closed'), 'FORBIDDEN');
  });

  it('AZ-09 runs what it overrides: a filter', async () => {
    const client = await start();
    client.send('teapot');
    expect(await client.next()).toEqual({ event: 'teapot' });
  });
});

describe("our enhancers, under the module's own adapter", () => {
  it('OD-01 MO-03 leave the answer to the module: one record, one line of the log, and nothing to the socket itself', async () => {
    const app = await startApp({ providers: [PlainGateway] });
    const client = await connect(`${app.url}/plain`, { token: app.token() });
    expect(await client.request('listen')).toMatchObject({ data: 'handled' });
    const { correlationId } = expectError(await client.request('fail'), 'INTERNAL');
    expect(app.events.ofType('ws.message.refused').map((event) => event.correlationId)).toEqual([correlationId]);
    expect(app.log.lines.filter((line) => line.includes('hunter2'))).toEqual([
      expect.stringContaining(correlationId) as string,
    ]);
    expect(app.app.get(PlainGateway).heard).toEqual([]);
  });
});
