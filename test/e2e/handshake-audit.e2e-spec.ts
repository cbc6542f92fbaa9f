import type { ConnectionOptions } from 'node:tls';
import { type CanActivate, Injectable } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  turnstile,
  UseHandshakeGuards,
  WsAuthorize,
  WsConnectionLifecycleService,
  WsProofOfWork,
  WsSessionVerifier,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { HANDSHAKE_REASONS } from '../../packages/nestjs/src/events/event-reasons.js';
import { OWASP_EVENT_NAMES } from '../../packages/nestjs/src/events/event-reasons.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { GatedAuthenticator } from '../support/gated.authenticator.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { answerTo, type Fields, goodFields, withField } from '../support/raw-handshake.js';
import { handshakeFields, type RawRequest, RawTcp, requestHead } from '../support/raw-tcp.js';
import { APP_ORIGIN, type RunningApp, startApp, type TestOptions } from '../support/start-app.js';

@Injectable()
class NobodyGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@UseHandshakeGuards(NobodyGuard)
@WsAuthorize()
@WebSocketGateway({ path: '/guarded' })
class GuardedGateway {}

class BrokenSessions extends WsSessionVerifier {
  override verify(): Promise<undefined> {
    return Promise.reject(new Error('The session store is away.'));
  }
}

interface Subject {
  readonly app: RunningApp;
  readonly gate: GatedAuthenticator;
  readonly clock: FakeClock;
}

interface Case {
  readonly status: number | 'none';
  readonly limits?: object;
  readonly handshake?: object;
  readonly session?: true;
  readonly gated?: true;
  /** With TLS, and what the client asks for. */
  readonly tls?: ConnectionOptions;
  /** What comes first and is not refused for the reason in question. */
  readonly before?: (subject: Subject) => Promise<unknown>;
  readonly request?: (app: RunningApp) => Partial<RawRequest>;
  /** What happens while the handshake waits. */
  readonly meanwhile?: (subject: Subject, client: RawTcp) => Promise<void>;
}

const field = (name: string, ...values: readonly string[]) => (app: RunningApp): Partial<RawRequest> => ({
  fields: withField(goodFields(app), name, ...values),
}); // prettier-ignore

const admitted = async ({ app }: Subject): Promise<void> => {
  expect(await answerTo(app)).toMatchObject({ status: 101 });
};

const behindProxy = { trustedProxies: { addresses: ['127.0.0.1'], header: 'x-forwarded-for' } };
const forwarded = (address: string, proto: string) => (app: RunningApp): Partial<RawRequest> => ({
  fields: [...goodFields(app), ['X-Forwarded-For', address], ['X-Forwarded-Proto', proto]],
}); // prettier-ignore

const waitingFor = (count: number) => async ({ app, gate }: Subject): Promise<void> => {
  for (let i = 0; i < count; i++) {
    const client = await RawTcp.open(app);
    client.write(requestHead({ target: '/echo', fields: goodFields(app) }));
  }
  await until(() => gate.waiting === count, 'the first ones wait');
}; // prettier-ignore

const page = (app: RunningApp, cookie: string, ...protocols: string[]): Fields => [
  ...handshakeFields(app.host),
  ['Origin', APP_ORIGIN],
  ['Cookie', cookie],
  ['Sec-WebSocket-Protocol', ['json.v1', ...protocols].join(', ')],
];

/** A fault of ours, an overload (overload.e2e-spec.ts), and what comes of a first message (first-message.e2e-spec.ts). */
const ELSEWHERE = [
  'internal',
  'shedding',
  'first-message-limit',
  'first-message-timeout',
  'first-message-event',
  'first-message-size',
] as const;

