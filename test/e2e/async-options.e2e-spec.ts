import { Injectable, Module } from '@nestjs/common';
import { SecureWsModule, type SecureWsOptions, type SecureWsOptionsFactory } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { handshake } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { bootFailure, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

@Injectable()
class Settings {
  readonly jwt = TEST_JWT;
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class OptionsFactory implements SecureWsOptionsFactory {
  constructor(private readonly settings: Settings) {}

  async createSecureWsOptions(): Promise<SecureWsOptions> {
    await Promise.resolve();
    return { handshake: { origins: [] }, authentication: { jwt: this.settings.jwt }, events: { sinks: [] } };
  }
}

@Module({ imports: [SettingsModule], providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

describe('options that are made at boot', () => {
  it.each([
    [
      'useFactory',
      SecureWsModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: (settings: Settings) => new OptionsFactory(settings).createSecureWsOptions(),
      }),
    ],
    ['useClass', SecureWsModule.forRootAsync({ imports: [SettingsModule], useClass: OptionsFactory })],
    ['useExisting', SecureWsModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory })],
  ])('protect like those that are written: %s', async (_, secureWs) => {
    const app = await startApp({ providers: [EchoGateway], secureWs });
    expect(await handshake(`${app.url}/echo`)).toMatchObject({ status: 401 });
    const client = await connect(`${app.url}/echo`, { token: app.token() });
    expect(await client.request('echo', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
  });

  it('DP-01 DP-02 are checked like those that are written', async () => {
    const secureWs = SecureWsModule.forRootAsync({ useFactory: () => ({ surprise: 1 }) as never });
    const places = (await bootProblems({ providers: [EchoGateway], secureWs })).map(({ where }) => where);
    expect(places).toContain('handshake.origins');
    expect(places).toContain('surprise');
  });

  it('DP-02 stop the boot where they cannot be made, which names the place', async () => {
    const failure = new Error('The vault is sealed.');
    const secureWs = SecureWsModule.forRootAsync({ useFactory: () => Promise.reject(failure) });
    expect(await bootFailure({ providers: [EchoGateway], secureWs })).toMatchObject({
      name: 'SecureWsBootError',
      cause: failure,
      problems: [{ where: 'SecureWsModule.forRootAsync', problem: expect.stringContaining(failure.message) as string }],
    });
  });

  it.each<readonly [unknown, string]>([
    [undefined, 'useFactory answers undefined, and no options.'],
    [null, 'useFactory answers null, and no options.'],
    ['options', 'useFactory answers a string, and no options.'],
  ])('DP-02 stop the boot where the factory answers %o', async (answer, problem) => {
    const secureWs = SecureWsModule.forRootAsync({ useFactory: () => answer as never });
    const fix = expect.stringContaining('return the options from useFactory') as string;
    const expected = [{ where: 'SecureWsModule.forRootAsync', problem, fix }];
    expect(await bootProblems({ providers: [EchoGateway], secureWs })).toEqual(expected);
  });

  it('DP-02 stop the boot where an injected value is forgotten', async () => {
    const secureWs = SecureWsModule.forRootAsync({
      useFactory: (settings: Settings) => new OptionsFactory(settings).createSecureWsOptions(),
    });
    expect(await bootProblems({ providers: [EchoGateway], secureWs })).toMatchObject([
      { problem: expect.stringContaining('takes 1 and is given 0 by inject') as string },
    ]);
  });

  it.each([
    ['none', {}],
    ['two', { useFactory: () => ({}) as never, useClass: OptionsFactory }],
  ])('take exactly one source: not %s', (_, options) => {
    expect(() => SecureWsModule.forRootAsync(options)).toThrow('exactly one of useFactory, useClass and useExisting');
  });
});
