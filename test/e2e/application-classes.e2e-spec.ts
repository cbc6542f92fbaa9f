import { randomBytes } from 'node:crypto';
import { type CanActivate, Global, Injectable, Module, Scope } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AuthenticationError,
  createPrincipal,
  type Principal,
  SecureGateway,
  type SessionIdentity,
  UseHandshakeGuards,
  WsAuthenticator,
  WsAuthorize,
  type WsCredential,
  WsCsrfTokens,
  type WsPolicy,
  type WsPolicyContext,
  WsSessionVerifier,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, startApp } from '../support/start-app.js';

/** Refuses whoever is in its list, and by its field alone: on a bare prototype it would let everybody in. */
class Bans implements WsPolicy, CanActivate {
  banned: Set<string> | undefined = new Set(['alice']);

  authorize({ principal }: WsPolicyContext): boolean {
    return this.banned?.has(principal.id) !== true;
  }

  canActivate(): boolean {
    return this.banned === undefined;
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientBans extends Bans {}

@Injectable()
class SharedBans extends Bans {
  override banned: Set<string> | undefined = new Set();
}

@WebSocketGateway({ path: '/act' })
class TransientPolicyGateway {
  @WsAuthorize(TransientBans)
  @SubscribeMessage('act')
  act(): string {
    return 'done';
  }
}

@WebSocketGateway({ path: '/act' })
class SharedPolicyGateway {
  @WsAuthorize(SharedBans)
  @SubscribeMessage('act')
  act(): string {
    return 'done';
  }
}

@Injectable()
class ApiKeys extends WsAuthenticator {
  readonly revoked = new Set<string>();

  override readonly kind = 'api-key';

  override accepts({ scheme }: WsCredential): boolean {
    return scheme === 'bearer';
  }

  override authenticate({ value }: WsCredential): Promise<Principal> {
    if (this.revoked.has(value)) return Promise.reject(new AuthenticationError('expired'));
    const now = Date.now();
    return Promise.resolve(createPrincipal({ kind: 'api-key', issuer: 'keys', id: value, authenticatedAt: now }));
  }
}

@Injectable()
class Sessions extends WsSessionVerifier {
  readonly ended = new Set<string>();

  override verify(cookie: string): Promise<SessionIdentity | undefined> {
    return Promise.resolve(this.ended.has(cookie) ? undefined : { id: cookie, sessionId: cookie });
  }
}

describe('a class of the application that is transient', () => {
  it.each<readonly [what: string, providers: readonly (typeof TransientBans)[]]>([
    ['provided by the module', [TransientBans]],
    ['provided nowhere', []],
  ])('AZ-02 F03 decides as a policy on an instance whose constructor ran, %s', async (_, providers) => {
    const app = await startApp({ providers: [TransientPolicyGateway, ...providers] });
    const alice = await connect(`${app.url}/act`, { token: app.token({ sub: 'alice' }) });
    expectError(await alice.request('act'), 'FORBIDDEN');
    const bob = await connect(`${app.url}/act`, { token: app.token({ sub: 'bob' }) });
    expect(await bob.request('act')).toMatchObject({ data: 'done' });
  });

  it('HS-23 F03 decides as a handshake guard on an instance whose constructor ran', async () => {
    @UseHandshakeGuards(TransientBans)
    @WsAuthorize()
    @WebSocketGateway({ path: '/act' })
    class GuardedGateway {}
    const app = await startApp({ providers: [GuardedGateway, TransientBans] });
    expect(await handshake(`${app.url}/act`, { token: app.token() })).toMatchObject({ status: 403 });
  });

  it('AZ-03 F03 stops the boot as a gateway', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    @WsAuthorize()
    @WebSocketGateway({ path: '/act' })
    class TransientGateway {}
    expect(await bootProblems({ providers: [TransientGateway] })).toMatchObject([{ where: 'TransientGateway' }]);
  });

  it('AN-01 F03 stops the boot as an authenticator that needs a request', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest extends ApiKeys {}
    const problems = await bootProblems({
      providers: [EchoGateway, PerRequest],
      options: { authentication: { authenticators: [PerRequest] } },
    });
    expect(problems).toMatchObject([
      { where: 'authentication.authenticators', problem: expect.stringMatching('PerRequest') as string },
    ]);
  });
});

