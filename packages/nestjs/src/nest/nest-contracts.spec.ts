import 'reflect-metadata';
import {
  type ArgumentsHost,
  Catch,
  Injectable,
  Module,
  type PipeTransform,
  type Type,
  UseFilters,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Ack, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BoundHandlers } from '../../../../test/support/bound-handlers.js';
import { takeAdapterSlot, watchOtherAdapter } from './adapter-slot.js';
import { runsGlobalEnhancers } from './enhancers.js';
import { addLastFilter } from './exception-filters.js';
import { onRegistered } from './gateway-hooks.js';
import { type GatewayRecord, takeInventory } from './gateway-inventory.js';
import { EXCEPTION_FILTERS_METADATA, FORBIDDEN_MESSAGE, GUARDS_METADATA, PIPES_METADATA } from './metadata.js';
import { startLastAndEndFirst } from './module-order.js';
import { passValidated } from './pass-validated.js';
import { RegistrationMetadata } from './registration-metadata.js';
import { onRegistration } from './registration-watch.js';

/**
 * What nest/ relies on and Nest does not promise. The projects `unit` and `nest11` run it on Nest 12 and 11; each title
 * says what the module would lose.
 */

class Piping implements PipeTransform {
  transform(): string {
    return 'piped';
  }
}

interface Shape {
  readonly gateway: Type;
  readonly providers?: readonly Type[];
  /** Called before Nest registers the gateway. */
  readonly before?: (gateway: GatewayRecord, config: ApplicationConfig) => void;
}

async function start({ gateway, providers = [], before }: Shape): Promise<BoundHandlers> {
  @Module({ providers: [gateway, ...providers] })
  class AppModule {}
  const app = (await Test.createTestingModule({ imports: [AppModule] }).compile()).createNestApplication({
    logger: false,
  });
  onTestFinished(() => app.close());
  const recorder = new BoundHandlers();
  app.useWebSocketAdapter(recorder as never);
  const config = app.get(ApplicationConfig);
  const [record] = takeInventory(app.get(ModulesContainer));
  if (record !== undefined) before?.(record, config);
  await app.init();
  return recorder;
}

/** What a filter was given. */
const caught: unknown[] = [];

@Catch()
class Keep {
  catch(exception: unknown, _host: ArgumentsHost): void {
    caught.push(exception);
  }
}

@Catch(RangeError)
class KeepRanges {
  catch(): void {
    caught.push('range');
  }
}

class No {
  canActivate(): boolean {
    return false;
  }
}

