import { Injectable, Module, type Type } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  SecureGateway,
  SecureWsBootError,
  SecureWsModule,
  seconds,
  UseHandshakeGuards,
  WsAuthorize,
  WsPublic,
  WsThrottle,
} from '@secure-ws/nestjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
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