describe('a class of the application that other parts of it use', () => {
  @Module({ providers: [SharedBans], exports: [SharedBans] })
  class BansModule {}
  @Module({ imports: [BansModule], exports: [BansModule] })
  class SharedModule {}
  @Global()
  @Module({ providers: [SharedBans], exports: [SharedBans] })
  class GlobalModule {}
  @Module({ providers: [SharedBans] })
  class PrivateModule {}

  it.each([
    ['an imported module', BansModule],
    ['a module that an imported one passes on', SharedModule],
    ['a global module', GlobalModule],
    ['a module that nobody exports it from', PrivateModule],
  ])('AZ-02 F04 is the same instance as a policy: from %s', async (_, imported) => {
    @Module({ imports: [imported], providers: [SharedPolicyGateway] })
    class FeatureModule {}
    const app = await startApp({ imports: [FeatureModule] });
    const client = await connect(`${app.url}/act`, { token: app.token({ sub: 'alice' }) });
    expect(await client.request('act')).toMatchObject({ data: 'done' });
    app.app.get(SharedBans, { strict: false }).banned?.add('alice');
    expectError(await client.request('act'), 'FORBIDDEN');
  });

  it.each([
    ['an imported module', BansModule],
    ['a module that an imported one passes on', SharedModule],
    ['a global module', GlobalModule],
  ])('AZ-02 F04 is the one that the gateway sees, not another of the application: from %s', async (_, imported) => {
    @Module({ imports: [imported], providers: [SharedPolicyGateway] })
    class FeatureModule {}
    const app = await startApp({ imports: [PrivateModule, FeatureModule] });
    app.app.select(PrivateModule).get(SharedBans, { strict: true }).banned?.add('alice');
    const client = await connect(`${app.url}/act`, { token: app.token({ sub: 'alice' }) });
    expect(await client.request('act')).toMatchObject({ data: 'done' });
  });

  it('AN-08 F04 is the same instance as a session verifier: a log-out is heeded', async () => {
    const app = await startApp({
      providers: [EchoGateway, Sessions],
      options: {
        authentication: { session: { cookie: '__Host-sid', verifier: Sessions, csrf: { secret: randomBytes(32) } } },
      },
    });
    const shape = () => ({
      origin: APP_ORIGIN,
      headers: { Cookie: '__Host-sid=alice' },
      protocols: ['json.v1', `csrf.${app.app.get(WsCsrfTokens).issue('alice')}`],
    });
    expect(await handshake(`${app.url}/echo`, shape())).toBe('open');
    app.app.get(Sessions).ended.add('alice');
    expect(await handshake(`${app.url}/echo`, shape())).toMatchObject({ status: 401 });
  });

  it.each<readonly [what: string, own: boolean]>([
    ['of the module', false],
    ['of one gateway', true],
  ])('AN-01 F04 is the same instance as an authenticator %s: a revoked key is out', async (_, own) => {
    const authentication = { authenticators: [ApiKeys] };
    @SecureGateway(own ? { authentication } : {})
    @WsAuthorize()
    @WebSocketGateway({ path: '/keys' })
    class KeysGateway {}
    @Module({ providers: [KeysGateway, ApiKeys] })
    class KeysModule {}
    const app = await startApp({ imports: [KeysModule], options: own ? {} : { authentication } });
    expect(await handshake(`${app.url}/keys`, { token: 'k1' })).toBe('open');
    app.app.get(ApiKeys, { strict: false }).revoked.add('k1');
    expect(await handshake(`${app.url}/keys`, { token: 'k1' })).toMatchObject({ status: 401 });
  });

  it('AN-01 F04 stops the boot where two modules have one each and neither is seen', async () => {
    @Module({ providers: [ApiKeys] })
    class OneModule {}
    @Module({ providers: [ApiKeys] })
    class TwoModule {}
    const problems = await bootProblems({
      providers: [EchoGateway],
      imports: [OneModule, TwoModule],
      options: { authentication: { authenticators: [ApiKeys] } },
    });
    expect(problems).toMatchObject([
      { where: 'authentication.authenticators', problem: expect.stringMatching('OneModule.*TwoModule') as string },
    ]);
  });

  it('AN-01 F04 stops the boot in words where nothing can make it', async () => {
    @Injectable()
    class NeedsMore extends ApiKeys {
      constructor(readonly bans: SharedBans) {
        super();
      }
    }
    const problems = await bootProblems({
      providers: [EchoGateway],
      options: { authentication: { authenticators: [NeedsMore] } },
    });
    expect(problems).toMatchObject([{ where: 'NeedsMore', fix: expect.stringMatching('providers') as string }]);
  });
});
