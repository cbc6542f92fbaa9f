import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsReply } from '@secure-ws/nestjs';
import { Expose, Transform } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import { bootFailure, startApp } from '../support/start-app.js';
import { connect } from '../support/queueing-client.js';

class Legacy {
  @Expose() id!: string;
  @Expose({ until: 2 }) old!: string;
  @Expose() @Transform(() => 'masked', { since: 5 }) card!: string;
}

class Entry {
  @Expose() event!: string;
  @Expose() data!: string;
}

const gatewayOf = (declaration: Parameters<typeof WsReply>[0], value: unknown) => {
  @WsAuthorize()
  @WebSocketGateway({ path: '/declared' })
  class DeclaredGateway {
    @WsReply(declaration)
    @SubscribeMessage('get')
    get(): unknown {
      return value;
    }
  }
  return DeclaredGateway;
};

describe('declarations of replies that could not hold', () => {
  it('OD-04 MV-03 since and until of an output DTO stop the boot, each by its property', async () => {
    const error = String(await bootFailure({ providers: [gatewayOf(Legacy, {})] }));
    expect(error).toContain('Legacy.old: names since or until');
    expect(error).toContain('Legacy.card: names since or until');
    expect(error).not.toContain('Legacy.id');
  });

  it('OD-04 a DTO of event and data alone, which Nest reads as its own reply, stops the boot', async () => {
    const error = String(await bootFailure({ providers: [gatewayOf(Entry, {})] }));
    expect(error).toMatch(/DeclaredGateway\.get.*Entry.*event and data/s);
  });

  it('a list of them is sent', async () => {
    await using app = await startApp({ providers: [gatewayOf([Entry], [{ event: 'a', data: 'b', secret: 1 }])] });
    const client = await connect(`${app.url}/declared`, { token: app.token({}) });
    expect(await client.request('get')).toMatchObject({ event: 'get', data: [{ event: 'a', data: 'b' }] });
  });
});
