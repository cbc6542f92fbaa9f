import { generateKeyPairSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  createTicketController,
  SecureGateway,
  SecureWsBootError,
  SecureWsModule,
  turnstile,
  WsAuthorize,
  WsHttpPrincipal,
  WsProofOfWork,
  WsSessionVerifier,
} from '@secure-ws/nestjs';
import { describe, expect, it, vi } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const ORIGIN = 'https://app.example';

@SecureGateway({ authentication: { jwt: TEST_JWT, dpop: {} } })
@WsAuthorize()
@WebSocketGateway({ path: '/proving' })
class ProvingGateway {
  @SubscribeMessage('ping')
  ping(): string {
    return 'pong';
  }
}

@SecureGateway({ authentication: { tickets: { ttlMs: 1000 } } })
@WsAuthorize()
@WebSocketGateway({ path: '/tickets' })
class TicketGateway extends ProvingGateway {
  @SubscribeMessage('ping')
  override ping(): string {
    return 'pong';
  }
}

@SecureGateway({ firstMessage: true })
@WsAuthorize()
@WebSocketGateway({ path: '/kiosk' })
class FirstMessageGateway extends TicketGateway {
  @SubscribeMessage('ping')
  override ping(): string {
    return 'pong';
  }
}

class NoSessions extends WsSessionVerifier {
  override async verify(): Promise<undefined> {
    return undefined;
  }
}

@Injectable()
class NoPrincipal extends WsHttpPrincipal {
  override resolve(): undefined {
    return undefined;
  }
}

const PEM = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
  type: 'spki',
  format: 'pem',
}) as string;
const PUBLIC_JWT = { issuer: TEST_JWT.issuer, audience: TEST_JWT.audience, algorithms: ['RS256'] };

/** The problems of an application with these very options. */
const problemsOf = (options: unknown) =>
  bootProblems({ providers: [EchoGateway], secureWs: SecureWsModule.forRoot(options as never) });

const placesOf = async (options: unknown) => (await problemsOf(options)).map(({ where }) => where);

const good = { handshake: { origins: [ORIGIN] }, authentication: { jwt: TEST_JWT } };

describe('an application without decisions', () => {
  it.each([{}, undefined, null, { handshake: {}, authentication: {} }])(
    'DP-01 does not boot with %j, and is told both lines that are missing',
    async (options) => {
      const problems = await problemsOf(options);
      expect(problems).toHaveLength(2);
      const [origins, authentication] = problems;
      expect(origins?.where).toBe('handshake.origins');
      expect(origins?.fix).toContain("handshake.origins: ['https://app.example.com']");
      expect(authentication?.where).toMatch(/^authentication/);
      expect(authentication?.fix).toContain('jwt');
    },
  );

  it('DP-01 does not boot without origins', async () => {
    expect(await placesOf({ ...good, handshake: {} })).toEqual(['handshake.origins']);
  });

  it('DP-01 does not boot without an authenticator', async () => {
    expect(await placesOf({ ...good, authentication: {} })).toEqual([expect.stringMatching(/^authentication/)]);
    expect(await placesOf({ ...good, authentication: { jwt: [], authenticators: [] } })).not.toEqual([]);
  });
});

const withHandshake = (handshake: object) => ({ ...good, handshake: { origins: [ORIGIN], ...handshake } });
const withJwt = (jwt: object) => ({ ...good, authentication: { jwt: { ...TEST_JWT, ...jwt } } });

