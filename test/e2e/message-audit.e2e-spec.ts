import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecurityEvents, WsAuthorize, type WsPolicy, WsThrottle } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import type { MESSAGE_REASONS } from '../../packages/nestjs/src/events/event-reasons.js';
import { Text } from '../support/echo.gateway.js';
import { connect } from '../support/queueing-client.js';
import { startApp, type TestOptions } from '../support/start-app.js';

class Denying implements WsPolicy {
  authorize(): boolean {
    return false;
  }
}

class Failing implements WsPolicy {
  authorize(): boolean {
    throw new Error('The database is away.');
  }
}

@WebSocketGateway({ path: '/audited' })
@WsAuthorize()
class AuditedGateway {
  @SubscribeMessage('text')
  text(@MessageBody() data: Text): Text {
    return data;
  }

  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('admin')
  admin(): boolean {
    return true;
  }

  @WsAuthorize(Denying)
  @SubscribeMessage('denied')
  denied(): boolean {
    return true;
  }

  @WsAuthorize(Failing)
  @SubscribeMessage('failing')
  failing(): boolean {
    return true;
  }

  @WsThrottle({ limit: 1, ttl: 60_000 })
  @SubscribeMessage('seldom')
  seldom(): boolean {
    return true;
  }

  @SubscribeMessage('crash')
  crash(@ConnectedSocket() _client: unknown): boolean {
    throw new Error('a crash');
  }
}

interface Case {
  readonly sent: string;
  readonly code: string;
  readonly owasp: string;
  readonly more?: object;
  readonly options?: TestOptions;
  /** What comes first, and is handled. */
  readonly before?: string;
}

const input = { code: 'BAD_MESSAGE', owasp: 'input_validation_fail' };
const extraneous = { code: 'BAD_MESSAGE', owasp: 'malicious_extraneous' };
const excess = { code: 'THROTTLED', owasp: 'excess_rate_limit_exceeded' };
const forbidden = { code: 'FORBIDDEN', owasp: 'authz_fail' };

const once = [{ limit: 1, ttl: 60_000 }];
const GOOD = '{"event":"text","data":{"text":"x"}}';

const CASES: Partial<Record<keyof typeof MESSAGE_REASONS, Case>> = {
  'json-syntax': { sent: '{"event":', ...input },
  'json-depth': { sent: `{"event":"text","data":${'['.repeat(30)}${']'.repeat(30)}}`, ...input },
  'json-keys': {
    sent: JSON.stringify({ event: 'text', data: Object.fromEntries(Array.from({ length: 201 }, (_, i) => [i, 1])) }),
    ...input,
  },
  'json-nodes': { sent: JSON.stringify({ event: 'text', data: Array(1001).fill(1) }), ...input },
  'json-forbidden-key': { sent: '{"event":"text","data":{"__proto__":{}}}', ...extraneous },
  'json-duplicate-key': { sent: '{"event":"text","event":"admin","data":{"text":"x"}}', ...extraneous },
  'json-number': { sent: '{"event":"text","data":{"text":1e999}}', ...input },
  'json-text': { sent: '{"event":"text","data":{"text":"\\u0000"}}', ...input },
  envelope: { sent: '{"event":"text","extra":1}', ...input },
  'unknown-event': { sent: '{"event":"nothing"}', ...forbidden },
  claims: { sent: '{"event":"admin"}', ...forbidden, more: { event: 'admin', missing: 'role admin' } },
  payload: {
    sent: '{"event":"text","data":{"text":5}}',
    code: 'VALIDATION_FAILED',
    owasp: 'input_validation_fail',
    more: { event: 'text' },
  },
  policy: { sent: '{"event":"denied"}', ...forbidden, more: { event: 'denied' } },
  'policy-failed': { sent: '{"event":"failing"}', ...forbidden, more: { event: 'failing' } },
  'event-throttle': { before: '{"event":"seldom"}', sent: '{"event":"seldom"}', ...excess, more: { event: 'seldom' } },
  'connection-throttle': { before: GOOD, sent: GOOD, ...excess, options: { throttling: { connection: once } } },
  'principal-throttle': { before: GOOD, sent: GOOD, ...excess, options: { throttling: { principal: once } } },
  'handler-failed': { sent: '{"event":"crash"}', code: 'INTERNAL', owasp: 'sys_crash', more: { event: 'crash' } },
};

describe('the record of a refused message', () => {
  it.each(Object.entries(CASES))('MO-02 MO-03 MO-04 is exactly one event: %s', async (reason, attack) => {
    const { sent, before, code, owasp, more, options = {} } = attack;
    const app = await startApp({ providers: [AuditedGateway, Denying, Failing], options });
    const client = await connect(`${app.url}/audited`, { token: app.token() });
    if (before !== undefined) {
      client.sendRaw(before);
      await client.next();
    }
    expect(app.events.ofType('ws.message.refused')).toEqual([]);
    client.sendRaw(sent);
    const answer = (await client.next()) as { data: { correlationId: string } };
    expect(answer).toMatchObject({ event: 'error', data: { code } });
    const [opened] = app.events.ofType('ws.connection.opened');
    expect(app.events.ofType('ws.message.refused')).toMatchObject([
      {
        reason,
        code,
        owasp,
        ...more,
        connectionId: opened?.connectionId,
        principal: opened?.principal,
        path: '/audited',
        address: '127.0.0.1',
        // The one that the client can name to whoever reads the log.
        correlationId: answer.data.correlationId,
      },
    ]);
    expect(app.app.get(SecurityEvents).counts['ws.message.refused']).toEqual({ total: 1, reasons: { [reason]: 1 } });
  });

  it('MO-03 is followed by another where the violations are too many', async () => {
    const app = await startApp({
      providers: [AuditedGateway, Denying, Failing],
      options: { throttling: { violations: { budget: 5 } } },
    });
    const client = await connect(`${app.url}/audited`, { token: app.token() });
    client.sendRaw('no json');
    await client.expectClose(1008);
    const [opened] = app.events.ofType('ws.connection.opened');
    expect(app.events.ofType('ws.message.refused')).toMatchObject([{ reason: 'json-syntax' }]);
    expect(app.events.ofType('ws.violations.exceeded')).toMatchObject([
      { owasp: 'excess_rate_limit_exceeded', chargedTo: 'principal', principal: opened?.principal, path: '/audited' },
    ]);
  });
});
