import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type Principal, SecureGateway, WsAuthorize, WsPrincipal, WsPublic } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { expectError, withoutCorrelation } from '../support/error-frame.js';
import { handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, sharedApp, startApp } from '../support/start-app.js';

class OwnerPolicy {
  readonly asked: string[] = [];

  authorize(): boolean {
    this.asked.push('asked');
    return true;
  }
}

@SecureGateway({ anonymous: true })
@WebSocketGateway({ path: '/ticker' })
class TickerGateway {
  readonly principals: Principal[] = [];

  @WsPublic()
  @SubscribeMessage('price')
  price(@WsPrincipal() principal: Principal): { kind: string } {
    this.principals.push(principal);
    return { kind: principal.kind };
  }

  @WsAuthorize()
  @SubscribeMessage('buy')
  buy(): boolean {
    return true;
  }

  @WsAuthorize(OwnerPolicy)
  @SubscribeMessage('sell')
  sell(): boolean {
    return true;
  }
}

@WebSocketGateway({ path: '/private' })
@WsAuthorize()
class PrivateGateway {
  @SubscribeMessage('secret')
  secret(): boolean {
    return true;
  }
}

@WebSocketGateway({ path: '/shop' })
class PublicWithoutAnonymousGateway {
  @WsPublic()
  @SubscribeMessage('look')
  look(): boolean {
    return true;
  }
}

@SecureGateway({ anonymous: true })
@WebSocketGateway({ path: '/shop' })
@WsAuthorize()
class PublicUnderAuthorizeGateway {
  @WsPublic()
  @SubscribeMessage('look')
  look(): boolean {
    return true;
  }
}

describe('a gateway that admits connections without an identity', () => {
  const app = sharedApp({ providers: [TickerGateway, PrivateGateway, OwnerPolicy] });
  const anonymous = () => connect(`${app().url}/ticker`, { origin: APP_ORIGIN });

  it('AN-12 runs public handlers for them, and nothing else', async () => {
    const client = await anonymous();
    expect(await client.request('price')).toMatchObject({ data: { kind: 'anonymous' } });
    client.send('buy', undefined, 1);
    client.send('sell', undefined, 1);
    client.send('nothing', undefined, 1);
    const replies = [await client.next(), await client.next(), await client.next()];
    for (const reply of replies) expectError(reply, 'FORBIDDEN');
    // Which events exist is no business of theirs either.
    expect(new Set(replies.map((reply) => JSON.stringify(withoutCorrelation(reply)))).size).toBe(1);
    // An ownership policy never meets somebody who is nobody.
    expect(app().app.get(OwnerPolicy).asked).toEqual([]);
  });

  it('AN-12 knows each of them by an id of its own', async () => {
    const [first, second] = [await anonymous(), await anonymous()];
    await first.request('price');
    await second.request('price');
    const ids = app()
      .app.get(TickerGateway)
      .principals.slice(-2)
      .map(({ key }) => key);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('AN-12 AN-16 F11 verifies nothing for who is nobody and stays it, good or not', async () => {
    const client = await connect(`${app().url}/ticker`, { origin: APP_ORIGIN, protocols: ['secure-ws.v1'] });
    for (const token of [app().token(), 'a.b.c']) {
      client.send('$auth', { token }, 1);
      client.send('nothing', undefined, 1);
      const [answer, unknown] = [await client.next(), await client.next()];
      expectError(answer, 'FORBIDDEN');
      expect(withoutCorrelation(answer)).toEqual(withoutCorrelation(unknown));
    }
    expect(await client.request('price')).toMatchObject({ data: { kind: 'anonymous' } });
  });

  it('AN-12 still takes a credential, and runs everything for its owner', async () => {
    const client = await connect(`${app().url}/ticker`, { token: app().token() });
    expect(await client.request('price')).toMatchObject({ data: { kind: 'jwt' } });
    expect(await client.request('buy')).toMatchObject({ data: true });
  });

  it.each<readonly [what: string, token: (good: string) => string]>([
    ['a broken one', (good) => `${good.slice(0, -3)}AAA`],
    ['none that could be read', () => 'not-a-token'],
  ])('AN-12 refuses a bad credential instead of forgetting it: %s', async (_, token) => {
    expect(await handshake(`${app().url}/ticker`, { token: token(app().token()) })).toMatchObject({ status: 401 });
  });

  it('AN-12 does not open another path, and no other origin', async () => {
    expect(await handshake(`${app().url}/private`, { origin: APP_ORIGIN })).toMatchObject({ status: 401 });
    expect(await handshake(`${app().url}/ticker`, { origin: 'https://evil.example' })).toMatchObject({ status: 403 });
  });
});

describe('the boot', () => {
  it('AN-12 MO-12 says which gateways admit them', async () => {
    const app = await startApp({ providers: [TickerGateway, OwnerPolicy] });
    expect(app.events.ofType('ws.config.weak').filter(({ option }) => option.includes('TickerGateway'))).toHaveLength(
      1,
    );
    expect(app.log.lines.filter((line) => line.startsWith('warn') && line.includes('TickerGateway'))).toHaveLength(1);
  });

  it.each([
    ['on a gateway that admits nobody without an identity', PublicWithoutAnonymousGateway],
    ['under a class that asks for one', PublicUnderAuthorizeGateway],
  ])('AN-12 does not start with @WsPublic %s', async (_, gateway) => {
    expect(await bootProblems({ providers: [gateway] })).toMatchObject([{ where: `${gateway.name}.look` }]);
  });
});
