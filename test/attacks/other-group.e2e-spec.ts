import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsPayload } from '@secure-ws/nestjs';
import { Expose, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

class Address {
  @IsString() @MaxLength(20) city!: string;
  @IsOptional() @IsBoolean({ groups: ['admin'] }) verified?: boolean;
}

class Profile {
  @IsString({ groups: ['create', 'rename'] }) @MaxLength(20, { groups: ['create'] }) name!: string;
  @IsOptional({ groups: ['create'] }) @IsString({ groups: ['create', 'update'] }) @MaxLength(40) bio?: string;
  @IsInt({ groups: ['update'] }) id!: number;
  @IsOptional({ groups: ['admin'] }) @IsBoolean({ groups: ['admin'] }) isAdmin?: boolean;
  @IsOptional() @IsArray() @ArrayMaxSize(3) @ValidateNested({ each: true }) @Type(() => Address) addresses?: Address[];
}

class Setting {
  @IsString() key!: string;
  @Expose({ until: 2 }) @IsString() value!: string;
  @Expose({ since: 2 }) @IsInt() amount!: number;
  @Expose({ groups: ['staff'] }) @IsOptional() @IsBoolean() isForced?: boolean;
}

@WebSocketGateway({ path: '/profiles' })
@WsAuthorize()
class ProfilesGateway {
  readonly handled: unknown[] = [];

  @WsPayload(Profile, { groups: ['create'] })
  @SubscribeMessage('create')
  create(@MessageBody() data: Profile) {
    return this.#keep(data);
  }
  @WsPayload(Profile, { groups: ['update'] })
  @SubscribeMessage('update')
  update(@MessageBody() data: Profile) {
    return this.#keep(data);
  }
  @WsPayload([Profile], { groups: ['create'] })
  @SubscribeMessage('createAll')
  createAll(@MessageBody() data: Profile[]) {
    return this.#keep(data);
  }
  @WsPayload(Setting, { version: 1 })
  @SubscribeMessage('set.v1')
  setOld(@MessageBody() data: Setting) {
    return this.#keep(data);
  }
  @WsPayload(Setting, { version: 2, groups: ['staff'] })
  @SubscribeMessage('set.v2')
  setNew(@MessageBody() data: Setting) {
    return this.#keep(data);
  }

  #keep<T>(data: T): T {
    this.handled.push(data);
    return data;
  }
}

const start = async () => {
  const app = await startApp({ providers: [ProfilesGateway] });
  const client = await connect(`${app.url}/profiles`, { token: app.token() });
  return { client, gateway: app.app.get(ProfilesGateway) };
};

describe('a payload for another group or version', () => {
  it.each<readonly [event: string, data: unknown]>([
    ['create', { name: 'a', bio: 'b', addresses: [{ city: 'c' }] }],
    ['update', { id: 1, bio: 'b' }],
    ['createAll', [{ name: 'a', bio: 'b' }]],
    ['set.v1', { key: 'a', value: 'b' }],
    ['set.v2', { key: 'a', amount: 5, isForced: true }],
  ])('MV-03 is one of its own: %s takes %j, as an instance', async (event, data) => {
    const { client, gateway } = await start();
    expect(await client.request(event, data)).toMatchObject({ event });
    const [handled] = gateway.handled.flat();
    expect(handled).toBeInstanceOf(event.startsWith('set') ? Setting : Profile);
    expect(JSON.parse(JSON.stringify(gateway.handled[0]))).toEqual(data);
  });

  it.each<readonly [event: string, data: unknown, path: string, rule: string]>([
    // Mass assignment: what another event may set.
    ['create', { name: 'a', bio: 'b', isAdmin: true }, '*', 'whitelistValidation'],
    ['create', { name: 'a', bio: 'b', id: 1 }, '*', 'whitelistValidation'],
    ['update', { id: 1, bio: 'b', isAdmin: true }, '*', 'whitelistValidation'],
    ['createAll', [{ name: 'a', bio: 'b', isAdmin: true }], '0.*', 'whitelistValidation'],
    ['update', { id: 1, bio: 'b', name: 'a' }, '*', 'whitelistValidation'],
    // A rule without a group, here @IsOptional(), makes no property of another group known.
    [
      'create',
      { name: 'a', bio: 'b', addresses: [{ city: 'c', verified: true }] },
      'addresses.0.*',
      'whitelistValidation',
    ],
    ['set.v1', { key: 'a', value: 'b', amount: 1 }, '*', 'whitelistValidation'],
    ['set.v1', { key: 'a', value: 'b', isForced: true }, '*', 'whitelistValidation'],
    ['set.v2', { key: 'a', amount: 1, value: 'b' }, '*', 'whitelistValidation'],
    // A rule without a group beside one with a group counts: class-validator alone would skip it.
    ['create', { name: 'a'.repeat(21), bio: 'b' }, 'name', 'maxLength'],
    ['update', { id: 1 }, 'bio', 'isString'],
    ['set.v2', { key: 'a', amount: '1' }, 'amount', 'isInt'],
  ])('MV-03 is refused: %s with %j', async (event, data, path, rule) => {
    const { client, gateway } = await start();
    expect(expectError(await client.request(event, data), 'VALIDATION_FAILED').issues).toContainEqual({ path, rule });
    expect(gateway.handled).toEqual([]);
  });

  it('MV-03 is refused at boot where a handler leaves open which one it takes', async () => {
    @WebSocketGateway({ path: '/open' })
    @WsAuthorize()
    class OpenGateway {
      @SubscribeMessage('any')
      any(@MessageBody() data: Profile) {
        return data;
      }
      @WsPayload(Setting, { groups: ['staf'], version: 2 })
      @SubscribeMessage('misspelt')
      misspelt(@MessageBody() data: Setting) {
        return data;
      }
      @WsPayload(String, { version: 2 })
      @SubscribeMessage('primitive')
      primitive(@MessageBody() data: string) {
        return data;
      }
    }
    const problems = await bootProblems({ providers: [OpenGateway] });
    expect(problems.map(({ where }) => where)).toEqual([
      'OpenGateway.any',
      'OpenGateway.misspelt',
      'OpenGateway.primitive',
    ]);
  });
});
