import { Injectable, Module, type Type, UsePipes, ValidationPipe } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SocketModule } from '@nestjs/websockets/socket-module.js';
import * as secureWs from '@secure-ws/nestjs';
import {
  EscapeHtml,
  HttpOnly,
  OnSecurityAlert,
  OnSecurityEvent,
  OnWsConnected,
  OnWsDisconnected,
  OnWsRefreshed,
  type Principal,
  RecordOf,
  SanitizeHtml,
  SanitizeString,
  SecureGateway,
  SecureWsBootError,
  SecureWsModule,
  seconds,
  UseHandshakeGuards,
  WsAbortSignal,
  WsAuthorize,
  WsBinary,
  WsBytes,
  WsConnection,
  WsInputRoles,
  WsPayload,
  WsPrincipal,
  WsPublic,
  WsReply,
  WsResource,
  WsRowFilter,
  WsStepUp,
  WsSubprotocol,
  WsThrottle,
} from '@secure-ws/nestjs';
import { Type as TypeOf } from 'class-transformer';
import { Allow, IsOptional, IsString, ValidateNested } from 'class-validator';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { refuseWithoutModule } from '../../packages/nestjs/src/boot/missing-module.js';
import { ModuleRequired } from '../../packages/nestjs/src/nest/module-required.guard.js';
import { APP_ORIGIN, startApp } from '../support/start-app.js';
import { connect } from '../support/queueing-client.js';
import { TEST_JWT } from '../support/test-token.js';

const OPTIONS = { handshake: { origins: [APP_ORIGIN] }, authentication: { jwt: TEST_JWT } };

@Injectable()
class Anybody {
  canActivate(): boolean {
    return true;
  }
}

@WebSocketGateway()
class OnMethodGateway {
  @WsAuthorize()
  @SubscribeMessage('act')
  act(): string {
    return 'done';
  }
}

@WebSocketGateway()
class PublicGateway {
  @WsPublic()
  @SubscribeMessage('act')
  act(): string {
    return 'done';
  }
}

@WebSocketGateway()
class ThrottledGateway {
  @WsThrottle({ limit: 1, ttl: seconds(1) })
  @SubscribeMessage('act')
  act(): string {
    return 'done';
  }
}

class Handler {
  @SubscribeMessage('act')
  act(): string {
    return 'done';
  }
}

@WsAuthorize()
@WebSocketGateway()
class OnClassGateway extends Handler {}

@SecureGateway({})
@WebSocketGateway()
class SetGateway extends Handler {}

@UseHandshakeGuards(Anybody)
@WebSocketGateway()
class GuardedGateway extends Handler {}

class InheritingGateway extends OnClassGateway {}

/** A gateway whose handler has one decorator, and nothing else of the package. */
function withMethod(decorator: MethodDecorator): Type {
  @WebSocketGateway()
  class OneGateway {
    @decorator
    @SubscribeMessage('act')
    act(): string {
      return 'done';
    }
  }
  return OneGateway;
}

function withParameter(decorator: ParameterDecorator): Type {
  @WebSocketGateway()
  class OneGateway {
    @SubscribeMessage('act')
    act(@decorator _given: unknown): string {
      return 'done';
    }
  }
  return OneGateway;
}

function withListener(listen: (target: object, name: string, descriptor: TypedPropertyDescriptor<() => void>) => void) {
  @Injectable()
  class Listener {
    @listen
    on(): void {}
  }
  return Listener;
}

/** A gateway whose payload holds a DTO with one decorator. */
function withProperty(decorator: PropertyDecorator): Type {
  class Item {
    @decorator
    @IsOptional()
    @IsString()
    value?: string;
  }
  class Payload {
    @ValidateNested()
    @TypeOf(() => Item)
    item!: Item;
  }
  @WebSocketGateway()
  class OneGateway {
    @SubscribeMessage('act')
    act(@MessageBody() _payload: Payload): string {
      return 'done';
    }
  }
  return OneGateway;
}

@WebSocketGateway()
class PlainGateway extends Handler {}

