import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize } from '@secure-ws/nestjs';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  registerDecorator,
  ValidateNested,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { watchForCrashes } from '../support/crash-watch.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

class Text {
  @IsString() @Length(1, 500) text!: string;
  @IsOptional() @MaxLength(40) @Matches(/^[^\p{Cc}\u202a-\u202e\u2066-\u2069]*$/u) name?: string;
}
class Figures {
  @IsOptional() @IsInt() count?: number;
  @IsOptional() @IsNumber() price?: number;
  @IsOptional() @IsBoolean() flag?: boolean;
  @IsOptional() @IsNotEmpty() key?: string;
  @IsOptional() @Matches(/^(a+)+$/) @MaxLength(20) slug?: string;
}
class Cat {
  @IsString() name!: string;
}
class Dog {
  @IsString() name!: string;
}
const subTypes = [
  { name: 'cat', value: Cat },
  { name: 'dog', value: Dog },
];
class Owner {
  @ValidateNested() @Type(() => Cat, { discriminator: { property: 'kind', subTypes } }) pet!: Cat | Dog;
}
function Rejects(): PropertyDecorator {
  return (target, propertyName) => {
    const validator = { validate: () => Promise.reject(new Error('store away')) };
    registerDecorator({ target: target.constructor, propertyName: propertyName as string, validator });
  };
}
class Throwing {
  @Rejects() name!: string;
  @IsOptional() get total(): number {
    throw new Error('not yet known');
  }
}

@WebSocketGateway({ path: '/payloads' })
@WsAuthorize()
class PayloadsGateway {
  readonly handled: unknown[] = [];

  @SubscribeMessage('text')
  text(@MessageBody() data: Text) {
    return this.#keep(data);
  }
  @SubscribeMessage('figures')
  figures(@MessageBody() data: Figures) {
    return this.#keep(data);
  }
  @SubscribeMessage('owner')
  owner(@MessageBody() data: Owner) {
    return this.#keep(data);
  }
  @SubscribeMessage('throwing')
  throwing(@MessageBody() data: Throwing) {
    return this.#keep(data);
  }

  #keep<T>(data: T): T {
    this.handled.push(data);
    return data;
  }
}

const start = async () => {
  const app = await startApp({ providers: [PayloadsGateway] });
  const client = await connect(`${app.url}/payloads`, { token: app.token() });
  return { client, gateway: app.app.get(PayloadsGateway) };
};

