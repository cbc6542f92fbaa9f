import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RecordOf, WsAuthorize } from '@secure-ws/nestjs';
import { Expose, Type } from 'class-transformer';
import { ArrayMaxSize, IsInt, IsOptional, IsString, MaxLength, Min, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

class Price {
  @IsInt() @Min(1) cents!: number;
  @IsOptional() @RecordOf(() => Price, { maxKeys: 2 }) parts?: Record<string, Price>;
}
class Quote {
  @RecordOf(() => Price, { maxKeys: 3, maxKeyLength: 8, keys: /^[A-Za-z_]+$/ }) prices!: Record<string, Price>;
  @IsOptional() @RecordOf(() => Number) counts?: Record<string, number>;
  @IsOptional() @ArrayMaxSize(2) @RecordOf(() => String, { each: true }) labels?: Record<string, string>[];
}
/** Made by class-transformer, not by the compiled builder. */
class Renamed {
  @Expose({ name: 'all' }) @RecordOf(() => Price, { keys: /^[A-Za-z_]+$/ }) prices!: Record<string, Price>;
}

@WebSocketGateway({ path: '/quotes' })
@WsAuthorize()
class QuotesGateway {
  handled: unknown;

  @SubscribeMessage('quote')
  quote(@MessageBody() data: Quote) {
    this.handled = data;
    return Object.keys(data.prices);
  }
  @SubscribeMessage('renamed')
  renamed(@MessageBody() data: Renamed) {
    this.handled = data;
    return Object.keys(data.prices);
  }
}

const start = async () => {
  const app = await startApp({ providers: [QuotesGateway] });
  const client = await connect(`${app.url}/quotes`, { token: app.token() });
  return { client, gateway: app.app.get(QuotesGateway) };
};

const ONE = { cents: 1 };

describe('a hostile record', () => {
  it.each([
    ['quote', { prices: { EUR: ONE, USD: { cents: 2, parts: { tax: ONE } } } }],
    ['renamed', { all: { EUR: ONE, USD: { cents: 2 } } }],
  ])('MV-03 is otherwise taken by %s, and its values are instances', async (event, data) => {
    const { client, gateway } = await start();
    expect(await client.request(event, data)).toMatchObject({ data: ['EUR', 'USD'] });
    const { prices } = gateway.handled as Quote;
    expect(prices['EUR']).toBeInstanceOf(Price);
    expect(prices['USD']).toBeInstanceOf(Price);
    // MV-04: a name that nobody sent is nothing, whatever every object has.
    expect(prices['constructor']).toBeUndefined();
    expect(prices['toString']).toBeUndefined();
  });

  it.each<readonly [data: unknown, path: string, rule: string]>([
    [{ prices: { EUR: { cents: 0 } } }, 'prices.*.cents', 'min'],
    [{ prices: { EUR: { cents: 1, isAdmin: true } } }, 'prices.*.*', 'whitelistValidation'],
    [{ prices: { EUR: { cents: 1, parts: { a: { cents: '1' } } } } }, 'prices.*.parts.*.cents', 'isInt'],
    [{ prices: { EUR: { cents: 1, parts: { a: ONE, b: ONE, c: ONE } } } }, 'prices.*.parts', 'maxKeys'],
    [{ prices: { EUR: { cents: 1, toString: 1 } } }, 'prices.*.*', 'whitelistValidation'],
    [{ prices: { EUR: 5 } }, 'prices.*', 'isObject'],
    [{ prices: { EUR: [ONE] } }, 'prices.*', 'isObject'],
    [{ prices: { EUR: null } }, 'prices.*', 'isObject'],
    [{ prices: [ONE] }, 'prices', 'isObject'],
    [{ prices: 'EUR' }, 'prices', 'isObject'],
    [{ prices: null }, 'prices', 'isObject'],
    [{ prices: { a: ONE, b: ONE, c: ONE, d: ONE } }, 'prices', 'maxKeys'],
    [{ prices: { canary_5150: ONE } }, 'prices.*', 'recordKey'],
    [{ prices: { 'a-b': ONE } }, 'prices.*', 'recordKey'],
    [{ prices: { '': ONE } }, 'prices.*', 'recordKey'],
    [{ prices: { toString: ONE } }, 'prices.*', 'recordKey'],
    [{ prices: { valueOf: ONE } }, 'prices.*', 'recordKey'],
    [{ prices: {}, counts: { a: '1' } }, 'counts.*', 'isNumber'],
    [{ prices: {}, counts: { hasOwnProperty: 1 } }, 'counts.*', 'recordKey'],
    [{ prices: {}, counts: { ['x'.repeat(65)]: 1 } }, 'counts.*', 'recordKey'],
    [{ prices: {}, labels: [{ a: 'b' }, { a: { $gt: '' } }] }, 'labels.1.*', 'isString'],
    [{ prices: {}, labels: { a: 'b' } }, 'labels', 'arrayMaxSize'],
    [{ prices: {}, labels: [['a']] }, 'labels.0', 'isObject'],
    [{ prices: {}, labels: [{}, {}, {}] }, 'labels', 'arrayMaxSize'],
  ])('MV-04 MV-06 MV-07 MV-16 is refused, and its names are not sent back: %j', async (data, path, rule) => {
    const { client, gateway } = await start();
    expect(expectError(await client.request('quote', data), 'VALIDATION_FAILED').issues).toEqual([{ path, rule }]);
    expect(gateway.handled).toBeUndefined();
  });

  it.each(['toString', 'isPrototypeOf', 'a b'])(
    'MV-04 is refused for the name %j where class-transformer reads it',
    async (name) => {
      const { client, gateway } = await start();
      const reply = await client.request('renamed', { all: { [name]: ONE } });
      expect(expectError(reply, 'VALIDATION_FAILED').issues).toEqual([{ path: 'prices.*', rule: 'recordKey' }]);
      expect(gateway.handled).toBeUndefined();
    },
  );

  it.each(['__proto__', 'constructor', 'prototype', '\\u005f_proto__'])(
    'MV-04 is no message with the name %s',
    async (name) => {
      const { client, gateway } = await start();
      client.socket.send(`{"event":"quote","id":1,"data":{"prices":{"${name}":{"cents":1}}}}`);
      expectError(await client.next(), 'BAD_MESSAGE');
      expect(gateway.handled).toBeUndefined();
      expect(({} as { cents?: number }).cents).toBeUndefined();
    },
  );

  it('MV-02 is refused at boot where nothing would judge its values, or its bounds are none', async () => {
    class Bare {
      name?: string;
    }
    class Unsound {
      @RecordOf(() => Bare) bare!: Record<string, Bare>;
      @RecordOf(() => undefined) nothing!: Record<string, unknown>;
      @RecordOf(() => Price, { maxKeys: 0 }) none!: Record<string, Price>;
      @RecordOf(() => Price, { maxKeyLength: Infinity }) long!: Record<string, Price>;
      @RecordOf(() => Price, { keys: /a/g }) stateful!: Record<string, Price>;
      @RecordOf(() => Price) @ValidateNested() @Type(() => Price) both!: Record<string, Price>;
      @RecordOf(() => Price) @MaxLength(5) @IsString() fine!: Record<string, Price>;
    }
    @WebSocketGateway({ path: '/unsound' })
    @WsAuthorize()
    class UnsoundGateway {
      @SubscribeMessage('unsound')
      unsound(@MessageBody() data: Unsound) {
        return data;
      }
    }
    const problems = await bootProblems({ providers: [UnsoundGateway] });
    expect(problems.map(({ where }) => where)).toEqual(
      ['bare', 'nothing', 'none', 'long', 'stateful', 'both'].map((name) => `Unsound.${name}`),
    );
  });
});
