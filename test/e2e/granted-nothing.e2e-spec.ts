import { Logger } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { anyOf, grant, WsAuthorize, type WsPolicy, type WsPolicyContext, WsResource } from '@secure-ws/nestjs';
import { describe, expect, it, vi } from 'vitest';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

/** Grants whatever a look-up has found, also nothing. */
class Found implements WsPolicy {
  authorize({ event }: WsPolicyContext) {
    return grant(event === 'some' ? { id: 1 } : event === 'null' ? null : undefined);
  }
}

/** JavaScript, or a forgotten return. */
class Forgets implements WsPolicy {
  authorize(): never {
    grant('x');
    return undefined as never;
  }
}

class Yes implements WsPolicy {
  authorize(): boolean {
    return true;
  }
}

@WebSocketGateway({ path: '/things' })
class ThingsGateway {
  @WsAuthorize(Found)
  @SubscribeMessage('some')
  some(@WsResource() found: unknown): unknown {
    return { event: 'some', data: found };
  }

  @WsAuthorize(Found)
  @SubscribeMessage('none')
  none(@WsResource() found: unknown): unknown {
    return { event: 'none', data: String(found) };
  }

  @WsAuthorize(Found)
  @SubscribeMessage('null')
  nothing(@WsResource(Found) found: unknown): unknown {
    return { event: 'null', data: String(found) };
  }

  @WsAuthorize(anyOf(Yes, Found))
  @SubscribeMessage('either')
  either(@WsResource(Found) found: unknown): unknown {
    return { event: 'either', data: String(found) };
  }

  @WsAuthorize(Forgets)
  @SubscribeMessage('forgotten')
  forgotten(): unknown {
    return { event: 'forgotten', data: true };
  }
}

const open = async () => {
  const app = await startApp({ providers: [ThingsGateway, Found, Forgets, Yes] });
  const client = await connect(`${app.url}/things`, { token: app.token(), protocols: ['secure-ws.v1'] });
  return { app, client };
};

describe('a policy', () => {
  it('AZ-02 that grants a look-up which found nothing hands nothing to the handler', async () => {
    const { client } = await open();
    expect((await client.request('some')).data).toEqual({ id: 1 });
    // Not asked, as the other one lets the message pass.
    expect((await client.request('either')).data).toBe('undefined');
    for (const event of ['none', 'null']) expectError(await client.request(event), 'INTERNAL');
  });

  it('AZ-09 that answers neither yes nor no refuses, and its developer is told once', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn');
    const { app, client } = await open();
    for (let i = 0; i < 3; i++) expectError(await client.request('forgotten'), 'FORBIDDEN');
    const lines = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('Forgets'));
    warn.mockRestore();
    expect(lines).toEqual([
      'Forgets.authorize() answered undefined, which denies: return true, false, grant(...) or deny().',
    ]);
    expect(app.events.ofType('ws.message.refused')).toHaveLength(3);
  });
});
