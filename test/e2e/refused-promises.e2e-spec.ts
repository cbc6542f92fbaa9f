import { createParamDecorator } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  anyOf,
  grant,
  grantRows,
  type StandardSchema,
  WsAuthorize,
  WsBatchPolicy,
  WsPayload,
  type WsPolicy,
  type WsPolicyDecision,
} from '@secure-ws/nestjs';
import { IsArray, IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { LatePromises } from '../support/late-promises.js';
import { connect } from '../support/queueing-client.js';
import { sharedApp } from '../support/start-app.js';

const late = new LatePromises();

/** What types forbid, and a forgotten `await` does. */
const later = (): never => late.later() as never;

class Ids {
  @IsArray()
  @IsString({ each: true })
  ids!: string[];
}

class FindsPromises extends WsBatchPolicy<Ids, { id: string }> {
  idsOf({ ids }: Ids): readonly string[] {
    return ids;
  }

  find(ids: readonly string[]): { id: string }[] {
    return ids.map(() => later());
  }

  idOf({ id }: { id: string }): string {
    return id;
  }

  allows(): boolean {
    return true;
  }
}

class AsksIdsLate extends FindsPromises {
  override idsOf(): readonly string[] {
    return later();
  }
}

class AsksEachIdLate extends FindsPromises {
  override idsOf({ ids }: Ids): readonly string[] {
    return ids.map(() => later());
  }
}

class NamesLate extends FindsPromises {
  override find(ids: readonly string[]): { id: string }[] {
    return ids.map((id) => ({ id }));
  }

  override idOf(): string {
    return later();
  }
}

const policyOf = (authorize: () => unknown): new () => WsPolicy =>
  class Policy implements WsPolicy {
    authorize(): WsPolicyDecision {
      return authorize() as WsPolicyDecision;
    }
  };

const GrantsList = policyOf(() => grant(['a', 'b'].map(() => later())));
const GrantsObject = policyOf(() => grant({ a: later() }));
const GrantsRows = policyOf(() => grantRows({ where: later() }));
const Denies = policyOf(() => false);
const Throws = policyOf(() => {
  throw new Error('failed');
});
const Unclear = policyOf(() => ({ ok: later() }));
const UnclearList = policyOf(() => [later()]);
const Allows = policyOf(() => true);

const schemaOf = (validate: () => unknown): StandardSchema =>
  ({ '~standard': { version: 1, vendor: 'own', validate } }) as unknown as StandardSchema;

const Argument = createParamDecorator((how: unknown) => {
  if (how === 'throws') throw new Error('failed');
  return { of: later() };
});

@WsAuthorize()
@WebSocketGateway({ path: '/refused' })
class RefusingGateway {
  @WsAuthorize(FindsPromises)
  @SubscribeMessage('batch-finds')
  batchFinds(@MessageBody() _ids: Ids) {}

  @WsAuthorize(AsksIdsLate)
  @SubscribeMessage('batch-ids')
  batchIds(@MessageBody() _ids: Ids) {}

  @WsAuthorize(AsksEachIdLate)
  @SubscribeMessage('batch-each-id')
  batchEachId(@MessageBody() _ids: Ids) {}

  @WsAuthorize(NamesLate)
  @SubscribeMessage('batch-id')
  batchId(@MessageBody() _ids: Ids) {}

  @WsAuthorize(GrantsList, Denies)
  @SubscribeMessage('grants-list')
  grantsList() {}

  @WsAuthorize(GrantsObject, Throws)
  @SubscribeMessage('grants-object')
  grantsObject() {}

  @WsAuthorize(anyOf(GrantsRows, Denies))
  @SubscribeMessage('grants-rows')
  grantsRows() {}

  @WsAuthorize(Unclear)
  @SubscribeMessage('unclear')
  unclear() {}

  @WsAuthorize(anyOf(UnclearList, Unclear, Throws))
  @SubscribeMessage('unclear-each')
  unclearEach() {}

  @SubscribeMessage('argument')
  argument(@Argument() _value: unknown, @Argument('throws') _other: unknown) {}

  @WsAuthorize(Denies)
  @WsPayload(schemaOf(() => ({ value: { of: later() } })))
  @SubscribeMessage('schema-value')
  schemaValue(@MessageBody() _data: unknown) {}

  @WsPayload(schemaOf(() => ({ issues: [{ message: 'no', path: [later()] }] })))
  @SubscribeMessage('schema-issue')
  schemaIssue(@MessageBody() _data: unknown) {}

  @WsAuthorize(Allows, { shadow: GrantsList })
  @SubscribeMessage('shadow')
  shadow() {
    return 'there';
  }

  @SubscribeMessage('there')
  there() {
    return 'there';
  }
}

describe('a promise that the application makes before its handler, and nobody waits for', () => {
  const app = sharedApp({
    providers: [
      RefusingGateway,
      FindsPromises,
      AsksIdsLate,
      AsksEachIdLate,
      NamesLate,
      GrantsList,
      GrantsObject,
      GrantsRows,
      Denies,
      Throws,
      Unclear,
      UnclearList,
      Allows,
    ],
  });
  // Each its own, with the limits of one.
  let clients = 0;
  const client = () => connect(`${app().url}/refused`, { token: app().token({ sub: `u${++clients}` }) });

  it.each([
    'batch-finds',
    'batch-ids',
    'batch-each-id',
    'batch-id',
    'grants-list',
    'grants-object',
    'grants-rows',
    'unclear',
    'unclear-each',
    'argument',
    'schema-value',
    'schema-issue',
    'shadow',
  ])('DR-14 AZ-09 %s: its message is answered, and its rejection ends nothing', async (event) => {
    const crashes = late.begin();
    const caller = await client();
    const payload = event.startsWith('batch') ? { ids: ['a', 'b'] } : event.startsWith('schema') ? {} : undefined;
    expect((await caller.request(event, payload)).event).toBe(event === 'shadow' ? 'shadow' : 'error');
    await caller.request('there');
    expect(late.rejectAll()).toBeGreaterThan(0);
    await caller.request('there');
    expect(crashes).toEqual([]);
  });

  it('DR-14 AZ-09 as many rejections as the client has sent ids end nothing', async () => {
    const crashes = late.begin();
    const caller = await client();
    const ids = Array.from({ length: 300 }, (_, id) => String(id));
    expect((await caller.request('batch-each-id', { ids })).event).toBe('error');
    expect(late.rejectAll()).toBe(300);
    await caller.request('there');
    expect(crashes).toEqual([]);
  });
});
