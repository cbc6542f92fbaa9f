import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { handshake } from '../support/handshake.js';
import { letAnyPortServeFor } from '../support/own-port.js';
import { connect } from '../support/queueing-client.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { type AppShape, startApp } from '../support/start-app.js';

/** Never listened on: see letAnyPortServeFor. */
const OWN_PORT = 1;

class AdminHandlers {
  @WsAuthorize({ roles: ['admin'] })
  @SubscribeMessage('inherited.admin')
  admin(): { by: string } {
    return { by: this.constructor.name };
  }

  @WsAuthorize()
  @SubscribeMessage('inherited.any')
  any(): { by: string } {
    return { by: this.constructor.name };
  }
}

@WebSocketGateway({ path: '/one' })
class OneGateway extends AdminHandlers {}

@WebSocketGateway({ path: '/two' })
class TwoGateway extends AdminHandlers {
  @WsAuthorize({ scopes: ['two'] })
  @SubscribeMessage('inherited.any')
  override any(): { by: string } {
    return super.any();
  }
}

@WebSocketGateway(OWN_PORT, { path: '/own' })
class OwnPortGateway extends AdminHandlers {}

@WebSocketGateway({ path: '/one' })
@WsAuthorize()
class NeighbourGateway {
  @SubscribeMessage('neighbour')
  neighbour(): { by: string } {
    return { by: 'NeighbourGateway' };
  }
}

describe.each<readonly [platform: 'express' | 'fastify', https: boolean]>([
  ['express', false],
  ['express', true],
  ['fastify', false],
  ['fastify', true],
])('gateways on %s, https: %s', (platform, https) => {
  const start = async (shape: AppShape) => {
    const ownPort = letAnyPortServeFor(OWN_PORT);
    const app = await startApp({ platform, https, ...shape });
    return { app, ownUrl: () => `${https ? 'wss' : 'ws'}://127.0.0.1:${ownPort()}` };
  };

  it('AZ-03 DP-04 are protected on every path and port, with what they inherit', async () => {
    const { app, ownUrl } = await start({ providers: [OneGateway, TwoGateway, OwnPortGateway] });
    const urls = { OneGateway: `${app.url}/one`, TwoGateway: `${app.url}/two`, OwnPortGateway: `${ownUrl()}/own` };
    for (const [name, url] of Object.entries(urls)) {
      expect(await handshake(url)).toMatchObject({ status: 401 });
      expect(await handshake(url, { origin: 'https://evil.example', token: app.token() })).toMatchObject({
        status: 403,
      });

      const user = await connect(url, { token: app.token() });
      expectError(await user.request('inherited.admin'), 'FORBIDDEN');
      const admin = await connect(url, { token: app.token({ roles: ['admin'], scope: 'two' }) });
      for (const event of ['inherited.admin', 'inherited.any']) {
        expect(await admin.request(event)).toMatchObject({ event, data: { by: name } });
      }
    }
  });

  it('AZ-03 decide for themselves where they override a handler', async () => {
    const { app } = await start({ providers: [OneGateway, TwoGateway] });
    const one = await connect(`${app.url}/one`, { token: app.token() });
    const two = await connect(`${app.url}/two`, { token: app.token() });
    expect(await one.request('inherited.any')).toMatchObject({ data: { by: 'OneGateway' } });
    expectError(await two.request('inherited.any'), 'FORBIDDEN');
  });

  it('AZ-03 DP-04 share a path with all their handlers', async () => {
    const { app } = await start({ providers: [OneGateway, NeighbourGateway, EchoGateway] });
    const client = await connect(`${app.url}/one`, { token: app.token() });
    expect(await client.request('neighbour')).toMatchObject({ data: { by: 'NeighbourGateway' } });
    expect(await client.request('inherited.any')).toMatchObject({ data: { by: 'OneGateway' } });
    // What is handled on another path is not handled here.
    expectError(await client.request('echo', { text: 'x' }), 'FORBIDDEN');
    expect(app.events.ofType('ws.connection.opened')).toHaveLength(1);
  });

  it('HS-09 are found by their path alone, as it is written', async () => {
    const { app } = await start({ providers: [OneGateway] });
    const answerTo = async (target: string): Promise<number> => {
      const tcp = await RawTcp.open(app);
      const fields = [...handshakeFields(app.host), ['Authorization', `Bearer ${app.token()}`] as const];
      tcp.write(requestHead({ target, fields }));
      return (await tcp.readHead()).status;
    };
    for (const target of [
      '/on',
      '/onee',
      '/one/',
      '/ONE',
      '//one',
      '/x/../one',
      '/./one',
      '/%6fne',
      '/one/x',
      '/one%2f',
    ]) {
      expect({ target, status: await answerTo(target) }).toEqual({ target, status: 404 });
    }
    expect(await answerTo('/')).toBe(404);
    expect(await answerTo(`http://${app.host}/one`)).toBe(404);
    expect(await answerTo('/one')).toBe(101);
    expect(await answerTo('/one?page=1')).toBe(101);
  });
});
