import { AuthenticationError, WsAuthenticator } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { attackedJwtOptions, inKeySets, JWT_ATTACKS, JWT_CONTROLS, makeForgeKeys } from '../support/forge-jwt.js';
import { handshake, type Refusal } from '../support/handshake.js';
import { fieldOf } from '../support/raw-response.js';
import { handshakeFields, RawTcp, requestHead } from '../support/raw-tcp.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, sharedApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const keys = makeForgeKeys();
const atHand = attackedJwtOptions(keys);

describe.each([
  ['keys in the options', atHand],
  ['a key set', inKeySets(atHand)],
])('a token for %s', (_, jwt) => {
  const app = sharedApp({
    providers: [EchoGateway],
    options: { authentication: { jwt } },
  });
  const open = (token: string) => handshake(`${app().url}/echo`, { token });

  it.each(JWT_CONTROLS)('$id AN-06 is admitted: $name', async ({ token }) => {
    expect(await open(token(keys))).toBe('open');
  });

  it.each(JWT_ATTACKS.filter(({ inProcessOnly }) => inProcessOnly !== true))(
    '$id AN-06 is refused with 401 and one audit event: $name',
    async ({ token }) => {
      const { events, app: nest } = app();
      const { connections } = nest.get(EchoGateway);
      const withoutToken = (await handshake(`${app().url}/echo`)) as Refusal;
      const forged = token(keys);
      events.clear();

      const answer = (await open(forged)) as Refusal;
      expect(answer.status).toBe(401);
      expect(answer.body).toBe(withoutToken.body);
      expect(Object.keys(answer.headers)).toEqual(Object.keys(withoutToken.headers));
      expect(nest.get(EchoGateway).connections).toBe(connections);
      expect(events.ofType('ws.connection.opened')).toEqual([]);
      const refused = events.ofType('ws.handshake.refused');
      expect(refused).toMatchObject([{ status: 401, reason: 'unauthenticated' }]);
      expect(['authn_login_fail', 'session_use_after_expire']).toContain(refused[0]?.owasp);
      if (forged !== '') expect(JSON.stringify(events.events)).not.toContain(forged);
    },
  );

  it('AN-06 OD-11 is refused with a complete response that no cache keeps', async () => {
    const tcp = await RawTcp.open(app());
    const fields = [...handshakeFields(app().host), ['Authorization', 'Bearer a.b.c'] as const];
    tcp.write(requestHead({ target: '/echo', fields }));
    const response = await tcp.readResponse();
    expect(response.status).toBe(401);
    expect(fieldOf(response, 'connection')).toBe('close');
    expect(fieldOf(response, 'cache-control')).toBe('no-store');
    expect(fieldOf(response, 'content-length')).toBe(String(response.body.length));
  });
});

it('AN-03 MO-02 a mapping of the application that throws refuses, and its operator reads the error', async () => {
  const principal = ({ address }: Record<string, unknown>) => ({ id: (address as { name: string }).name });
  const app = await startApp({
    providers: [EchoGateway],
    options: {
      handshake: { origins: [APP_ORIGIN], limits: { backoff: { freeFailures: 1 } } },
      authentication: { jwt: { ...TEST_JWT, principal } },
    },
  });
  // No guess of the client's: however often, its address pays nothing.
  for (let i = 0; i < 4; i++)
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toMatchObject({ status: 401 });
  expect(app.events.ofType('ws.handshake.refused')[0]).toMatchObject({ failure: 'bad-mapping' });
  expect(app.log.lines.join('\n')).toContain("TypeError: Cannot read properties of undefined (reading 'name')");
});

it('AN-03 SL-09 a mapping that throws at a refresh refuses, keeps the connection, and its operator reads the error', async () => {
  let isBroken = false;
  const principal = ({ sub }: Record<string, unknown>) => {
    if (isBroken) throw new TypeError('the database is away');
    return { id: String(sub) };
  };
  const authentication = { jwt: { ...TEST_JWT, principal } };
  const app = await startApp({ providers: [EchoGateway], options: { authentication } });
  const client = await connect(`${app.url}/echo`, { token: app.token(), protocols: ['secure-ws.v1'] });
  isBroken = true;
  expect(await client.request('$auth', { token: app.token({ expiresInSeconds: 900 }) })).toMatchObject({
    data: { code: 'FORBIDDEN' },
  });
  expect(await client.request('echo', { text: 'still here' })).toMatchObject({ data: { text: 'still here' } });
  expect(app.log.lines.join('\n')).toContain('TypeError: the database is away');
});

it.each(['toString', 'nonsense'])('AN-10 a failure that no list has (%s) counts as a guess', async (word) => {
  class Careless extends WsAuthenticator {
    override readonly kind = 'careless';
    override accepts(): boolean {
      return true;
    }
    override authenticate(): never {
      throw new AuthenticationError(word as never);
    }
  }
  const app = await startApp({
    providers: [EchoGateway],
    options: {
      handshake: { origins: [APP_ORIGIN], limits: { backoff: { freeFailures: 1 } } },
      authentication: { authenticators: [new Careless()] },
    },
  });
  const statuses = [];
  for (let i = 0; i < 4; i++)
    statuses.push(((await handshake(`${app.url}/echo`, { token: `guess-${i}` })) as Refusal).status);
  expect(statuses[0]).toBe(401);
  expect(statuses).toContain(429);
});
