import { type CallHandler, type ExecutionContext, type NestInterceptor, UseInterceptors } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsConnection, WsReply } from '@secure-ws/nestjs';
import { Expose, Transform, Type } from 'class-transformer';
import { map, type Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

class OrderView {
  @Expose() id!: number;
  @Expose({ groups: ['auditor'] }) cost?: number;
}

class WrappedOrder {
  @Expose() data!: OrderView;
}

/** All of it is optional. */
class ProfileView {
  @Expose() nickname?: string;
  @Expose() bio?: string;
}

/** All of it is computed. */
class StateView {
  @Expose() @Transform(({ obj }) => (obj as { deletedAt?: string }).deletedAt) gone?: string;
  @Expose() @Type(() => String) get rank(): string | undefined {
    return undefined;
  }
}

/** All of it is for a role. */
class CostView {
  @Expose({ groups: ['auditor'] }) cost?: number;
}

/** An id as a database has it, which says itself how it is written. */
class ObjectId {
  readonly buffer = Buffer.from('id');
  toJSON(): string {
    return this.buffer.toString('hex');
  }
}

/** What `lean()` of a database answers of somebody who has written nothing: what is optional is not there. */
const leanRow = () => ({ _id: new ObjectId(), userId: 7, at: new Date(0), passwordHash: 'hunter2' });

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

  @WsReply(ProfileView)
  @SubscribeMessage('optional')
  optional(): unknown {
    return leanRow();
  }

  @WsReply([ProfileView])
  @SubscribeMessage('rows')
  rows(): unknown {
    return [{ nickname: 'ann', ...leanRow() }, leanRow(), { ...leanRow(), bio: 'hi' }];
  }

  @WsReply(StateView)
  @SubscribeMessage('computed')
  computed(): unknown {
    return leanRow();
  }

  @WsReply(CostView)
  @SubscribeMessage('for-roles')
  forRoles(): unknown {
    return leanRow();
  }

  @SubscribeMessage('push')
  push(@WsConnection() connection: WsConnection): unknown {
    return connection.send('pushed', { data: order() }, { as: OrderView });
  }
}

const start = async () => {
  const app = await startApp({ providers: [OrdersGateway] });
  const client = await connect(`${app.url}/orders`, { token: app.token() });
  const warnings = () => app.log.lines.filter((line) => line.startsWith('warn') && line.includes('has none of'));
  return { app, client, warnings };
};

describe('a reply that an interceptor wraps', () => {
  it.each([
    ['one', {}],
    ['stream', {}],
    ['list', [{}]],
  ])('OD-04 has nothing of what its view does not know, and the log says so once: %s', async (event, data) => {
    const { app, client, warnings } = await start();
    for (let message = 0; message < 3; message++) {
      client.send(event, undefined, message);
      expect(await client.next()).toMatchObject({ id: message, data });
    }
    expect(warnings()).toEqual([expect.stringContaining(`"where":"OrdersGateway.${event}"`)]);
    expect(warnings()[0]).toContain(
      'none of the properties of OrderView, and holds an object or a list: clients get {}. Where an interceptor wraps it, declare a class of the wrapper with a property of OrderView, or unwrap it.',
    );
    expect(app.log.lines.join('\n')).not.toContain('hunter2');
    expect(app.events.ofType('ws.message.refused')).toEqual([]);
  });

  it('OD-04 is told of handler by handler', async () => {
    const { client, warnings } = await start();
    for (const event of ['one', 'list', 'one', 'list']) await client.request(event);
    expect(warnings()).toHaveLength(2);
  });

  it('OD-04 goes out as the wrapper says that is declared', async () => {
    const { client, warnings } = await start();
    expect(await client.request('wrapped')).toMatchObject({ data: { data: { id: 1 } } });
    expect(warnings()).toEqual([]);
  });

  it('OD-04 is sent and told of where the application sends it', async () => {
    const { client, warnings } = await start();
    client.send('push', undefined, 1);
    expect(await client.next()).toMatchObject({ event: 'pushed', data: {} });
    expect(await client.next()).toMatchObject({ id: 1, data: 'sent' });
    expect(warnings()).toEqual([expect.stringContaining('"where":"WsConnection.send"')]);
  });
});

describe('a reply of which a view has nothing to write', () => {
  it.each([
    ['what is for roles', 'hidden', {}],
    ['what is optional', 'optional', {}],
    ['what is optional, in one row of a list', 'rows', [{ nickname: 'ann' }, {}, { bio: 'hi' }]],
    ['what is computed', 'computed', {}],
    ['what is for roles and was not loaded', 'for-roles', {}],
  ])('OD-04 is empty, and nobody is warned: %s', async (_, event, data) => {
    const { app, client, warnings } = await start();
    expect(await client.request(event)).toMatchObject({ data });
    expect(warnings()).toEqual([]);
    expect(app.events.ofType('ws.message.refused')).toEqual([]);
  });
});
