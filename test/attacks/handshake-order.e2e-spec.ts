import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { UseHandshakeGuards, WsAuthorize, WsConnectionLifecycleService } from '@secure-ws/nestjs';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type Fields, answerTo, refusalOf, withField } from '../support/raw-handshake.js';
import { handshakeFields } from '../support/raw-tcp.js';
import { type RunningApp, startApp } from '../support/start-app.js';

@Injectable()
class NoGuestsGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<IncomingMessage>().headers['x-guest'] === undefined;
  }
}

@UseHandshakeGuards(NoGuestsGuard)
@WsAuthorize()
@WebSocketGateway({ path: '/echo' })
class GuardedGateway {
  connections = 0;

  handleConnection(): void {
    this.connections += 1;
  }
}

interface Draft {
  method: string;
  target: string;
  fields: Fields;
}

/** What can be wrong with a handshake, in the order of section 4 of the design, and the check that finds it. */
const FAULTS: readonly (readonly [reason: string, status: number, spoil: (draft: Draft, app: RunningApp) => void])[] = [
  ['too-many-headers', 431, (draft) => {
    draft.fields = [...draft.fields, ...Array.from({ length: 200 }, () => ['a', 'b'] as const)];
  }],
  ['method-not-allowed', 405, (draft) => {
    draft.method = 'POST';
  }],
  ['repeated-header', 400, (draft) => {
    draft.fields = [...draft.fields, ['Sec-WebSocket-Version', '13']];
  }],
  ['bad-upgrade', 400, (draft) => {
    draft.fields = withField(draft.fields, 'Upgrade', 'h2c');
  }],
  ['unknown-path', 404, (draft) => {
    draft.target = '/nothing';
  }],
  ['host-not-allowed', 421, (draft) => {
    draft.fields = withField(draft.fields, 'Host', 'evil.example');
  }],
  ['origin-not-allowed', 403, (draft) => {
    draft.fields = withField(draft.fields, 'Origin', 'https://evil.example');
  }],
  ['bad-forwarding', 400, (draft) => {
    draft.fields = withField(draft.fields, 'X-Forwarded-For', 'unknown');
  }],
  ['address-rate', 429, (draft) => {
    draft.fields = withField(draft.fields, 'X-Forwarded-For', '198.51.100.1');
  }],
  ['plaintext', 403, (draft) => {
    draft.fields = withField(draft.fields, 'X-Forwarded-Proto', 'http');
  }],
  ['bad-subprotocol', 400, (draft) => {
    draft.fields = withField(draft.fields, 'Sec-WebSocket-Protocol', 'chat');
  }],
  ['unauthenticated', 401, (draft) => {
    draft.fields = withField(draft.fields, 'Authorization', 'Bearer aaaa.bbbb.cccc');
  }],
  ['guard', 403, (draft) => {
    draft.fields = withField(draft.fields, 'X-Guest', 'yes');
  }],
  ['principal-connections', 429, (draft, app) => {
    draft.fields = withField(draft.fields, 'Authorization', `Bearer ${app.token({ sub: 'full' })}`);
  }],
]; // prettier-ignore

/** A handshake with some of the faults. The earliest is spoilt last, so that none of the later ones hides it. */
function handshakeWith(app: RunningApp, address: string, from: number, to = FAULTS.length): Draft {
  const draft: Draft = {
    method: 'GET',
    target: '/echo',
    fields: [
      ...handshakeFields('chat.example.com'),
      ['Origin', 'https://app.example'],
      ['X-Forwarded-For', address],
      ['X-Forwarded-Proto', 'https'],
      ['Authorization', `Bearer ${app.token()}`],
    ],
  };
  for (const [, , spoil] of FAULTS.slice(from, to).reverse()) spoil(draft, app);
  return draft;
}

const start = (): Promise<RunningApp> =>
  startApp({
    providers: [GuardedGateway, NoGuestsGuard],
    options: {
      handshake: {
        origins: ['https://app.example'],
        hosts: ['chat.example.com'],
        trustedProxies: { addresses: ['127.0.0.1'], header: 'x-forwarded-for' },
        limits: { ratePerAddress: { limit: 3, ttl: 60_000 }, maxOpenPerPrincipal: 1 },
      },
    },
  });

describe('a handshake that is wrong in several ways', () => {
  it('HS-21 is refused by the earliest check, and nothing later runs', async () => {
    const app = await start();
    const none = FAULTS.length;
    for (let i = 0; i < 3; i++) await answerTo(app, handshakeWith(app, '198.51.100.1', none - 3, none - 2));
    // The last fault alone is no fault yet: it takes the one place that its principal has.
    expect(await answerTo(app, handshakeWith(app, '192.0.2.200', none - 1))).toMatchObject({ status: 101 });
    app.events.clear();

    for (const [index, [reason, status]] of FAULTS.entries()) {
      // Every fault from here on, and then this one alone: each has an address that has not been seen yet.
      for (const [way, to] of [FAULTS.length, index + 1].entries()) {
        const response = await refusalOf(app, handshakeWith(app, `192.0.2.${2 * index + way}`, index, to));
        expect([reason, response.status]).toEqual([reason, status]);
        expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason, status }]);
        app.events.clear();
      }
    }
    expect(app.app.get(GuardedGateway).connections).toBe(1);
    expect(await answerTo(app, handshakeWith(app, '192.0.2.201', none))).toMatchObject({ status: 101 });
  });

  it('HS-21 is refused before all of it when the server is going away', async () => {
    const app = await start();
    await app.app.get(WsConnectionLifecycleService).drain();
    for (const from of [0, FAULTS.length]) {
      expect(await refusalOf(app, handshakeWith(app, '192.0.2.1', from))).toMatchObject({ status: 503 });
    }
    const refused = app.events.ofType('ws.handshake.refused');
    expect(refused.map(({ reason }) => reason)).toEqual(['not-ready', 'not-ready']);
  });
});