describe('an option that cannot be meant', () => {
  it.each<readonly [what: string, where: string, options: unknown]>([
    ['an unknown concern', 'handshakes', { ...good, handshakes: {} }],
    ['an unknown key', 'handshake.orgins', withHandshake({ orgins: [] })],
    ['a key in other letters', 'handshake.timeoutms', withHandshake({ timeoutms: 1 })],
    ['an unknown key at depth', 'authentication.jwt.issuers', withJwt({ issuers: [] })],
    ['a wildcard origin', 'handshake.origins[0]', withHandshake({ origins: ['*'] })],
    ['a wildcard subdomain', 'handshake.origins[0]', withHandshake({ origins: ['https://*.app.example'] })],
    ['the opaque origin', 'handshake.origins[1]', withHandshake({ origins: [ORIGIN, 'null'] })],
    ['an expression', 'handshake.origins[0]', withHandshake({ origins: [/app\.example/] })],
    ['an origin with a path', 'handshake.origins[0]', withHandshake({ origins: [`${ORIGIN}/`] })],
    ['an origin without a scheme', 'handshake.origins[0]', withHandshake({ origins: ['app.example'] })],
    ['the address of the socket', 'handshake.origins[0]', withHandshake({ origins: ['wss://app.example'] })],
    ['a text for a list', 'handshake.origins', withHandshake({ origins: ORIGIN })],
    ['a public suffix', 'handshake.origins[0]', withHandshake({ origins: [{ subdomainsOf: 'co.uk' }] })],
    ['true for a list', 'handshake.origins', withHandshake({ origins: true })],
    ['NaN', 'handshake.timeoutMs', withHandshake({ timeoutMs: Number.NaN })],
    ['a negative time', 'handshake.timeoutMs', withHandshake({ timeoutMs: -1 })],
    ['zero for no limit', 'handshake.timeoutMs', withHandshake({ timeoutMs: 0 })],
    ['a fraction', 'handshake.timeoutMs', withHandshake({ timeoutMs: 0.5 })],
    ['a time that overflows timers', 'handshake.timeoutMs', withHandshake({ timeoutMs: 2 ** 31 })],
    ['a number in a text', 'handshake.timeoutMs', withHandshake({ timeoutMs: '5000' })],
    [
      'no limit where there must be one',
      'validation.maxMessageBytes',
      { ...good, validation: { maxMessageBytes: Infinity } },
    ],
    ['a flag in a text', 'handshake.dangerouslyAllowPlaintext', withHandshake({ dangerouslyAllowPlaintext: 'false' })],
    ['proxies that are no decision', 'handshake.trustedProxies', withHandshake({ trustedProxies: true })],
    ['a public address without TLS', 'handshake.publicUrl', withHandshake({ publicUrl: 'ws://app.example' })],
    ['a list for a concern', 'handshake', { ...good, handshake: [] }],
    ['a function for a concern', 'lifecycle', { ...good, lifecycle: () => ({}) }],
    [
      'a throttle without a limit',
      'throttling.connection[0].limit',
      { ...good, throttling: { connection: [{ ttl: 1 }] } },
    ],
    ['sinks that are none', 'events.sinks', { ...good, events: { sinks: [{}] } }],
  ])('DP-02 stops the boot and is named by its path: %s', async (_, where, options) => {
    expect(await placesOf(options)).toContain(where);
  });

  it.each<readonly [what: string, jwt: object]>([
    ['no algorithm', { algorithms: [] }],
    ['the algorithm none', { algorithms: ['none'] }],
    ['an algorithm that is none', { algorithms: ['HS257'] }],
    ['no secret', { secret: undefined }],
    ['an empty secret', { secret: '' }],
    ['a short secret', { secret: 'short' }],
    ['a secret that everybody knows', { secret: 'your-256-bit-secret-your-256-bit-secret' }],
    ['no issuer', { issuer: undefined }],
    ['an empty issuer', { issuer: '' }],
    ['no audience', { audience: undefined }],
    ['no audience in a list', { audience: [] }],
  ])('DP-02 AN-13 J10 stops the boot, without quoting a secret: %s', async (_, jwt) => {
    const problems = await problemsOf(withJwt(jwt));
    expect(problems.length).toBeGreaterThan(0);
    for (const { where } of problems) expect(where).toMatch(/^authentication\.jwt/);
    const text = JSON.stringify(problems);
    for (const secret of [TEST_JWT.secret, 'your-256-bit-secret-your-256-bit-secret'])
      expect(text).not.toContain(secret);
  });

  it('DP-02 stops the boot in production, where it is for development', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    try {
      expect(await placesOf({ ...withHandshake({ trustedProxies: 'none' }), detailedErrors: true })).toEqual([
        'detailedErrors',
      ]);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('AN-06 DP-02 stops the boot in production, where a proof of possession would be for any address', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    try {
      const authentication = { jwt: TEST_JWT, dpop: {} };
      const on = (handshake: object) =>
        placesOf({ ...withHandshake({ trustedProxies: 'none', ...handshake }), authentication });
      expect(await on({})).toEqual(['authentication.dpop']);
      const ofGateway = { ...withHandshake({ trustedProxies: 'none' }), authentication: { jwt: TEST_JWT } };
      const secureWs = SecureWsModule.forRoot(ofGateway);
      const problems = await bootProblems({ providers: [ProvingGateway], secureWs });
      expect(problems.map(({ where }) => where)).toEqual(['ProvingGateway @SecureGateway.authentication.dpop']);
      for (const known of [{ hosts: ['chat.example.com'] }, { publicUrl: 'wss://chat.example.com' }])
        await expect(on(known)).rejects.toThrow('The application booted');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('AN-06 MO-12 warns in development, where a proof of possession is for any address', async () => {
    const authentication = { jwt: TEST_JWT, dpop: {} };
    const weak = async (handshake: object): Promise<unknown[]> => {
      const app = await startApp({ providers: [EchoGateway], options: { authentication, handshake } });
      return app.events.ofType('ws.config.weak').map(({ option }) => option);
    };
    expect(await weak({})).toContain('authentication.dpop');
    expect(await weak({ hosts: ['127.0.0.1'] })).not.toContain('authentication.dpop');
  });

  it('DP-02 is listed together with all others, each with the line that closes it', async () => {
    const problems = await problemsOf({
      handshake: { origins: ['*'], timeoutMs: -1, surprise: true },
      authentication: {},
      lifecycle: { idleTimeoutMs: Number.NaN },
    });
    const places = problems.map(({ where }) => where);
    for (const where of [
      'handshake.origins[0]',
      'handshake.timeoutMs',
      'handshake.surprise',
      'lifecycle.idleTimeoutMs',
    ]) {
      expect(places).toContain(where);
    }
    for (const { problem, fix } of problems) {
      expect(problem).not.toBe('');
      expect(fix).not.toBe('');
    }
  });
});

describe('the words of the boot', () => {
  it.each<readonly [what: string, options: object, fix: string]>([
    ['DP-02 F42 a missing letter', { handshake: { orgins: [] } }, 'handshake.origins'],
    ['DP-02 F42 the singular', { handshake: { origin: [] } }, 'handshake.origins'],
    ['DP-02 F42 two mistakes in a long name', { validation: { maxMesageByte: 1 } }, 'validation.maxMessageBytes'],
    ['DP-02 F42 another case', { throttling: { CONNECTION: [] } }, 'throttling.connection'],
  ])('%s is answered with the name that was meant', async (_, options, fix) => {
    const problems = await bootProblems({ providers: [EchoGateway], options });
    expect(problems.map((problem) => problem.fix)).toContain(`did you mean ${fix}?`);
  });

  it('DP-02 F42 a name that is near to none lists those there are', async () => {
    const problems = await bootProblems({ providers: [EchoGateway], options: { store: { redis: {} } as never } });
    expect(problems).toMatchObject([{ where: 'store.redis', fix: expect.stringContaining('maxKeys') as string }]);
  });

  it.each<readonly [what: string, options: object, where: string, problem: RegExp, fix: RegExp]>([
    [
      'an unknown key where there are none to choose from',
      { authentication: { jwt: TEST_JWT, tickets: { ttlMs: 1, seconds: 1 } } },
      'authentication.tickets.seconds',
      /is not an option/,
      /the options here are secret, ttlMs$/,
    ],
    [
      'a word that is none of those',
      { handshake: { limits: { onPrincipalLimit: 'ignore' } } },
      'handshake.limits.onPrincipalLimit',
      /must be one of '[\w-]+', '[\w-]+'; it is another text\.$/,
      /onPrincipalLimit: '/,
    ],
    [
      'a class of another kind',
      { lifecycle: { revalidation: { revalidator: EchoGateway } } },
      'lifecycle.revalidation.revalidator',
      /WsRevalidator; it is another class\.$/,
      /revalidator: /,
    ],
    [
      'a PEM text whose line ends are written out',
      { authentication: { jwt: { ...PUBLIC_JWT, publicKey: PEM.replaceAll('\n', '\\n') } } },
      'authentication.jwt.publicKey',
      /^has "\\n" written out/,
      /replaceAll\('\\\\n', '\\n'\)$/,
    ],
  ])('DP-02 F42 %s is told what to write', async (_, options, where, problem, fix) => {
    const problems = await bootProblems({ providers: [EchoGateway], options });
    const found = problems.find((each) => each.where === where);
    expect(found?.problem).toMatch(problem);
    expect(found?.fix).toMatch(fix);
  });

  it('DP-02 F42 an empty level of options says no more than: remove it', async () => {
    const problems = await bootProblems({
      providers: [TicketGateway],
      options: { authentication: { jwt: TEST_JWT, tickets: {} } },
    });
    expect(problems).toMatchObject([
      { where: 'TicketGateway @SecureGateway.authentication.tickets.ttlMs', fix: 'remove it' },
    ]);
  });

  it('AN-01 DP-02 a first message that nothing could ever verify stops the boot', async () => {
    const session = { cookie: '__Host-sid', verifier: new NoSessions(), csrf: { secret: TEST_JWT.secret } };
    const problems = await bootProblems({
      providers: [FirstMessageGateway],
      secureWs: SecureWsModule.forRoot({ handshake: { origins: [ORIGIN] }, authentication: { session } }),
    });
    expect(problems).toMatchObject([
      { where: 'FirstMessageGateway @SecureGateway.firstMessage', fix: expect.stringContaining('tickets') as string },
    ]);
  });

  it.each<readonly [what: string, make: () => unknown, fix: string]>([
    [
      'without who asks',
      () => createTicketController({} as never),
      'createTicketController({ principal: HttpPrincipal })',
    ],
    [
      'where no gateway takes tickets',
      () =>
        startApp({
          providers: [EchoGateway, NoPrincipal],
          controllers: [createTicketController({ principal: NoPrincipal })],
        }),
      'authentication: { tickets: {} }',
    ],
  ])('AN-05 DP-02 a controller of tickets %s stops the boot', async (_, make, fix) => {
    const failed = await (async () => make())().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(SecureWsBootError);
    expect((failed as SecureWsBootError).problems).toMatchObject([{ where: 'createTicketController()', fix }]);
  });

  it.each<readonly [what: string, make: () => unknown, word: string]>([
    ['a CAPTCHA', () => turnstile({ secret: undefined }), 'turnstile({ secret: process.env'],
    ['a proof of work', () => new WsProofOfWork({ secret: undefined }), 'new WsProofOfWork({ secret: process.env'],
  ])('DP-02 F42 a secret of %s that is not set is named with its option and its line', (_, make, word) => {
    expect(make).toThrow(/secret: is missing\. If it comes from the environment, the variable is not set/);
    expect(make).toThrow(word);
  });

  it('HS-01 F42 an origin from a variable that is not set is called that', async () => {
    const problems = await bootProblems({
      providers: [EchoGateway],
      options: { handshake: { origins: [undefined as never] } },
    });
    expect(problems).toMatchObject([{ where: 'handshake.origins[0]', problem: 'is undefined.' }]);
    expect(problems[0]?.fix).not.toContain('subdomainsOf');
  });

  it('F42 say in one line what is protected', async () => {
    const app = await startApp({ providers: [EchoGateway] });
    expect(app.log.lines.filter((line) => line.includes('protects'))).toEqual([
      expect.stringContaining('SecureWs protects 1 gateway with 1 event; identities are verified by jwt.') as string,
    ]);
  });
});
