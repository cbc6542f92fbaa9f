import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable, Scope } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { handshakePrincipal, UseHandshakeGuards, WsAuthorize } from '@secure-ws/nestjs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NEVER, type Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { answerTo, goodFields } from '../support/raw-handshake.js';
import { fieldOf } from '../support/raw-response.js';
import { startApp } from '../support/start-app.js';

/** What the guard of a test does. */
@Injectable()
class Script {
  run: (context: ExecutionContext) => unknown = () => true;
  asked = 0;
  readonly instances = new Set<object>();
}

@Injectable()
class ScriptedGuard implements CanActivate {
  constructor(private readonly script: Script) {}

  canActivate(context: ExecutionContext): boolean {
    this.script.asked += 1;
    return this.script.run(context) as boolean;
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestGuard implements CanActivate {
  constructor(private readonly script: Script) {}

  canActivate(): boolean {
    this.script.instances.add(this);
    return true;
  }
}

@UseHandshakeGuards(ScriptedGuard, RequestGuard)
@WsAuthorize()
@WebSocketGateway({ path: '/echo' })
class GuardedGateway {
  connections = 0;

  handleConnection(): void {
    this.connections += 1;
  }
}

const PROVIDERS = [GuardedGateway, Script, ScriptedGuard, RequestGuard];
const responseOf = (context: ExecutionContext): ServerResponse => context.switchToHttp().getResponse<ServerResponse>();

describe('a guard of @UseHandshakeGuards()', () => {
  it.each<readonly [what: string, answer: () => unknown, admits: boolean]>([
    ['true', () => true, true],
    ['a promise of true', () => Promise.resolve(true), true],
    ['an Observable of true', (): Observable<boolean> => of(true), true],
    ['an Observable whose last value is false', () => of(true, false), false],
    ['false', () => false, false],
    ['undefined', () => undefined, false],
    ['1', () => 1, false],
    ['"true"', () => 'true', false],
    ['an object', () => ({}), false],
    ['a promise of undefined', () => Promise.resolve(undefined), false],
    ['a rejection', () => Promise.reject(new Error('secret-of-the-guard')), false],
    ['an empty Observable', () => of(), false],
  ])('HS-21 AN-03 that answers %s', async (_, answer, admits) => {
    const crashes = watchForCrashes();
    const app = await startApp({ providers: PROVIDERS });
    app.app.get(Script).run = answer;
    const result = await handshake(`${app.url}/echo`, { token: app.token() });
    if (admits) expect(result).toBe('open');
    else {
      expect(result).toMatchObject({ status: 403 });
      expect(JSON.stringify(result)).not.toContain('secret-of-the-guard');
      expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason: 'guard', owasp: 'authz_fail' }]);
    }
    expect(app.app.get(GuardedGateway).connections).toBe(admits ? 1 : 0);
    expect(crashes).toEqual([]);
  });

  it.each([
    new Error('secret-of-the-guard'),
    new ForbiddenException('secret-of-the-guard'),
    'secret-of-the-guard',
    undefined,
  ])('AN-03 HS-22 that throws %s refuses, and its text goes nowhere', async (thrown) => {
    const app = await startApp({ providers: PROVIDERS });
    app.app.get(Script).run = () => {
      throw thrown;
    };
    const result = await handshake(`${app.url}/echo`, { token: app.token() });
    expect(result).toMatchObject({ status: 403 });
    expect(JSON.stringify(result)).not.toContain('secret-of-the-guard');
  });

  it.each([
    ['promise', () => new Promise(() => undefined)],
    ['Observable', () => NEVER],
  ])('HS-15 that never answers refuses with 403 at the deadline: %s', async (_, answer) => {
    const clock = new FakeClock(Date.now());
    const app = await startApp({ providers: PROVIDERS, clock });
    const script = app.app.get(Script);
    script.run = answer;
    const attempt = handshake(`${app.url}/echo`, { token: app.token() });
    await until(() => script.asked === 1, 'the guard is asked');
    clock.advance(5000);
    expect(await attempt).toMatchObject({ status: 403 });
    expect(app.app.get(GuardedGateway).connections).toBe(0);
  });

  it('HS-21 is asked once the identity is known, and only then', async () => {
    const app = await startApp({ providers: PROVIDERS });
    const script = app.app.get(Script);
    const seen: string[] = [];
    script.run = (context) => {
      expect(context.getType()).toBe('http');
      expect(context.getClass()).toBe(GuardedGateway);
      seen.push(handshakePrincipal(context.switchToHttp().getRequest<IncomingMessage>()).id);
      return true;
    };
    expect(await handshake(`${app.url}/echo`, { token: 'aaaa.bbbb.cccc' })).toMatchObject({ status: 401 });
    expect(script.asked).toBe(0);
    expect(await handshake(`${app.url}/echo`, { token: app.token({ sub: 'carol' }) })).toBe('open');
    expect(seen).toEqual(['carol']);
  });

  it('HS-21 is made anew for each handshake where it is request-scoped', async () => {
    const app = await startApp({ providers: PROVIDERS });
    for (let i = 0; i < 3; i++) expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    expect(app.app.get(Script).instances.size).toBe(3);
  });

  it('HS-24 sets headers of the 101', async () => {
    const app = await startApp({ providers: PROVIDERS });
    app.app.get(Script).run = (context) => responseOf(context).setHeader('X-Region', 'eu-1') !== undefined;
    const response = await answerTo(app);
    expect(response.status).toBe(101);
    expect(fieldOf(response, 'x-region')).toBe('eu-1');
  });

  it.each([
    ['X-Region', 'eu\r\nSet-Cookie: sid=evil'],
    ['X-Region', 'eu\nX: y'],
    ['X-Region', 'eu\r'],
    ['X-Region', 'eu\u0000'],
    ['X-Region\r\nX', 'y'],
    ['Set-Cookie', 'sid=evil'],
    ['Sec-WebSocket-Protocol', 'evil'],
    ['Connection', 'close'],
    ['Content-Length', '5'],
    ['Cache-Control', 'public'],
  ])('HS-24 OD-11 cannot set %j to %j: the handshake is refused', async (name, value) => {
    const app = await startApp({ providers: PROVIDERS });
    app.app.get(Script).run = (context) => {
      responseOf(context).setHeader(name, value);
      return true;
    };
    const response = await answerTo(app, { fields: goodFields(app) });
    expect(response.status).toBe(403);
    expect(JSON.stringify(response.fields)).not.toMatch(/evil|eu|x-region/i);
  });

  it.each<readonly [how: string, write: (response: ServerResponse) => unknown]>([
    ['end', (response) => response.end('hello')],
    ['write', (response) => response.write('hello')],
    ['writeHead', (response) => response.writeHead(200)],
    [
      'flushHeaders',
      (response) => {
        response.flushHeaders();
      },
    ],
  ])('HS-12 cannot answer by itself: %s', async (_, write) => {
    const app = await startApp({ providers: PROVIDERS });
    app.app.get(Script).run = (context) => {
      write(responseOf(context));
      return true;
    };
    const response = await answerTo(app);
    expect(response.status).toBe(403);
    expect(response.body.toString()).not.toContain('hello');
  });
});
