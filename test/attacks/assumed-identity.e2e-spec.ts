import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type Principal, WsAuthorize, WsConnection, WsPayload, WsPrincipal } from '@secure-ws/nestjs';
import { IsObject, IsOptional, IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { sharedApp } from '../support/start-app.js';

class Profile {
  @IsString()
  name!: string;

  @IsOptional()
  @IsObject()
  user?: object;
}

/** A gateway as it was written before: it puts who is there onto the socket, and reads it from anywhere. */
@WebSocketGateway({ path: '/who' })
@WsAuthorize()
class WhoGateway {
  readonly seen: Principal[] = [];
  readonly connections: WsConnection[] = [];

  handleConnection(client: Record<string, unknown>, _request: unknown, connection: WsConnection): void {
    for (const name of ['user', 'principal', 'roles', 'data', 'handshake'])
      client[name] = { id: 'root', roles: ['admin'] };
    this.connections.push(connection);
  }

  @SubscribeMessage('who')
  @WsPayload(Profile)
  who(@MessageBody() _: Profile, @WsPrincipal() principal: Principal): string {
    this.seen.push(principal);
    return principal.id;
  }

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('admin')
  admin(): boolean {
    return true;
  }
}

describe('an identity', () => {
  const app = sharedApp({ providers: [WhoGateway] });
  const open = () => connect(`${app().url}/who`, { token: app().token() });

  it.each<readonly [what: string, data: object]>([
    ['a user in the payload', { name: 'x', user: { id: 'root', roles: ['admin'] } }],
    ['an empty user', { name: 'x', user: {} }],
  ])('AN-14 is not what %s says', async (_, data) => {
    const client = await open();
    expect(await client.request('who', data)).toMatchObject({ data: 'alice' });
    expectError(await client.request('admin', data), 'FORBIDDEN');
  });

  it.each(['principal', 'roles', 'sub', 'token', '$principal'])(
    'AN-14 is not taken from the envelope: %s',
    async (key) => {
      const client = await open();
      client.sendRaw(JSON.stringify({ event: 'admin', id: 1, [key]: { id: 'root', roles: ['admin'] } }));
      expectError(await client.next(), 'BAD_MESSAGE');
    },
  );

  it('AN-14 is not what a gateway wrote onto the socket', async () => {
    const client = await open();
    expect(await client.request('who', { name: 'x' })).toMatchObject({ data: 'alice' });
    expectError(await client.request('admin'), 'FORBIDDEN');
  });

  it('AN-14 cannot be changed by whoever holds it', async () => {
    const client = await open();
    await client.request('who', { name: 'x' });
    const { seen, connections } = app().app.get(WhoGateway);
    const [principal, connection] = [seen.at(-1), connections.at(-1)] as [Principal, WsConnection];
    const attempts: (() => void)[] = [
      () => Object.assign(principal, { id: 'root' }),
      () => (principal.roles as string[]).push('admin'),
      () => (principal.scopes as string[]).push('admin'),
      () => Object.assign(principal.claims, { roles: ['admin'] }),
      () => Object.assign(principal, { tenant: 'other' }),
      () => {
        Object.setPrototypeOf(principal, { roles: ['admin'] });
      },
      () => Object.assign(connection, { principal: { ...principal, roles: ['admin'] } }),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(TypeError);
    expectError(await client.request('admin'), 'FORBIDDEN');
    expect(await client.request('who', { name: 'x' })).toMatchObject({ data: 'alice' });
  });
});
