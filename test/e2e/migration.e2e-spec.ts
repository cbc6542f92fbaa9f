import { Injectable, Scope, UseGuards } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, type WsPolicy } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway, Text } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';

class Never implements WsPolicy {
  authorize(): boolean {
    return false;
  }
}

/** A gateway as it was before: nothing decided, nothing typed. */
@WebSocketGateway({ path: '/legacy' })
class LegacyGateway {
  readonly handled: unknown[] = [];

  @SubscribeMessage('undecided')
  undecided(@MessageBody() data: unknown): unknown {
    this.handled.push(data);
    return data;
  }

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('admin')
  admin(): boolean {
    this.handled.push('admin');
    return true;
  }

  @WsAuthorize(Never)
  @SubscribeMessage('typed')
  typed(@MessageBody() text: Text): unknown {
    this.handled.push(text);
    return text;
  }
}

const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
const migrating = (until: unknown, gateways: unknown = [LegacyGateway]): AppShape => ({
  providers: [LegacyGateway, Never, EchoGateway],
  options: { migration: { gateways, until } as never },
});

describe('a gateway under migration', () => {
  it('AZ-01 does not start without it', async () => {
    const problems = await bootProblems({ providers: [LegacyGateway, Never] });
    expect(problems.map(({ where }) => where)).toContain('LegacyGateway.undecided');
  });

  it('AZ-01 MV-02 handles what would be refused, and reports it', async () => {
    const app = await startApp(migrating(day(7)));
    const { handled } = app.app.get(LegacyGateway);
    const client = await connect(`${app.url}/legacy`, { token: app.token() });
    expect(await client.request('undecided', { any: 'thing' })).toMatchObject({ data: { any: 'thing' } });
    expect(await client.request('admin')).toMatchObject({ data: true });
    expect(await client.request('typed', { text: 5 })).toMatchObject({ data: { text: 5 } });
    expect(handled).toEqual([{ any: 'thing' }, 'admin', { text: 5 }]);
    const reported = app.events.ofType('ws.message.reported');
    expect(reported.map(({ code, reason }) => [code, reason])).toEqual([
      ['FORBIDDEN', 'claims'],
      ['VALIDATION_FAILED', 'payload'],
      ['FORBIDDEN', 'policy'],
    ]);
    expect(app.events.ofType('ws.message.refused')).toEqual([]);
    // Loud: a warning for the option, and one for each thing that is open.
    const weak = app.events.ofType('ws.config.weak').map(({ option }) => option);
    expect(weak).toEqual(expect.arrayContaining(['migration', 'LegacyGateway.undecided']));
  });

  it('AN-01 MV-04 DR-01 still asks for an identity, and keeps the limits of a message', async () => {
    const app = await startApp(migrating(day(7)));
    expect(await handshake(`${app.url}/legacy`)).toMatchObject({ status: 401 });
    expect(await handshake(`${app.url}/legacy`, { origin: 'https://evil.example', token: app.token() })).toMatchObject({
      status: 403,
    });
    const client = await connect(`${app.url}/legacy`, { token: app.token() });
    client.sendRaw('{"event":"undecided","data":{"__proto__":{"admin":true}}}');
    expectError(await client.next(), 'BAD_MESSAGE');
    expectError(await client.request('nothing'), 'FORBIDDEN');
    client.send('undecided', 'x'.repeat(70_000));
    await client.expectClose(1009);
    expect(app.app.get(LegacyGateway).handled).toEqual([]);
  });

  it('AZ-01 changes nothing for the others', async () => {
    const app = await startApp(migrating(day(7)));
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    expectError(await client.request('echo', { text: 5 }), 'VALIDATION_FAILED');
  });

  it('AZ-03 DP-02 starts with a transient guard, which runs as it did, and warns of it', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Banned {
      readonly users = new Set(['alice']);
      // Nest runs it as a placeholder, which has no users.
      canActivate(): boolean {
        return (this.users as Set<string> | undefined)?.has('alice') !== true;
      }
    }
    @UseGuards(Banned)
    @WebSocketGateway({ path: '/guarded' })
    class GuardedGateway {
      @SubscribeMessage('act')
      act(): string {
        return 'done';
      }
    }
    const options = { migration: { gateways: [GuardedGateway], until: day(7) } };
    const app = await startApp({ providers: [GuardedGateway], options });
    const client = await connect(`${app.url}/guarded`, { token: app.token() });
    expect(await client.request('act')).toMatchObject({ data: 'done' });
    const weak = app.events.ofType('ws.config.weak').filter(({ option }) => option === 'GuardedGateway');
    expect(weak).toMatchObject([
      { warning: expect.stringMatching(/^has Banned on it .* remove the scope of Banned/) as string },
    ]);
  });

  it('starts on the last day', async () => {
    const app = await startApp(migrating(day(0)));
    expect(await handshake(`${app.url}/legacy`, { token: app.token() })).toBe('open');
  });

  it.each<readonly [what: string, until: unknown, gateways?: unknown]>([
    ['after its last day', day(-1)],
    ['long after it', '2020-01-31'],
    ['without a last day', undefined],
    ['with a day that is none', '2027-02-31x'],
    ['with a date that Date.parse would take', 'next year'],
    ['with a number', 20270131],
    ['with something else than classes', day(7), ['LegacyGateway']],
    ['with no list', day(7), LegacyGateway],
    ['a day that no calendar has', '2099-02-31'],
  ])('DP-02 does not start %s', async (_, until, gateways) => {
    const problems = await bootProblems(migrating(until, gateways));
    expect(problems.some(({ where }) => where.startsWith('migration'))).toBe(true);
  });
});