describe('Nest', () => {
  it('AZ-01 sets an adapter through ApplicationConfig, and asks for it before it registers a gateway: ours could be replaced', async () => {
    @WebSocketGateway()
    class Gateway {
      afterInit(): void {
        order.push('gateway');
      }
    }
    const order: string[] = [];
    const module = await Test.createTestingModule({ providers: [Gateway] }).compile();
    const app = module.createNestApplication({ logger: false });
    onTestFinished(() => app.close());
    const config = app.get(ApplicationConfig);
    const others: unknown[] = [];
    takeAdapterSlot(config, new BoundHandlers() as never, (other) => others.push(other));
    const undo = watchOtherAdapter(config, {
      onFirstAsked: () => order.push('asked'),
      onServer: () => order.push('server'),
      onConnected: () => order.push('connected'),
    });
    const late = new BoundHandlers();
    app.useWebSocketAdapter(late as never);
    await app.init();
    expect(others).toEqual([late]);
    expect(order).toEqual(['asked', 'gateway', 'server']);
    await (config.getIoAdapter() as unknown as BoundHandlers).send('none', undefined).catch(() => undefined);
    expect(order).toEqual(['asked', 'gateway', 'server', 'connected']);
    undo();
    expect(Object.hasOwn(config, 'getIoAdapter')).toBe(false);
  });

  it('AZ-01 registers the gateways through SocketModule, with its configuration and server: a second time would be unseen', async () => {
    @WebSocketGateway()
    class Gateway {}
    const module = await Test.createTestingModule({ providers: [Gateway] }).compile();
    const app = module.createNestApplication({ logger: false });
    onTestFinished(() => app.close());
    app.useWebSocketAdapter(new BoundHandlers() as never);
    const seen: unknown[] = [];
    onRegistration(app.get(ModulesContainer), (registration) => seen.push(registration));
    await app.init();
    expect(seen).toEqual([{ config: app.get(ApplicationConfig), server: app.getHttpServer() as unknown }]);
  });

  it('AZ-01 keeps gateways, handlers and parameters under the keys that are read here: a handler would be unknown', async () => {
    @WebSocketGateway(4001, { path: '/chat' })
    class Gateway {
      @SubscribeMessage('say')
      say(@MessageBody() _text: unknown, @Ack() _ack: unknown): void {}
    }
    let seen: GatewayRecord | undefined;
    await start({ gateway: Gateway, before: (gateway) => (seen = gateway) });
    expect(seen).toMatchObject({ name: 'Gateway', port: 4001, path: '/chat' });
    const [handler] = seen?.handlers ?? [];
    expect(handler).toMatchObject({ label: 'Gateway.say', event: 'say' });
    const kinds = handler?.parameters?.map(({ index, isPayload, isAck }) => [index, isPayload, isAck]);
    expect(kinds?.sort()).toEqual([
      [0, true, false],
      [1, false, true],
    ]);
  });

  it('MV-18 reads guards, pipes and filters once, at registration: what is put back would come back into the call', async () => {
    @WebSocketGateway()
    class Gateway {
      @UseGuards(No)
      @UsePipes(new Piping())
      @SubscribeMessage('say')
      say(@MessageBody() text: unknown): unknown {
        return text;
      }
    }
    const recorder = await start({
      gateway: Gateway,
      before: (gateway, config) => {
        const metadata = new RegistrationMetadata();
        const [handler] = gateway.handlers;
        if (handler === undefined) throw new Error('no handler');
        metadata.set(GUARDS_METADATA, [], handler.callback);
        passValidated([gateway], config, metadata, {
          ours: Piping,
          isReported: () => false,
          isValidated: () => true,
          judged: {
            watch: () => undefined,
            validationOf: () => true,
            selectionOf: () => ({ groups: undefined, isForOthers: () => false }),
          },
        });
        onRegistered(gateway, () => {
          metadata.restore();
        });
      },
    });
    expect(Reflect.getMetadata(GUARDS_METADATA, Gateway.prototype.say)).toEqual([No]);
    expect(Reflect.getMetadata(PIPES_METADATA, Gateway.prototype.say)).toHaveLength(1);
    expect(await recorder.send('say', 'plain')).toBe('plain');
  });

  it('OD-01 asks the first filter of a class last: ours would answer for all of the application', async () => {
    @UseFilters(KeepRanges)
    @WebSocketGateway()
    class Gateway {
      @SubscribeMessage('fail')
      fail(@MessageBody() kind: string): void {
        throw kind === 'range' ? new RangeError(kind) : new Error(kind);
      }
    }
    const metadata = new RegistrationMetadata();
    const recorder = await start({
      gateway: Gateway,
      before: (gateway) => {
        addLastFilter(gateway, new Keep(), metadata);
        onRegistered(gateway, () => {
          metadata.restore();
        });
      },
    });
    caught.length = 0;
    await recorder.send('fail', 'range');
    await recorder.send('fail', 'other');
    expect(caught).toEqual(['range', new Error('other')]);
    expect(Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, Gateway)).toEqual([KeepRanges]);
  });

  it('AZ-05 throws a WsException with a known text where a guard says no: its refusal would be no FORBIDDEN', async () => {
    @UseFilters(Keep)
    @UseGuards(No)
    @WebSocketGateway()
    class Gateway {
      @SubscribeMessage('say')
      say(): void {}
    }
    const recorder = await start({ gateway: Gateway });
    caught.length = 0;
    await recorder.send('say', '');
    expect(caught).toEqual([new WsException(FORBIDDEN_MESSAGE)]);
  });

  it('AZ-01 runs global guards on gateways exactly where the probe says so: a boot check would be wrong', async () => {
    @UseFilters(Keep)
    @WebSocketGateway()
    class Gateway {
      @SubscribeMessage('say')
      say(): string {
        return 'said';
      }
    }
    let runs: boolean | undefined;
    const recorder = await start({
      gateway: Gateway,
      before: (_, config) => {
        config.addGlobalGuard(new No());
        runs = runsGlobalEnhancers(config);
      },
    });
    expect(await recorder.send('say', '')).toBe(runs === true ? undefined : 'said');
    expect(runs).toBe(process.env['NEST_MAJOR'] !== '11');
  });

  it('DR-09 runs the hooks of modules by their distance: gateways would serve before the checks, and outlive them', async () => {
    const order: string[] = [];
    const recording = (name: string): Type => {
      @Injectable()
      class Hooks {
        onApplicationBootstrap(): void {
          order.push(`${name} starts`);
        }
        onModuleDestroy(): void {
          order.push(`${name} ends`);
        }
      }
      return Hooks;
    };
    @Module({ providers: [recording('ours')] })
    class Ours {
      constructor(modules: ModulesContainer) {
        startLastAndEndFirst(modules, Ours);
      }
    }
    @Module({ imports: [Ours], providers: [recording('root')] })
    class Root {}
    const app = (await Test.createTestingModule({ imports: [Root] }).compile()).createNestApplication({
      logger: false,
    });
    await app.init();
    await app.close();
    expect(order).toEqual(['root starts', 'ours starts', 'ours ends', 'root ends']);
  });
});
