import { Controller, Injectable, type Type } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  type HandshakeGuardType,
  SecureGateway,
  seconds,
  UseHandshakeGuards,
  WsAuthorize,
  WsPayload,
  WsPublic,
  WsReply,
  WsThrottle,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { type AppShape, startApp } from '../support/start-app.js';

describe('a decorator where nobody reads it', () => {
  @WsAuthorize()
  @WebSocketGateway({ path: '/forgotten' })
  class ForgottenGateway {
    @WsAuthorize({ roles: ['admin'] })
    authorized(): void {}

    @WsPublic()
    public(): void {}

    @WsThrottle({ limit: 1, ttl: seconds(1) })
    throttled(): void {}

    @WsPayload(String)
    typed(@MessageBody() _text: string): void {}

    @WsReply(String)
    answering(): string {
      return 'text';
    }

    plain(): void {}
  }

  it('AZ-01 OD-04 stops the boot on a method that handles no event', async () => {
    const problems = await bootProblems({ providers: [ForgottenGateway] });
    expect(problems.map(({ where, problem }) => `${where} ${problem.split(' ')[1] ?? ''}`)).toEqual([
      'ForgottenGateway.authorized @WsAuthorize()',
      'ForgottenGateway.public @WsPublic()',
      'ForgottenGateway.throttled @WsThrottle()',
      'ForgottenGateway.typed @WsPayload()',
      'ForgottenGateway.answering @WsReply()',
    ]);
    for (const { problem } of problems) expect(problem).toContain('no @SubscribeMessage()');
  });

  @Injectable()
  class MethodService {
    @WsAuthorize()
    @SubscribeMessage('act')
    act(): void {}

    @WsAuthorize()
    @WsThrottle({ limit: 1, ttl: seconds(1) })
    @SubscribeMessage('other')
    other(): void {}
  }
  @SecureGateway({ anonymous: true })
  class SetService {}
  @WsPublic()
  class PublicService {}
  @UseHandshakeGuards(MethodService as unknown as HandshakeGuardType)
  class GuardedService {}
  @WsAuthorize()
  @Controller()
  class HttpController {}

  it.each<readonly [name: string, shape: AppShape, type: Type, decorators: string]>([
    ['a method', { providers: [MethodService] }, MethodService, '@WsAuthorize() and @WsThrottle()'],
    ['@SecureGateway', { providers: [SetService] }, SetService, '@SecureGateway()'],
    ['@WsPublic', { providers: [PublicService] }, PublicService, '@WsPublic()'],
    ['@UseHandshakeGuards', { providers: [GuardedService] }, GuardedService, '@UseHandshakeGuards()'],
    ['a controller', { controllers: [HttpController] }, HttpController, '@WsAuthorize()'],
  ])('AZ-03 stops the boot in a class that is no gateway: %s', async (_, shape, { name }, decorators) => {
    const providers = [EchoGateway, ...(shape.providers ?? [])];
    expect(await bootProblems({ ...shape, providers })).toEqual([
      {
        where: name,
        problem: `has ${decorators} and no @WebSocketGateway(): they are ignored.`,
        fix: `add @WebSocketGateway({ path: '/...' }) above ${name}, or remove ${decorators}`,
      },
    ]);
  });
});

describe('a class that is not what it is named for', () => {
  it('DP-02 stops the boot as a gateway under migration', async () => {
    class LegacyService {}
    const options = { migration: { gateways: [LegacyService], until: '2999-01-01' } };
    expect(await bootProblems({ providers: [EchoGateway, LegacyService], options })).toMatchObject([
      { where: 'migration.gateways', problem: 'names LegacyService, which is not a gateway of the application.' },
    ]);
  });

  it('AZ-09 stops the boot as a handshake guard', async () => {
    class Named {}
    @UseHandshakeGuards(Named as HandshakeGuardType)
    @WebSocketGateway({ path: '/guarded' })
    class GuardedGateway {}
    expect(await bootProblems({ providers: [GuardedGateway] })).toMatchObject([
      { where: 'GuardedGateway', problem: expect.stringContaining('Named has no canActivate()') as string },
    ]);
  });

  it('AZ-09 may have its canActivate as a property, or from its parent', async () => {
    class Property {
      readonly canActivate = () => true;
    }
    class Child extends Property {}
    @UseHandshakeGuards(Property, Child)
    @WebSocketGateway({ path: '/guarded' })
    class GuardedGateway {}
    await expect(startApp({ providers: [GuardedGateway] })).resolves.toBeDefined();
  });
});

describe('a throttle that does not limit', () => {
  const throttle = WsThrottle as (...rules: object[]) => ClassDecorator & MethodDecorator;

  @throttle()
  @WebSocketGateway({ path: '/class' })
  class ClassGateway {
    @WsAuthorize()
    @SubscribeMessage('one')
    one(): void {}

    @WsAuthorize()
    @SubscribeMessage('two')
    two(): void {}
  }
  @WebSocketGateway({ path: '/method' })
  class MethodGateway {
    @throttle()
    @WsAuthorize()
    @SubscribeMessage('one')
    one(): void {}
  }

  it('DR-05 stops the boot without a rule', async () => {
    const problems = await bootProblems({ providers: [ClassGateway, MethodGateway] });
    expect(problems.map(({ where }) => where)).toEqual(['ClassGateway', 'MethodGateway.one']);
    for (const { problem } of problems) expect(problem).toContain('without a rule');
  });

  it('DR-05 is warned about where seconds were written for milliseconds', async () => {
    @WebSocketGateway({ path: '/short' })
    class ShortGateway {
      @WsThrottle({ limit: 5, ttl: 60 })
      @WsAuthorize()
      @SubscribeMessage('act')
      act(): void {}

      @WsThrottle({ limit: 5, ttl: 100 })
      @WsAuthorize()
      @SubscribeMessage('other')
      other(): void {}
    }
    expect(await warningsOf({ providers: [ShortGateway] })).toEqual([
      'ShortGateway.act throttle.ttl is 60, and ttl is in milliseconds: seconds(60) is 60 seconds.',
    ]);
  });
});

describe('something that is there for nothing', () => {
  it('MO-12 is warned about: the module without a gateway', async () => {
    expect(await warningsOf({})).toEqual([expect.stringMatching(/^SecureWsModule protects nothing/)]);
  });

  it('AN-12 is warned about: anonymous access without a public event', async () => {
    @SecureGateway({ anonymous: true })
    @WebSocketGateway({ path: '/open' })
    class OpenGateway {
      @WsAuthorize()
      @SubscribeMessage('act')
      act(): void {}
    }
    expect(await warningsOf({ providers: [OpenGateway] })).toContain(
      'OpenGateway @SecureGateway.anonymous is on, and no handler there is @WsPublic(): anonymous visitors can do nothing but listen.',
    );
  });
});

async function warningsOf(shape: AppShape): Promise<readonly string[]> {
  const { events } = await startApp(shape);
  return events.ofType('ws.config.weak').map(({ option, warning }) => `${option} ${warning}`);
}
