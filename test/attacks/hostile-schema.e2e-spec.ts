import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsPayload, type WsPayloadOf, WsReply } from '@secure-ws/nestjs';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { z as zod3 } from 'zod/v3';
import { watchForCrashes } from '../support/crash-watch.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

const ZodOrder = z.strictObject({
  symbol: z.string().trim().min(1).max(12),
  lines: z.array(z.strictObject({ quantity: z.int().min(1) })).max(3),
});
const ValibotOrder = v.strictObject({
  symbol: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(12)),
  lines: v.pipe(v.array(v.strictObject({ quantity: v.pipe(v.number(), v.integer(), v.minValue(1)) })), v.maxLength(3)),
});
const ArkOrder = type({
  '+': 'reject',
  symbol: type('string.trim').to('1 <= string <= 12'),
  lines: type({ '+': 'reject', quantity: 'number.integer >= 1' }).array().atMostLength(3),
});
const asked: string[] = [];
const Taken = z.strictObject({
  name: z.string().refine((name) => {
    asked.push(name);
    return Promise.resolve(name !== 'taken');
  }),
});
const Throwing = z.strictObject({
  name: z.string().transform((name) => {
    if (name === 'throw') throw new Error('canary-of-the-schema');
    return name;
  }),
});
const Rejecting = z.strictObject({
  name: z.string().refine((name) => (name === 'throw' ? Promise.reject(new Error('canary')) : Promise.resolve(true))),
});

/** A look-up that fails for what a client may choose: its database is away, or the value too odd for it. */
const lookUp = (name: string): Promise<boolean> =>
  name.startsWith('away') ? Promise.reject(new Error('canary')) : Promise.resolve(true);
const breakOn = (name: string): boolean => {
  if (name.startsWith('away')) throw new Error('canary');
  return true;
};
const AWAY = { a: 'away', b: 'away' };
const LookedUp = z.string().refine(lookUp);
/** Of several rules that fail together, a library may wait for one alone. */
const FAILING_TOGETHER: Readonly<Record<string, z.ZodType>> = {
  'two rules of one value': z.string().refine(lookUp).refine(lookUp),
  'two values': z.object({ a: LookedUp, b: LookedUp }),
  'a rule that throws behind it': z.string().refine(lookUp).refine(breakOn),
  'a value that throws behind it': z.object({ a: LookedUp, b: z.string().refine(breakOn) }),
  'a list': z.array(z.union([z.string().refine(lookUp).refine(lookUp), z.string().refine(breakOn)])),
  'both sides of an intersection': z.intersection(LookedUp, z.string().refine(breakOn)),
  'rules behind a transformation': z.string().transform(lookUp).pipe(z.boolean()).or(LookedUp.refine(lookUp)),
  'a lazy schema': z.lazy(() => z.record(z.string(), LookedUp.refine(lookUp).refine(breakOn))),
};

@WebSocketGateway({ path: '/schemas' })
@WsAuthorize()
class SchemasGateway {
  readonly handled: unknown[] = [];

  @WsPayload(ZodOrder)
  @SubscribeMessage('zod')
  zod(@MessageBody() data: WsPayloadOf<typeof ZodOrder>) {
    expectTypeOf(data).toEqualTypeOf<z.infer<typeof ZodOrder>>();
    return this.#keep(data);
  }
  @WsPayload(ValibotOrder)
  @SubscribeMessage('valibot')
  valibot(@MessageBody() data: WsPayloadOf<typeof ValibotOrder>) {
    expectTypeOf(data).toEqualTypeOf<v.InferOutput<typeof ValibotOrder>>();
    return this.#keep(data);
  }
  @WsPayload(ArkOrder)
  @SubscribeMessage('arktype')
  arktype(@MessageBody() data: WsPayloadOf<typeof ArkOrder>) {
    expectTypeOf(data).toEqualTypeOf<typeof ArkOrder.infer>();
    return this.#keep(data);
  }
  @SubscribeMessage('body')
  body(@MessageBody({ schema: ZodOrder }) data: WsPayloadOf<typeof ZodOrder>) {
    return this.#keep(data);
  }
  @WsPayload([ZodOrder])
  @SubscribeMessage('list')
  list(@MessageBody() data: WsPayloadOf<readonly [typeof ZodOrder]>) {
    expectTypeOf(data).toEqualTypeOf<z.infer<typeof ZodOrder>[]>();
    return this.#keep(data);
  }
  @WsPayload(Taken)
  @SubscribeMessage('taken')
  taken(@MessageBody() data: WsPayloadOf<typeof Taken>) {
    return this.#keep(data);
  }
  @WsPayload(Throwing)
  @SubscribeMessage('throwing')
  throwing(@MessageBody() data: WsPayloadOf<typeof Throwing>) {
    return this.#keep(data);
  }
  @WsPayload(Rejecting)
  @SubscribeMessage('rejecting')
  rejecting(@MessageBody() data: WsPayloadOf<typeof Rejecting>) {
    return this.#keep(data);
  }

