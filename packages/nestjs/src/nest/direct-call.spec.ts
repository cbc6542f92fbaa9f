import 'reflect-metadata';
import {
  Catch,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  Module,
  type NestInterceptor,
  ParseIntPipe,
  type PipeTransform,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Ack, ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { isObservable, lastValueFrom, of, throwError, toArray } from 'rxjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { crashesOf } from '../../../../test/support/stub-pipeline.js';
import { BoundHandlers } from '../../../../test/support/bound-handlers.js';
import { WsMessageContext } from '../core/message-context.js';
import { WsRefusalException } from '../core/ws-application.error.js';
import { type DirectCall, directCallOf } from './direct-call.js';
import { runsGlobalEnhancers } from './enhancers.js';
import { addLastFilter, LastFilter } from './exception-filters.js';
import { takeInventory } from './gateway-inventory.js';
import { passValidated } from './pass-validated.js';
import { RegistrationMetadata } from './registration-metadata.js';

// Nest's own chain is the reference, on Nest 12 (project `unit`) and on Nest 11 (project `nest11`).

type Callback = (data: unknown, event: string, context: unknown) => unknown;

class Context extends WsMessageContext {
  isOpen = true;

  override get isCurrent(): boolean {
    return this.isOpen;
  }

  override watchAnswer(): () => boolean {
    return () => false;
  }

  protected override onListenerFailed(): void {}

  protected override onSignalTaken(): void {}
}

const newContext = (): Context => new Context({} as never, {} as never);

const CLIENT = { name: 'client' };

/** The pipe that a gateway names to be validated by the module. */
class Ours implements PipeTransform {
  transform(value: unknown): unknown {
    return value;
  }
}

interface Started {
  readonly nest: ReadonlyMap<unknown, Callback>;
  readonly direct: ReadonlyMap<unknown, DirectCall | undefined>;
}

async function start(gateway: Type, globals: readonly PipeTransform[] = []): Promise<Started> {
  @Module({ providers: [gateway] })
  class AppModule {}
  const app = (await Test.createTestingModule({ imports: [AppModule] }).compile()).createNestApplication({
    logger: false,
  });
  app.useGlobalPipes(...globals);
  const recorder = new BoundHandlers(CLIENT);
  app.useWebSocketAdapter(recorder as never);
  const config = app.get(ApplicationConfig);
  const metadata = new RegistrationMetadata();
  const [record] = takeInventory(app.get(ModulesContainer));
  if (record === undefined) throw new Error('There is no gateway.');
  addLastFilter(record, new LastFilter(), metadata);
  passValidated([record], config, metadata, {
    ours: Ours,
    isReported: () => false,
    isValidated: () => true,
    judged: {
      watch: () => undefined,
      validationOf: () => true,
      selectionOf: () => ({ groups: undefined, isForOthers: () => false }),
    },
  });
  const direct = new Map(record.handlers.map((handler) => [handler.event, directCallOf(handler, config)]));
  await app.init();
  metadata.restore();
  recorder.connect();
  await app.close();
  return { nest: recorder.callbacks, direct };
}

/** What a call came to: its value, that of its stream, and what failed. */
async function outcome(context: Context, call: () => unknown): Promise<object> {
  seen.length = 0;
  const returned = await call();
  const value = isObservable(returned) ? await lastValueFrom(returned.pipe(toArray())) : returned;
  return { value, failure: context.failure, seen: [...seen] };
}

/** What the handlers were called with. */
const seen: unknown[] = [];

const Host = createParamDecorator((data: unknown, context: ExecutionContext) => [
  data,
  context.getType<string>(),
  context.getClass(),
  context.getHandler().name,
  context.getArgByIndex<unknown>(2),
  context.switchToWs().getClient<unknown>(),
  context.switchToWs().getData<unknown>(),
  context.switchToWs().getPattern(),
]);
const Later = createParamDecorator(async (data: unknown) => await Promise.resolve(`${String(data)} later`));
const Failing = createParamDecorator(() => {
  throw new Error('parameter');
});
const FailingLater = createParamDecorator(() => Promise.reject(new Error('parameter later')));
const Closing = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  (context.getArgByIndex<Context>(3)).isOpen = false; // prettier-ignore
});
const ClosingLater = createParamDecorator(async (_data: unknown, context: ExecutionContext) => {
  await Promise.resolve();
  context.getArgByIndex<Context>(3).isOpen = false;
});

