import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { LoggerSink, SecureGateway, SecureWsModule, type SecureWsOptions, WsPublic } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { OWASP_EVENT_NAMES } from '../../packages/nestjs/src/events/event-reasons.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { RecordingSink } from '../support/recording-sink.js';
import { APP_ORIGIN, startApp, type TestOptions } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const origins = [APP_ORIGIN];

const WEAK: readonly (readonly [option: string, options: (sink: RecordingSink) => TestOptions])[] = [
  ['handshake.dangerouslyAllowAnyOrigin', () => ({ handshake: { dangerouslyAllowAnyOrigin: true } })],
  ['handshake.dangerouslyAllowNullOrigin', () => ({ handshake: { origins, dangerouslyAllowNullOrigin: true } })],
  ['handshake.dangerouslyAllowPlaintext', () => ({ handshake: { origins, dangerouslyAllowPlaintext: true } })],
  ['handshake.limits.mode', () => ({ handshake: { origins, limits: { mode: 'report' } } })],
  ['handshake.limits.maxOpen', () => ({ handshake: { origins, limits: { maxOpen: Infinity } } })],
  ['handshake.limits.maxOpenPerAddress', () => ({ handshake: { origins, limits: { maxOpenPerAddress: Infinity } } })],
  [
    'handshake.limits.maxOpenPerPrincipal',
    () => ({ handshake: { origins, limits: { maxOpenPerPrincipal: Infinity } } }),
  ],
  [
    'handshake.limits.ratePerAddress.limit',
    () => ({ handshake: { origins, limits: { ratePerAddress: { limit: Infinity, ttl: 10_000 } } } }),
  ],
  ['events.identifiers', (sink) => ({ events: { sinks: [sink], identifiers: 'plain' } })],
  ['migration', () => ({ handshake: { origins }, migration: { gateways: [EchoGateway], until: '2999-12-31' } })],
  ['detailedErrors', () => ({ detailedErrors: true })],
  ['events.sampling', (sink) => ({ events: { sinks: [sink], sampling: 'off' } })],
];

/** The module with these options and no other: the usual ones of the tests name an origin. */
const moduleWith = (sink: RecordingSink, options: TestOptions) =>
  SecureWsModule.forRoot({
    handshake: { origins },
    authentication: { jwt: TEST_JWT },
    events: { sinks: [sink, new LoggerSink()] },
    ...options,
  });

@SecureGateway({ anonymous: true })
@WebSocketGateway({ path: '/open' })
class OpenGateway {
  @WsPublic()
  @SubscribeMessage('look')
  look(): void {}
}

describe('an option that weakens the module', () => {
  it.each(WEAK)('MO-12 is on record from the boot, and warned about once: %s', async (option, options) => {
    const sink = new RecordingSink();
    const app = await startApp({ providers: [EchoGateway], secureWs: moduleWith(sink, options(sink)) });
    const weak = sink.ofType('ws.config.weak');
    expect(weak).toMatchObject([{ option, owasp: 'sys_monitor_disabled', warning: expect.any(String) as string }]);
    for (const { owasp } of weak) expect(OWASP_EVENT_NAMES).toContain(owasp);
    const warnings = app.log.lines.filter((line) => line.startsWith(`warn ${option} `));
    expect(warnings).toHaveLength(1);
  });

  it('MO-12 is on record for one gateway as well: who admits strangers', async () => {
    const app = await startApp({ providers: [EchoGateway, OpenGateway] });
    const weak = app.events.ofType('ws.config.weak');
    expect(weak.filter(({ option }) => option.includes('OpenGateway'))).toHaveLength(1);
  });

  it('MO-12 is all on record where there are several', async () => {
    const handshake: SecureWsOptions['handshake'] = {
      dangerouslyAllowAnyOrigin: true,
      dangerouslyAllowPlaintext: true,
      limits: { mode: 'report', maxOpen: Infinity },
    };
    const sink = new RecordingSink();
    await startApp({ providers: [EchoGateway], secureWs: moduleWith(sink, { handshake }) });
    expect(
      sink
        .ofType('ws.config.weak')
        .map(({ option }) => option)
        .sort(),
    ).toEqual([
      'handshake.dangerouslyAllowAnyOrigin',
      'handshake.dangerouslyAllowPlaintext',
      'handshake.limits.maxOpen',
      'handshake.limits.mode',
    ]);
  });

  it('MO-12 is none of the options that the module has by itself', async () => {
    const app = await startApp({ providers: [EchoGateway], options: { handshake: { origins, limits: {} } } });
    expect(app.events.ofType('ws.config.weak')).toEqual([]);
  });
});