describe('a hostile payload', () => {
  it.each<readonly [data: object, path: string, rule: string]>([
    [{ count: '3' }, 'count', 'isInt'],
    [{ count: true }, 'count', 'isInt'],
    [{ count: 2 ** 53 }, 'count', 'isInt'],
    [{ count: 1.5 }, 'count', 'isInt'],
    [{ price: '1' }, 'price', 'isNumber'],
    [{ flag: 'false' }, 'flag', 'isBoolean'],
    [{ flag: 0 }, 'flag', 'isBoolean'],
  ])('MV-09 is not converted: %j', async (data, path, rule) => {
    const { client, gateway } = await start();
    expect(expectError(await client.request('figures', data), 'VALIDATION_FAILED').issues).toEqual([{ path, rule }]);
    expect(gateway.handled).toEqual([]);
  });

  it.each([['1e999'], ['-1e999'], ['NaN'], ['Infinity'], ['-Infinity']])('MV-09 has no number %s', async (number) => {
    const { client, gateway } = await start();
    client.socket.send(`{"event":"figures","id":1,"data":{"price":${number}}}`);
    expectError(await client.next(), 'BAD_MESSAGE');
    expect(gateway.handled).toEqual([]);
  });

  it.each([
    ['a null character', '"a\\u0000b"'],
    ['half a surrogate pair', '"a\\ud83d"'],
    ['the wrong half first', '"\\ude00\\ud83d"'],
  ])('MV-10 has no text with %s, in a value or in a name', async (_, text) => {
    const { client, gateway } = await start();
    client.socket.send(`{"event":"text","id":1,"data":{"text":${text}}}`);
    expectError(await client.next(), 'BAD_MESSAGE');
    client.socket.send(`{"event":"text","id":2,"data":{"text":"a",${text}:1}}`);
    expectError(await client.next(), 'BAD_MESSAGE');
    expect(gateway.handled).toEqual([]);
  });

  it('MV-10 leaves direction marks to the DTO, whose pattern of the guide refuses them', async () => {
    const { client } = await start();
    expect(await client.request('text', { text: 'a\u200fb' })).toMatchObject({ data: { text: 'a\u200fb' } });
    for (const mark of ['\u202e', '\u2066', '\n', '\u0085']) {
      const reply = await client.request('text', { text: 'a', name: `evil${mark}gpj.exe` });
      expect(expectError(reply, 'VALIDATION_FAILED').issues).toEqual([{ path: 'name', rule: 'matches' }]);
    }
    const hidden = await client.request('text', { text: `aaaa${'\ufe0f'.repeat(5000)}` });
    expect(expectError(hidden, 'VALIDATION_FAILED').issues).toEqual([{ path: 'text', rule: 'isLength' }]);
  });

  it.each([
    ['a byte order mark', '\ufeff{"event":"text","data":{"text":"a"}}'],
    ['trailing text', '{"event":"text","data":{"text":"a"}}x'],
    ['a second document', '{"event":"text","data":{"text":"a"}}{"event":"text","data":{"text":"b"}}'],
    ['a second line', '{"event":"text","data":{"text":"a"}}\n{"event":"text","data":{"text":"b"}}'],
  ])('MV-12 is no message with %s', async (_, text) => {
    const { client, gateway } = await start();
    client.socket.send(text);
    expectError(await client.next(), 'BAD_MESSAGE');
    expect(gateway.handled).toEqual([]);
  });

  it('MV-12 closes 1007 for a text frame that is no UTF-8', async () => {
    const { client, gateway } = await start();
    client.socket.send(Buffer.from([0x7b, 0xc3, 0x28, 0x7d]), { binary: false });
    const code = await new Promise((resolve) => client.socket.once('close', resolve));
    expect(code).toBe(1007);
    expect(gateway.handled).toEqual([]);
  });

  it('MV-13 is not run through a pattern that its length already refuses', async () => {
    const { client } = await start();
    const reply = await client.request('figures', { slug: `${'a'.repeat(60_000)}!` });
    expect(expectError(reply, 'VALIDATION_FAILED').issues).toEqual([{ path: 'slug', rule: 'maxLength' }]);
  });

  it.each<readonly [data: object, path: string, rule: string]>([
    [{ key: { $gt: '' } }, 'key', 'isString'],
    [{ key: { $where: 'sleep(1000)' } }, 'key', 'isString'],
    [{ key: ['a'] }, 'key', 'isString'],
    [{ count: { $ne: null } }, 'count', 'isInt'],
    [{ flag: { valueOf: 1 } }, 'flag', 'isBoolean'],
  ])('MV-14 is an operator object stopped by its type: %j', async (data, path, rule) => {
    const { client, gateway } = await start();
    expect(expectError(await client.request('figures', data), 'VALIDATION_FAILED').issues).toEqual([{ path, rule }]);
    expect(gateway.handled).toEqual([]);
  });

  it.each([
    ["' OR 1=1 --"],
    ['{"$gt":""}'],
    ['$(rm -rf /)'],
    ['../../etc/passwd'],
    ['${7*7}'],
    ['%00%0d%0a'],
    ['a;ls|cat'],
    // Another spelling of the same characters to a normaliser: what was validated is what goes out.
    ['\ufb01 \u212b \u2460 e\u0301 \uff1cscript\uff1e'],
  ])('MV-14 OD-08 is text that stays the text it is: %s', async (text) => {
    const { client } = await start();
    expect((await client.request('text', { text })).data).toEqual({ text });
  });

  it('OD-08 is markup that comes back as it was sent, for clients to show as text', async () => {
    const { client } = await start();
    const text = '<img src=x onerror=alert(1)>';
    expect((await client.request('text', { text })).data).toEqual({ text });
  });

  it.each([['admin'], ['Dog'], ['constructor'], ['toString'], [null], [{}], [['cat']]])(
    'MV-15 chooses no class by the discriminator %j',
    async (kind) => {
      const { client, gateway } = await start();
      const reply = await client.request('owner', { pet: { kind, name: 'a' } });
      expect(expectError(reply, 'VALIDATION_FAILED').issues).toEqual([{ path: 'pet', rule: 'nestedValidation' }]);
      expect(await client.request('owner', { pet: { kind: 'dog', name: 'a' } })).toMatchObject({ event: 'owner' });
      expect((gateway.handled[0] as Owner).pet).toBeInstanceOf(Dog);
    },
  );

  it('MV-16 OD-03 is answered by its id, with few issues, paths and rules, and nothing that was sent', async () => {
    const { client } = await start();
    const canary = 'canary-5150';
    const reply = await client.request('figures', {
      ...{ [canary]: canary, count: canary, price: canary, flag: canary, key: { [canary]: canary } },
      slug: canary.repeat(10),
    });
    const { issues } = expectError(reply, 'VALIDATION_FAILED');
    expect(issues).toHaveLength(5);
    expect(issues?.[0]).toEqual({ path: '*', rule: 'whitelistValidation' });
    for (const issue of issues ?? []) expect(Object.keys(issue)).toEqual(['path', 'rule']);
    expect(JSON.stringify(reply)).not.toContain(canary);
  });

  it('DR-14 F18 ends no process with an accessor that throws beside a validator that rejects', async () => {
    const { client, gateway } = await start();
    const crashes = watchForCrashes();
    expect((await client.request('throwing', { name: 'a' })).event).toBe('error');
    expect((await client.request('text', { text: 'still here' })).data).toEqual({ text: 'still here' });
    expect(crashes).toEqual([]);
    expect(gateway.handled).toHaveLength(1);
  });
});