/** Each decorator of the package, alone: what it stands in, and where the boot says that it does. */
const DECORATED: Readonly<Record<string, readonly [type: Type, place: string]>> = {
  OnSecurityAlert: [withListener(OnSecurityAlert()), 'Listener.on'],
  OnSecurityEvent: [withListener(OnSecurityEvent('ws.message.refused')), 'Listener.on'],
  OnWsConnected: [withListener(OnWsConnected()), 'Listener.on'],
  OnWsDisconnected: [withListener(OnWsDisconnected()), 'Listener.on'],
  OnWsRefreshed: [withListener(OnWsRefreshed()), 'Listener.on'],
  SecureGateway: [SetGateway, 'SetGateway'],
  UseHandshakeGuards: [GuardedGateway, 'GuardedGateway'],
  WsAbortSignal: [withParameter(WsAbortSignal()), 'OneGateway.act'],
  WsAuthorize: [withMethod(WsAuthorize()), 'OneGateway.act'],
  WsBinary: [withMethod(WsBinary({ maxBytes: 1 })), 'OneGateway.act'],
  WsBytes: [withParameter(WsBytes()), 'OneGateway.act'],
  WsConnection: [withParameter(WsConnection()), 'OneGateway.act'],
  WsInputRoles: [withProperty(WsInputRoles('admin')), 'Item.value'],
  WsPayload: [withMethod(WsPayload(String)), 'OneGateway.act'],
  WsPrincipal: [withParameter(WsPrincipal()), 'OneGateway.act'],
  WsPublic: [withMethod(WsPublic()), 'OneGateway.act'],
  WsReply: [withMethod(WsReply(String)), 'OneGateway.act'],
  WsResource: [withParameter(WsResource()), 'OneGateway.act'],
  WsRowFilter: [withParameter(WsRowFilter()), 'OneGateway.act'],
  WsStepUp: [withMethod(WsStepUp({ maxAgeMs: 1000 })), 'OneGateway.act'],
  WsSubprotocol: [withMethod(WsSubprotocol('chat.v1')), 'OneGateway.act'],
  WsThrottle: [withMethod(WsThrottle({ limit: 1, ttl: 1000 })), 'OneGateway.act'],
};

/** What a handler gets of `value` with each decorator that Nest's own pipe knows what to do with; nothing where it refuses. */
const WORKING: Readonly<Record<string, readonly [decorator: PropertyDecorator, given: unknown, taken: unknown[]]>> = {
  EscapeHtml: [EscapeHtml(), '<b>', ['&lt;b&gt;']],
  RecordOf: [RecordOf(() => Number), { n: 'x' }, []],
  SanitizeHtml: [SanitizeHtml(), '<script>1</script>hi', ['hi']],
  SanitizeString: [SanitizeString(), ' hi\u0007 ', ['hi']],
};

/** The names of what the package exports and is written as a decorator is: no class, and a capital letter. */
function decoratorsOfPackage(): string[] {
  const others: ReadonlySet<unknown> = new Set([HttpOnly]);
  return Object.entries(secureWs)
    .filter(([name, value]) => /^[A-Z]/.test(name) && typeof value === 'function' && !others.has(value))
    .filter(([, value]) => !Function.prototype.toString.call(value).startsWith('class'))
    .map(([name]) => name);
}