/** How a client gets each refusal that it can get. */
const CASES: Readonly<Record<Exclude<keyof typeof HANDSHAKE_REASONS, (typeof ELSEWHERE)[number]>, Case>> = {
  'not-ready': { status: 503, before: ({ app }) => app.app.get(WsConnectionLifecycleService).drain() },
  overloaded: { status: 503, limits: { maxOpen: 1 }, before: admitted },
  'too-many-headers': { status: 431, handshake: { maxHeaderCount: 5 } },
  'method-not-allowed': { status: 405, request: () => ({ method: 'POST' }) },
  'bad-http-version': { status: 400, request: () => ({ version: 'HTTP/1.0' }) },
  'repeated-header': { status: 400, request: field('Sec-WebSocket-Version', '13', '13') },
  'unexpected-body': { status: 400, request: field('Content-Length', '1') },
  'bad-upgrade': { status: 400, request: field('Upgrade', 'h2c') },
  'bad-connection': { status: 400, request: field('Connection', 'Upgrade, X-Forwarded-For') },
  'bad-key': { status: 400, request: field('Sec-WebSocket-Key', 'short') },
  'unsupported-version': { status: 426, request: field('Sec-WebSocket-Version', '8') },
  'unknown-path': { status: 404, request: () => ({ target: '/nothing' }) },
  'bad-host': { status: 400, request: field('Host', '[') },
  'host-not-allowed': { status: 421, request: field('Host', 'evil.example') },
  'origin-not-allowed': { status: 403, request: field('Origin', 'https://evil.example') },
  'bad-forwarding': { status: 400, handshake: behindProxy, request: forwarded('unknown', 'https') },
  'address-rate': { status: 429, limits: { ratePerAddress: { limit: 1, ttl: 10_000 } }, before: admitted },
  'address-backoff': {
    status: 429,
    limits: { backoff: { freeFailures: 0 } },
    before: async ({ app }) => {
      // The first failure, and the one verification a second that is left to an address in backoff.
      for (let i = 0; i < 2; i++) await answerTo(app, field('Authorization', `Bearer aaaa.bbbb.ccc${i}`)(app));
      app.events.clear();
    },
  },
  'address-pending': { status: 429, gated: true, limits: { maxPendingPerAddress: 1 }, before: waitingFor(1) },
  'address-connections': { status: 429, limits: { maxOpenPerAddress: 1 }, before: admitted },
  'plaintext-redirect': {
    status: 308,
    handshake: { ...behindProxy, publicUrl: 'wss://chat.example.com' },
    request: () => ({
      fields: [...handshakeFields('chat.example.com'), ['X-Forwarded-For', '192.0.2.1'], ['X-Forwarded-Proto', 'http']],
    }),
  },
  plaintext: { status: 403, handshake: behindProxy, request: forwarded('192.0.2.1', 'http') },
  'bad-subprotocol': { status: 400, request: field('Sec-WebSocket-Protocol', 'chat') },
  challenge: {
    status: 403,
    handshake: {
      challenge: { verifier: new WsProofOfWork({ secret: 'a-secret-of-the-tests-for-challenges' }), ask: 'always' },
    },
  },
  'challenge-unavailable': {
    status: 503,
    handshake: { challenge: { verifier: turnstile({ secret: 'x', url: 'http://127.0.0.1:1/' }), ask: 'always' } },
    request: field('Sec-WebSocket-Protocol', 'json.v1, challenge.x'),
  },
  'origin-missing': { status: 403, request: field('Cookie', 'sid=1') },
  'weak-tls': { status: 403, tls: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } },
  unauthenticated: { status: 401, request: field('Authorization', 'Bearer aaaa.bbbb.cccc') },
  'authenticator-unavailable': {
    status: 503,
    session: true,
    request: (app) => ({ fields: page(app, 'sid=1', 'csrf.any') }),
  },
  csrf: { status: 403, session: true, request: (app) => ({ fields: page(app, 'sid=1') }) },
  guard: { status: 403, request: () => ({ target: '/guarded' }) },
  'principal-rate': { status: 429, limits: { ratePerPrincipal: { limit: 1, ttl: 10_000 } }, before: admitted },
  'principal-backoff': {
    status: 429,
    before: async ({ app, clock }) => {
      const client = await connect(`${app.url}/echo`, { token: app.token() });
      for (let count = 1; client.socket.readyState === 1 && count <= 12; count++) {
        client.sendRaw('{');
        clock.advance(30);
        await new Promise((resolve) => {
          client.socket.once('pong', resolve).once('close', resolve).ping();
        });
      }
      await client.expectClose(1008);
    },
  },
  'principal-connections': { status: 429, limits: { maxOpenPerPrincipal: 1 }, before: admitted },
  'client-gone': {
    status: 'none',
    gated: true,
    meanwhile: async ({ app, gate }, client) => {
      await until(() => gate.waiting === 1, 'the handshake waits');
      client.reset();
      await app.events.seen('ws.handshake.refused');
      gate.admit('alice');
    },
  },
  timeout: {
    status: 503,
    gated: true,
    meanwhile: async ({ gate, clock }) => {
      await until(() => gate.waiting === 1, 'the handshake waits');
      clock.advance(5000);
    },
  },
};