@WebSocketGateway()
class Gateway {
  readonly name = 'gateway';

  #see(...args: unknown[]): string {
    seen.push(this.name, ...args);
    return 'returned';
  }

  @SubscribeMessage('undecorated')
  undecorated(...args: unknown[]): unknown {
    return this.#see(...args);
  }

  @SubscribeMessage('body')
  body(@MessageBody() data: unknown): unknown {
    return this.#see(data);
  }

  @SubscribeMessage('field')
  field(@MessageBody('price') price: unknown, @ConnectedSocket() client: unknown): unknown {
    return this.#see(price, client);
  }

  @SubscribeMessage('gap')
  gap(none: unknown, @MessageBody() data: unknown): unknown {
    return this.#see(none, data);
  }

  @SubscribeMessage('host')
  host(@Host('of') host: unknown, @Host() bare: unknown): unknown {
    return this.#see(host, bare);
  }

  @SubscribeMessage('later')
  later(@Later('a') first: unknown, @MessageBody() data: unknown, @Later('b') last: unknown): unknown {
    return this.#see(first, data, last);
  }

  @SubscribeMessage('failing')
  failing(@Failing() value: unknown): unknown {
    return this.#see(value);
  }

  @SubscribeMessage('failing-later')
  failingLater(@FailingLater() value: unknown, @FailingLater() other: unknown): unknown {
    return this.#see(value, other);
  }

  @SubscribeMessage('failing-twice')
  failingTwice(@FailingLater() value: unknown, @Failing() other: unknown): unknown {
    return this.#see(value, other);
  }

  @SubscribeMessage('throws')
  throws(): unknown {
    throw new RangeError('thrown');
  }

  @SubscribeMessage('rejects')
  async rejects(): Promise<unknown> {
    return await Promise.reject(new RangeError('rejected'));
  }

  @SubscribeMessage('resolves')
  async resolves(@MessageBody() data: unknown): Promise<unknown> {
    return await Promise.resolve([data]);
  }

  @SubscribeMessage('thenable')
  thenable(): unknown {
    return { then: (done: (value: unknown) => void) => done('then') };
  }

  @SubscribeMessage('stream')
  stream(): unknown {
    return of(1, 2, 3);
  }

  @SubscribeMessage('failing-stream')
  failingStream(): unknown {
    return throwError(() => new RangeError('stream'));
  }

  @SubscribeMessage('failing-stream-later')
  async failingStreamLater(): Promise<unknown> {
    return await Promise.resolve(throwError(() => new RangeError('stream later')));
  }

  @SubscribeMessage('nothing')
  nothing(): void {}

  @SubscribeMessage('null')
  null(): unknown {
    return null;
  }
}

const PAYLOADS = [undefined, null, 0, 'text', { price: 7 }, [1], Object.create(null)] as const;