  @WsPayload([LookedUp])
  @SubscribeMessage('looked-up')
  lookedUp(@MessageBody() data: string[]) {
    return this.#keep(data);
  }

  #keep<T>(data: T): T {
    this.handled.push(data);
    return data;
  }
}

const start = async () => {
  const app = await startApp({ providers: [SchemasGateway] });
  const client = await connect(`${app.url}/schemas`, { token: app.token() });
  return { app, client, gateway: app.app.get(SchemasGateway) };
};

const ORDER = { symbol: ' ACME ', lines: [{ quantity: 1 }] };
/** `body`: a schema in `@MessageBody()`, as Nest 12 has it. */
const EVENTS = ['zod', 'valibot', 'arktype', 'body'];

describe.each(EVENTS)('a hostile payload, for the schema of %s', (event) => {
  it('MV-02 is otherwise taken, and the handler gets the output of the schema', async () => {
    const { client, gateway } = await start();
    expect(await client.request(event, ORDER)).toMatchObject({ event });
    expect(gateway.handled).toEqual([{ symbol: 'ACME', lines: [{ quantity: 1 }] }]);
  });

  it.each<readonly [data: unknown, path: string]>([
    [{ ...ORDER, symbol: ' ' }, 'symbol'],
    [{ ...ORDER, symbol: { $gt: '' } }, 'symbol'],
    [{ ...ORDER, symbol: 5 }, 'symbol'],
    [{ ...ORDER, lines: [{ quantity: 1 }, { quantity: 0 }] }, 'lines.1.quantity'],
    [{ ...ORDER, lines: [{ quantity: '1' }] }, 'lines.0.quantity'],
    [{ ...ORDER, lines: {} }, 'lines'],
    [{ ...ORDER, lines: Array.from({ length: 4 }, () => ({ quantity: 1 })) }, 'lines'],
    [{ symbol: 'ACME' }, 'lines'],
    [null, ''],
    ['ACME', ''],
  ])('MV-08 MV-14 MV-16 is refused with its path and rule, and nothing that was sent: %j', async (data, path) => {
    const { client, gateway } = await start();
    const { issues = [] } = expectError(await client.request(event, data), 'VALIDATION_FAILED');
    expect(issues.map((issue) => issue.path)).toContain(path);
    for (const issue of issues) {
      expect(Object.keys(issue)).toEqual(['path', 'rule']);
      // Each library's own word: too_small of zod, min_length of valibot, minLength of arktype.
      expect(issue.rule).toMatch(/^[a-z][a-zA-Z_]+$/);
      expect(issue.rule).not.toBe('schema');
    }
    expect(gateway.handled).toEqual([]);
  });

  it('MV-03 OD-03 is refused with a property that the strict schema does not know, whose name is not sent back', async () => {
    const { client, gateway } = await start();
    const reply = await client.request(event, { ...ORDER, 'canary 5150': true });
    expectError(reply, 'VALIDATION_FAILED');
    expect(JSON.stringify(reply)).not.toContain('canary');
    expect(gateway.handled).toEqual([]);
  });
});