async function start({ limits, handshake, session, gated, tls }: Case): Promise<Subject> {
  const gate = new GatedAuthenticator();
  const clock = new FakeClock(Date.now());
  const many = { limit: 10_000, ttl: 10_000 };
  const options: TestOptions = {
    handshake: { ...handshake, limits: { ratePerAddress: many, ratePerPrincipal: many, ...limits } },
    throttling: { violations: {} },
    ...(gated === true && { authentication: { authenticators: [gate] } }),
    ...(session === true && {
      authentication: {
        session: {
          cookie: 'sid',
          verifier: new BrokenSessions(),
          csrf: { secret: 'a-csrf-secret-of-the-test-suite-only' },
        },
      },
    }),
  };
  const app = await startApp({
    providers: [EchoGateway, GuardedGateway, NobodyGuard],
    options,
    clock,
    https: tls !== undefined,
  });
  return { app, gate, clock };
}

describe('the record of a refused handshake', () => {
  it.each(Object.entries(CASES))('MO-02 MO-03 MO-04 is exactly one event: %s', async (reason, attack) => {
    const subject = await start(attack);
    const { app } = subject;
    await attack.before?.(subject);
    const accepted = app.events.ofType('ws.connection.opened').length;
    expect(app.events.ofType('ws.handshake.refused')).toEqual([]);

    const client = await RawTcp.open({ ...app, ...(attack.tls !== undefined && { tls: attack.tls }) });
    client.write(requestHead({ target: '/echo', fields: goodFields(app), ...attack.request?.(app) }));
    await attack.meanwhile?.(subject, client);
    if (attack.status === 'none') await app.events.seen('ws.handshake.refused');
    else expect(await client.readResponse()).toMatchObject({ status: attack.status });

    const { [reason as keyof typeof HANDSHAKE_REASONS]: owasp } = HANDSHAKE_REASONS;
    expect(OWASP_EVENT_NAMES).toContain(owasp);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([
      { reason, owasp, address: expect.any(String) as string },
    ]);
    expect(app.events.ofType('ws.connection.opened')).toHaveLength(accepted);
  });

  it('MO-03 has no further reason than those and a fault of our own', () => {
    expect(Object.keys(HANDSHAKE_REASONS).sort()).toEqual([...Object.keys(CASES), ...ELSEWHERE].sort());
  });

  it.each<readonly [failure: string, change: (app: RunningApp) => Fields]>([
    ['missing', (app) => withField(goodFields(app), 'Authorization')],
    ['malformed', (app) => withField(goodFields(app), 'Authorization', 'Bearer a.b')],
    ['unsupported-scheme', (app) => withField(goodFields(app), 'Authorization', 'Other abc')],
    ['expired', (app) => withField(goodFields(app), 'Authorization', `Bearer ${app.token({ expiresInSeconds: -9 })}`)],
    ['bad-signature', (app) => withField(goodFields(app), 'Authorization', `Bearer ${app.token().slice(0, -6)}AAAAAA`)],
  ])('MO-02 says why a credential was refused, which the client is not told: %s', async (failure, change) => {
    const { app } = await start({ status: 401 });
    await answerTo(app, { fields: change(app) });
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason: 'unauthenticated', failure }]);
  });

  it('MO-02 says who was refused, where the credential was good', async () => {
    const { app } = await start({ status: 403 });
    expect((await answerTo(app)).status).toBe(101);
    expect((await answerTo(app, { target: '/guarded' })).status).toBe(403);
    const [opened] = app.events.ofType('ws.connection.opened');
    expect(opened?.principal).toEqual(expect.any(String));
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([
      { reason: 'guard', path: '/guarded', principal: opened?.principal },
    ]);
  });
});