describe('directCallOf', () => {
  let started: Started;
  beforeAll(async () => {
    started = await start(Gateway);
  });

  it('fills, calls and fails as the chain of Nest does', async () => {
    expect(new Set(started.direct.keys())).toEqual(new Set(started.nest.keys()));
    for (const [event, nest] of started.nest) {
      const direct = started.direct.get(event);
      if (direct === undefined) throw new Error(`${String(event)} has no direct call.`);
      for (const data of PAYLOADS) {
        const [ofNest, own] = [newContext(), newContext()];
        ofNest.event = own.event = String(event);
        const expected = await outcome(ofNest, () => nest(data, String(event), ofNest));
        expect({ event, ...(await outcome(own, () => direct(CLIENT, data, own))) }).toEqual({ event, ...expected });
      }
    }
  });

  it('DR-14 holds what one parameter rejects with when another has thrown', async () => {
    const context = newContext();
    const crashes = await crashesOf(async () => {
      await outcome(context, () => started.direct.get('failing-twice')?.(CLIENT, 1, context));
    });
    expect(crashes).toEqual([]);
    expect(context.failure).toMatchObject({ exception: new Error('parameter') });
  });

  it('answers at once where nothing waits', () => {
    const call = (event: string): unknown => started.direct.get(event)?.(CLIENT, 1, newContext());
    expect([call('body'), call('host'), call('null')]).toEqual(['returned', 'returned', null]);
    expect(call('resolves')).toBeInstanceOf(Promise);
  });

  it('AZ-15 F13 does not call a handler whose connection a parameter has ended', async () => {
    const { direct } = await start(ClosingGateway);
    for (const event of ['closing', 'closing-later']) {
      const context = newContext();
      const ended = await outcome(context, () => direct.get(event)?.(CLIENT, 1, context));
      const exception: unknown = expect.any(WsRefusalException);
      expect(ended).toEqual({ value: undefined, failure: { exception, isAnswered: false }, seen: [] });
    }
  });

  it('AZ-02 leaves a handler to Nest that has anything around it', async () => {
    for (const gateway of [OnMethods, OnClass]) {
      const { direct, nest } = await start(gateway);
      expect(nest.size).toBeGreaterThan(0);
      expect([...nest.keys()].filter((event) => direct.get(event) !== undefined)).toEqual([]);
    }
  });

  it('AZ-02 leaves all handlers to Nest where it runs global enhancers on gateways', async () => {
    const { direct } = await start(Plain, [{ transform: (value: unknown) => value }]);
    expect(direct.get('plain') === undefined).toBe(runsGlobalEnhancers(new ApplicationConfig()));
  });

  it('MV-01 calls a handler itself whose only pipes are those that the module has taken out', async () => {
    const { direct } = await start(Validated, [new ValidationPipe()]);
    expect(direct.get('plain')).toBeTypeOf('function');
  });
});

@WebSocketGateway()
class ClosingGateway {
  @SubscribeMessage('closing')
  closing(@Closing() _value: unknown): void {
    seen.push('called');
  }

  @SubscribeMessage('closing-later')
  closingLater(@ClosingLater() _value: unknown): void {
    seen.push('called');
  }
}

class Around implements NestInterceptor, PipeTransform {
  canActivate(): boolean {
    return true;
  }

  intercept(_context: unknown, next: { handle: () => ReturnType<NestInterceptor['intercept']> }): never {
    return next.handle() as never;
  }

  transform(value: unknown): unknown {
    return value;
  }
}

@Catch(RangeError)
class Filter implements ExceptionFilter {
  catch(): void {}
}

@WebSocketGateway()
class OnMethods {
  @UseGuards(Around)
  @SubscribeMessage('guard')
  guard(): void {}

  @UseInterceptors(Around)
  @SubscribeMessage('interceptor')
  interceptor(): void {}

  @UseFilters(Filter)
  @SubscribeMessage('filter')
  filter(): void {}

  @UsePipes(Around)
  @SubscribeMessage('pipe')
  pipe(@MessageBody() _data: unknown): void {}

  @SubscribeMessage('parameter-pipe')
  parameterPipe(@MessageBody('id', ParseIntPipe) _id: number): void {}

  @SubscribeMessage('ack')
  ack(@Ack() _ack: unknown): void {}
}

@WebSocketGateway()
@UseFilters(Filter)
class OnClass {
  @SubscribeMessage('plain')
  plain(): void {}
}

@WebSocketGateway()
@UsePipes(Ours, ValidationPipe)
class Validated {
  @SubscribeMessage('plain')
  plain(@MessageBody(new ValidationPipe()) _data: unknown): void {}
}

@WebSocketGateway()
class Plain {
  @SubscribeMessage('plain')
  plain(@MessageBody() _data: unknown): void {}
}