async function bootWithout(adapter: typeof WsAdapter | typeof IoAdapter | undefined, providers: Type[]) {
  @Module({ providers })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  if (adapter !== undefined) app.useWebSocketAdapter(new adapter(app));
  onTestFinished(() => app.close());
  return app.listen(0, '127.0.0.1').then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('an application without SecureWsModule', () => {
  const gateways: readonly (readonly [string, Type])[] = [
    ['@WsAuthorize on a method', OnMethodGateway],
    ['@WsAuthorize on a class', OnClassGateway],
    ['@WsAuthorize on a parent', InheritingGateway],
    ['@WsPublic', PublicGateway],
    ['@WsThrottle', ThrottledGateway],
    ['@SecureGateway', SetGateway],
    ['@UseHandshakeGuards', GuardedGateway],
  ];

  it.each(gateways)('AZ-01 AZ-03 does not start with %s', async (_, gateway) => {
    @Module({ providers: [gateway] })
    class AppModule {}
    for (const Adapter of [WsAdapter, IoAdapter]) {
      const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
      app.useWebSocketAdapter(new Adapter(app));
      onTestFinished(() => app.close());
      const failure: unknown = await app.listen(0, '127.0.0.1').catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(SecureWsBootError);
      expect(String(failure)).toContain('SecureWsModule: is not imported');
    }
  });

  it('AZ-01 counts every decorator of the package', () => {
    expect(decoratorsOfPackage().sort()).toEqual([...Object.keys(DECORATED), ...Object.keys(WORKING)].sort());
  });

  it.each(Object.keys(WORKING))('AZ-01 starts with a @%s, which does its work in a ValidationPipe', async (name) => {
    const [decorator, value, taken] = WORKING[name] as (typeof WORKING)[string];
    const got: unknown[] = [];
    class Payload {
      @decorator
      @Allow()
      value!: unknown;
    }
    @WebSocketGateway()
    @UsePipes(new ValidationPipe({ transform: true }))
    class PipedGateway {
      @SubscribeMessage('act')
      act(@MessageBody() payload: Payload): unknown {
        got.push(payload.value);
        return undefined;
      }

      @SubscribeMessage('there')
      there(): unknown {
        return { event: 'there' };
      }
    }
    @Module({ providers: [PipedGateway] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    onTestFinished(() => app.close());
    await app.listen(0, '127.0.0.1');
    const client = await connect((await app.getUrl()).replace('http', 'ws'));
    client.send('act', { value });
    // Nest 11 answers nothing to what its pipe refuses.
    client.send('there');
    while ((await client.next()).event !== 'there');
    expect(got).toEqual(taken);
  });

  it('AZ-01 leaves a DTO alone whose types cannot be asked for yet', async () => {
    const early = (): never => {
      throw new Error('asked at boot');
    };
    const withType = (decorator?: PropertyDecorator): Type => {
      class Payload {
        @TypeOf(early)
        @ValidateNested()
        item!: object;

        @(decorator ?? Allow())
        value?: string;
      }
      @WebSocketGateway()
      class LazyGateway {
        @SubscribeMessage('act')
        act(@MessageBody() _payload: Payload): string {
          return 'done';
        }
      }
      return LazyGateway;
    };
    expect(await bootWithout(WsAdapter, [withType()])).toBeUndefined();
    expect(String(await bootWithout(WsAdapter, [withType(WsInputRoles('admin'))]))).toContain(
      '@WsInputRoles() of Payload.value would do nothing',
    );
    expect(String(await bootWithout(WsAdapter, [withType(), OnMethodGateway]))).toContain(
      '@WsAuthorize() of OnMethodGateway.act would do nothing',
    );
  });

  it.each(Object.keys(DECORATED))('AZ-01 OD-04 does not start with a mere @%s, whatever the adapter', async (name) => {
    const [type, place] = DECORATED[name] as readonly [Type, string];
    // A listener by itself has nothing to protect.
    const providers = Reflect.hasMetadata('websockets:is_gateway', type) ? [type] : [type, PlainGateway];
    for (const adapter of [WsAdapter, IoAdapter, undefined]) {
      const failure = await bootWithout(adapter, providers);
      expect(failure).toBeInstanceOf(SecureWsBootError);
      expect(String(failure)).toContain(`SecureWsModule: is not imported: @${name}() of ${place} would do nothing`);
    }
  });

  it('AZ-01 says how many decorators more there are', async () => {
    expect(String(await bootWithout(WsAdapter, [OnMethodGateway, PublicGateway]))).toContain(
      '@WsAuthorize() of OnMethodGateway.act (and 1 more) would do nothing',
    );
  });

  it('AZ-01 starts with gateways that have nothing of the package, and with listeners that no gateway is beside', async () => {
    expect(await bootWithout(WsAdapter, [PlainGateway])).toBeUndefined();
    const listeners = Object.values(DECORATED).flatMap(([type]) => (type.name === 'Listener' ? [type] : []));
    expect(listeners).toHaveLength(5);
    expect(await bootWithout(WsAdapter, listeners)).toBeUndefined();
  });

  it('AZ-01 is told from one of the same process that has the module', async () => {
    const replying = withMethod(WsReply(String));
    @WebSocketGateway()
    class AskedGateway {
      @WsAuthorize()
      @WsReply(String)
      @SubscribeMessage('act')
      act(@WsPrincipal() { id }: Principal): string {
        return id;
      }
    }
    const app = await startApp({ providers: [AskedGateway] });
    expect(await bootWithout(WsAdapter, [replying])).toBeInstanceOf(SecureWsBootError);
    expect(await bootWithout(WsAdapter, [AskedGateway])).toBeInstanceOf(SecureWsBootError);
    const client = await connect(app.url, { token: app.token() });
    expect(await client.request('act')).toMatchObject({ data: expect.any(String) as string });
  });

  it('AZ-01 is not seen in one that has the module of another copy of the package', async () => {
    // Each copy watches what is registered, and knows only the applications of its own module.
    const { register } = SocketModule.prototype;
    onTestFinished(() => {
      SocketModule.prototype.register = register;
    });
    vi.resetModules();
    const copy = await import('../../packages/nestjs/src/boot/missing-module.js');
    expect(copy.refuseWithoutModule).not.toBe(refuseWithoutModule);
    copy.refuseWithoutModule();
    const app = await startApp({ providers: [OnMethodGateway] });
    const client = await connect(app.url, { token: app.token() });
    expect(await client.request('act')).toMatchObject({ data: 'done' });
  });

  it('AZ-01 does not start as an application context either, in which Nest registers no gateways', async () => {
    @Module({ providers: [OnMethodGateway] })
    class AppModule {}
    const starting = NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await expect(starting).rejects.toThrow('SecureWsModule: is not imported');
  });

  it('AZ-01 lets a gateway be tested by itself', async () => {
    const module = await Test.createTestingModule({ providers: [OnMethodGateway] }).compile();
    expect(module.get(OnMethodGateway).act()).toBe('done');
  });

  it('AZ-01 refuses every message', () => {
    const context = new ExecutionContextHost([]);
    expect(() => new ModuleRequired(undefined).canActivate(context)).toThrow('Unavailable');
  });
});

describe('an application with SecureWsModule', () => {
  it('AZ-01 refuses the messages of a gateway that Nest has bound besides it', () => {
    const guard = new ModuleRequired({ hasBooted: false });
    const context = new ExecutionContextHost([]);
    expect(guard.canActivate(context)).toBe(true);
    context.setType('ws');
    expect(() => guard.canActivate(context)).toThrow('Unavailable');
  });

  it('AZ-01 does not have Nest call a guard for it, and leaves the decorators as they were', async () => {
    const canActivate = vi.spyOn(ModuleRequired.prototype, 'canActivate');
    onTestFinished(() => {
      canActivate.mockRestore();
    });
    const app = await startApp({ providers: [OnMethodGateway] });
    const client = await connect(app.url, { token: app.token() });
    expect(await client.request('act')).toMatchObject({ data: 'done' });
    expect(canActivate).not.toHaveBeenCalled();
    const { act } = Object.getOwnPropertyDescriptors(OnMethodGateway.prototype);
    expect(Reflect.getMetadata('__guards__', act.value as object)).toEqual([ModuleRequired]);
  });

  it('AZ-03 refuses a gateway that is loaded after the boot', async () => {
    @Module({ providers: [OnClassGateway] })
    class LateModule {}
    const app = await startApp({ secureWs: SecureWsModule.forRoot(OPTIONS), providers: [OnMethodGateway] });
    const loading = app.app.get(LazyModuleLoader).load(() => LateModule);
    await expect(loading).rejects.toThrow('has loaded a gateway lazily');
  });
});