describe('a hostile payload, for schemas', () => {
  it('MV-07 is refused in a list where one item is wrong', async () => {
    const { client, gateway } = await start();
    const { issues } = expectError(await client.request('list', [ORDER, { ...ORDER, lines: 5 }]), 'VALIDATION_FAILED');
    expect(issues).toEqual([{ path: '1.lines', rule: 'invalid_type' }]);
    expectError(await client.request('list', ORDER), 'VALIDATION_FAILED');
    expect(gateway.handled).toEqual([]);
  });

  it('MV-13 waits for an asynchronous schema', async () => {
    const { client, gateway } = await start();
    expect(await client.request('taken', { name: 'free' })).toMatchObject({ data: { name: 'free' } });
    const { issues } = expectError(await client.request('taken', { name: 'taken' }), 'VALIDATION_FAILED');
    expect(issues).toEqual([{ path: 'name', rule: 'custom' }]);
    expect(gateway.handled).toEqual([{ name: 'free' }]);
  });

  it('DR-14 MV-13 asks an asynchronous rule once for a message, and a rejection of one ends no process', async () => {
    const { client } = await start();
    const crashes = watchForCrashes();
    asked.length = 0;
    expectError(await client.request('taken', { name: 'taken' }), 'VALIDATION_FAILED');
    expect(asked).toEqual(['taken']);
    expect((await client.request('rejecting', { name: 'throw' })).event).toBe('error');
    await new Promise((resolve) => setImmediate(resolve));
    expect(crashes).toEqual([]);
  });

  it.each(['throwing', 'rejecting'])(
    'DR-14 OD-01 ends in an answer where a schema fails by itself: %s',
    async (event) => {
      const { client, gateway } = await start();
      const crashes = watchForCrashes();
      const reply = await client.request(event, { name: 'throw' });
      expect(reply.event).toBe('error');
      expect(JSON.stringify(reply)).not.toContain('canary');
      expect(await client.request(event, { name: 'fine' })).toMatchObject({ data: { name: 'fine' } });
      expect(gateway.handled).toEqual([{ name: 'fine' }]);
      expect(crashes).toEqual([]);
    },
  );

  it('DR-14 ends no process where a list asks for one look-up too many, and all of them fail', async () => {
    const { client, gateway } = await start();
    const crashes = watchForCrashes();
    const data = Array.from({ length: 150 }, () => 'away');
    expect((await client.request('looked-up', data)).event).toBe('error');
    expect(await client.request('looked-up', ['fine'])).toMatchObject({ data: ['fine'] });
    expect(gateway.handled).toEqual([['fine']]);
    expect(crashes).toEqual([]);
  });

  it.each(Object.entries(FAILING_TOGETHER))(
    'DR-14 ends no process where several rules fail together: %s',
    async (_, schema) => {
      @WebSocketGateway({ path: '/together' })
      @WsAuthorize()
      class TogetherGateway {
        @WsPayload(schema)
        @SubscribeMessage('ask')
        ask(@MessageBody() data: unknown) {
          return data;
        }

        @WsReply(schema)
        @SubscribeMessage('answer')
        answer(): unknown {
          return AWAY;
        }
      }
      for (const detailedErrors of [false, true]) {
        const app = await startApp({ providers: [TogetherGateway], options: { detailedErrors } });
        const client = await connect(`${app.url}/together`, { token: app.token() });
        const crashes = watchForCrashes();
        for (const data of ['away', AWAY, ['away', 'away'], { x: 'away', y: 'away' }]) {
          expect((await client.request('ask', data)).event).toBe('error');
        }
        expect((await client.request('answer', {})).event).toBe('error');
        await new Promise((resolve) => setImmediate(resolve));
        expect(crashes).toEqual([]);
      }
    },
  );

  it('DR-14 is warned of at boot where it is one of zod 3, which leaves rejections to nobody', async () => {
    @WebSocketGateway({ path: '/old' })
    @WsAuthorize()
    class OldGateway {
      @WsPayload(zod3.object({ name: zod3.string() }))
      @SubscribeMessage('ask')
      ask(@MessageBody() data: unknown) {
        return data;
      }
    }
    const app = await startApp({ providers: [OldGateway, SchemasGateway] });
    const warned = app.log.lines.filter((line) => line.includes('zod 3'));
    expect(warned).toEqual([expect.stringContaining('OldGateway.ask') as string]);
  });

  it('DR-14 leaves a schema as it is for whoever else uses it', async () => {
    const schema = z.string().refine(breakOn);
    const late = z.string().refine(lookUp);
    @WebSocketGateway({ path: '/shared' })
    @WsAuthorize()
    class SharedGateway {
      @WsPayload(z.object({ schema, late }))
      @SubscribeMessage('ask')
      ask(@MessageBody() data: unknown) {
        return data;
      }
    }
    await startApp({ providers: [SharedGateway] });
    expect(schema.parse('fine')).toBe('fine');
    expect(() => schema.parse('away')).toThrow('canary');
    expect(() => late.parse('fine')).toThrow('parseAsync');
    await expect(late.parseAsync('away')).rejects.toThrow('canary');
    await expect(schema.safeParseAsync('away')).rejects.toThrow('canary');
    expect(schema.safeParse(5)).toMatchObject({ success: false });
  });
});
