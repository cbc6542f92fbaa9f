import { type CallHandler, type ExecutionContext, type NestInterceptor, UseInterceptors } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnection, WsReply } from '@secure-ws/nestjs';
import { Expose } from 'class-transformer';
import { map, type Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

class OrderView {
  @Expose() id!: number;
  @Expose({ groups: ['auditor'] }) cost?: number;
}

class WrappedOrder {
  @Expose() data!: OrderView;
}

/** The interceptor of Nest's documentation, which many applications have for all of their controllers. */
class TransformInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

const order = () => ({ id: 1, cost: 2, secret: 'hunter2' });

@WebSocketGateway({ path: '/orders' })
@WsAuthorize()
class OrdersGateway {
  @UseInterceptors(TransformInterceptor)
  @WsReply(OrderView)
  @SubscribeMessage('one')
  one(): unknown {
    return order();
  }

  @UseInterceptors(TransformInterceptor)
  @WsReply(OrderView)
  @SubscribeMessage('stream')
  stream(): Observable<unknown> {
    return of(order());
  }

  @WsReply([OrderView])
  @SubscribeMessage('list')
  list(): unknown {
    return [{ data: order() }];
  }

  @UseInterceptors(TransformInterceptor)
  @WsReply(WrappedOrder)
  @SubscribeMessage('wrapped')
  wrapped(): unknown {
    return order();
  }

  @WsReply(OrderView)
  @SubscribeMessage('hidden')
  hidden(): unknown {
    return { cost: 2, secret: 'hunter2' };
  }

  @SubscribeMessage('push')
  push(@WsConnection() connection: WsConnection): unknown {
    return connection.send('pushed', { data: order() }, { as: OrderView });
  }
}

const start = async () => {
  const app = await startApp({ providers: [OrdersGateway] });
  return { app, client: await connect(`${app.url}/orders`, { token: app.token() }) };
};

describe('a reply that an interceptor wraps', () => {
  it.each(['one', 'stream', 'list'])('OD-04 is refused where its DTO knows nothing of it: %s', async (event) => {
    const { app, client } = await start();
    client.send(event, undefined, 1);
    expectError(await client.next(), 'INTERNAL');
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'reply-undeclared', event }]);
  });

  it('OD-04 goes out as the wrapper says that is declared', async () => {
    const { client } = await start();
    expect(await client.request('wrapped')).toMatchObject({ data: { data: { id: 1 } } });
  });

  it('OD-04 is empty where its properties are not for this recipient', async () => {
    const { client } = await start();
    expect(await client.request('hidden')).toMatchObject({ data: {} });
  });

  it('OD-04 is dropped and reported where the application sends it', async () => {
    const { app, client } = await start();
    expect(await client.request('push')).toMatchObject({ data: 'dropped' });
    expect(app.events.ofType('ws.application.failed')).toMatchObject([{ where: 'WsConnection.send' }]);
  });
});
