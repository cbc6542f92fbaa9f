import * as common from '@nestjs/common';
import { type INestApplication, type PipeTransform, type Type, UseFilters, UseGuards, UsePipes } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { IsObject } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SecureWsModule, WsAuthorize, WsPayload } from '../../packages/nestjs/src/index.js';
import { WsAuthorizeGuard, WsExceptionsFilter } from '../../packages/nestjs/src/socket-io/index.js';
import { bootProblems } from '../support/boot-problems.js';
import { IS_NEST_11 } from '../support/nest-version.js';
import { connect } from '../support/queueing-client.js';
import { type AppShape, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

/** Nest 12 has it, Nest 11 does not. */
const SchemaPipe = (common as { StandardSchemaValidationPipe?: new () => PipeTransform }).StandardSchemaValidationPipe;

/** Nest 11 knows no options there, and files them under the pipes. */
const options = (schema: unknown): never => ({ schema }) as never;

const Counter = z.looseObject({ n: z.int().transform((n) => n * 10) });

/** As other libraries have it: without a `transform()`, which Nest would take for that of a pipe. */
const bare = { '~standard': Counter['~standard'] };

/** Of all of the payload. It says little about `b`. */
const Whole = z.strictObject({ b: z.unknown() });

class WholeDto {
  @IsObject()
  b!: unknown;
}

const keeping: PipeTransform = { transform: (value: unknown) => value };

interface GatewayShape {
  /** What `@MessageBody()` is given. */
  readonly parameter: readonly unknown[];
  /** What a second one before it is given. */
  readonly before?: readonly unknown[];
  readonly declared?: unknown;
  readonly pipes?: readonly PipeTransform[];
}

const bodyOf = (given: readonly unknown[] | undefined): ParameterDecorator =>
  given === undefined ? () => undefined : (MessageBody as (...all: readonly unknown[]) => ParameterDecorator)(...given);

const declaredAs = (declaration: unknown): MethodDecorator =>
  declaration === undefined ? () => undefined : WsPayload(declaration);

function gatewayOf({ parameter, before, declared, pipes = [] }: GatewayShape): Type {
  @UseGuards(WsAuthorizeGuard)
  @UseFilters(WsExceptionsFilter)
  @UsePipes(...pipes)
  @WebSocketGateway({ path: '/b' })
  @WsAuthorize()
  class PropertyGateway {
    @declaredAs(declared)
    @SubscribeMessage('take')
    take(@bodyOf(before) _before: unknown, @bodyOf(parameter) b: unknown): unknown {
      return { b };
    }
  }
  return PropertyGateway;
}

const onSocketIo: AppShape = {
  secureWs: SecureWsModule.forRoot({ authentication: { jwt: TEST_JWT }, adapter: false }),
  configure: (app: INestApplication) => void app.useWebSocketAdapter(new IoAdapter(app)),
};

/** What a client is answered that sends this. */
async function take(gateway: Type, payload: unknown, shape: AppShape = {}): Promise<unknown> {
  const app = await startApp({ ...shape, providers: [gateway] });
  const client = await connect(`${app.url}/b`, { token: app.token() });
  return (await client.request('take', payload)).data;
}

const problemsOf = async (shape: GatewayShape, more: AppShape = {}): Promise<unknown[]> =>
  (await bootProblems({ ...more, providers: [gatewayOf(shape)] })).map(({ problem }) => problem);

describe('a schema for one property of the payload', () => {
  it.each<readonly [what: string, shape: GatewayShape]>([
    ['alone', { parameter: ['b', options(Counter)] }],
    ['with a pipe', { parameter: ['b', options(Counter), keeping] }],
    [
      'and the one for all of it is for another property',
      { parameter: ['b', options(Counter)], before: ['a', options(Whole)] },
    ],
  ])('MV-02 is none for all of it, and stops the boot: %s', async (_what, shape) => {
    const found = [expect.stringContaining("has a schema for the property 'b'") as string];
    const first = shape.before === undefined ? found : [expect.stringContaining("the property 'a'") as string];
    expect(await problemsOf(shape)).toEqual(first);
    expect(await problemsOf(shape, onSocketIo)).toEqual(first);
    if (SchemaPipe !== undefined) {
      expect(await problemsOf({ ...shape, pipes: [new SchemaPipe()] })).toEqual(first);
    }
  });

  it.each<readonly [what: string, shape: GatewayShape]>([
    ['a schema in @WsPayload()', { parameter: ['b', options(Counter)], declared: Whole }],
    ['a class in @WsPayload()', { parameter: ['b', options(Counter)], declared: WholeDto }],
    ['a schema in @MessageBody()', { parameter: ['b', options(Counter)], before: [options(Whole)] }],
    ['one that nothing knows to be one', { parameter: ['b', bare], declared: Whole }],
  ])('MV-02 stops the boot where nothing would run it, beside %s', async (_what, shape) => {
    const found = [expect.stringContaining("has a schema for the property 'b' that nothing would run") as string];
    expect(await problemsOf(shape)).toEqual(found);
    expect(await problemsOf(shape, onSocketIo)).toEqual(found);
  });

  it('MV-02 stops the boot where Nest would not run it although it has the pipe', async () => {
    if (SchemaPipe === undefined) return expect(IS_NEST_11).toBe(true);
    expect(await problemsOf({ parameter: ['b', bare], declared: Whole, pipes: [new SchemaPipe()] })).toEqual([
      expect.stringContaining('that nothing would run'),
    ]);
  });

  it.each<readonly [what: string, shape: GatewayShape, isGlobal: boolean, platform: 'express' | 'fastify']>([
    ['a schema in @WsPayload()', { parameter: ['b', options(Counter)], declared: Whole }, false, 'express'],
    [
      'a class in @WsPayload(), with a pipe',
      { parameter: ['b', options(Counter), keeping], declared: WholeDto },
      false,
      'fastify',
    ],
    ['a schema in @MessageBody()', { parameter: ['b', options(Counter)], before: [options(Whole)] }, true, 'express'],
  ])(
    'MV-02 MV-03 judges the property beside %s, and the handler gets its output',
    async (_what, shape, isGlobal, platform) => {
      if (SchemaPipe === undefined) return expect(IS_NEST_11).toBe(true);
      const pipe = new SchemaPipe();
      const gateway = gatewayOf({ ...shape, pipes: isGlobal ? [] : [pipe] });
      const configure = (app: INestApplication): void => void (isGlobal && app.useGlobalPipes(pipe));
      expect(await take(gateway, { b: { n: 1 } }, { configure, platform })).toEqual({ b: { n: 10 } });
      expect(await take(gateway, { b: { n: 'evil' } }, { configure, platform })).toMatchObject({
        code: 'VALIDATION_FAILED',
      });
      expect(await take(gateway, { n: 1, b: 'evil' }, { configure, platform })).toMatchObject({
        code: 'VALIDATION_FAILED',
      });
    },
  );

  it('MV-02 is none of a class that inherits the handler from one that has the pipe', async () => {
    if (SchemaPipe === undefined) return expect(IS_NEST_11).toBe(true);
    const Parent = gatewayOf({ parameter: ['b', options(Counter)], declared: Whole, pipes: [new SchemaPipe()] });
    @UsePipes()
    @WebSocketGateway({ path: '/b2' })
    @WsAuthorize()
    class ChildGateway extends Parent {}
    Reflect.defineMetadata('__pipes__', [], ChildGateway);
    expect(await bootProblems({ providers: [Parent, ChildGateway] })).toMatchObject([
      { where: 'ChildGateway.take', problem: expect.stringContaining('that nothing would run') as string },
    ]);
  });
});

describe('several schemas for all of the payload', () => {
  const Other = z.strictObject({ b: z.string() });

  it.each<readonly [what: string, shape: GatewayShape]>([
    ['two parameters', { parameter: [options(Whole)], before: [options(Other)] }],
    ['one parameter', { parameter: [undefined, options(Whole), options(Other)] }],
    ['@WsPayload() and a parameter', { parameter: [options(Whole)], declared: Other }],
    ['an empty name', { parameter: ['', options(Whole)], declared: Other }],
  ])('MV-02 stop the boot, since one would be ignored: %s', async (_what, shape) => {
    expect(await problemsOf(shape)).toEqual([expect.stringContaining('of which one would be ignored')]);
  });

  it('MV-02 may say the same twice', async () => {
    const gateway = gatewayOf({ parameter: [options(Other)], before: [options(Other)], declared: Other });
    expect(await take(gateway, { b: 'x' })).toEqual({ b: { b: 'x' } });
    expect(await take(gateway, { b: 5 })).toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});
