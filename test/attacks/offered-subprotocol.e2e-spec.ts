import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { answerTo, expectWholeRefusal, goodFields, refusalOf, withField } from '../support/raw-handshake.js';
import { fieldOf, type RawResponse } from '../support/raw-response.js';
import { APP_ORIGIN, sharedApp } from '../support/start-app.js';

describe('the subprotocols that a client offers', () => {
  const app = sharedApp({ providers: [EchoGateway] });
  const offering = (...lists: readonly string[]) => ({
    fields: withField(goodFields(app()), 'Sec-WebSocket-Protocol', ...lists),
  });

  it.each<readonly [lists: readonly string[], answer: string | undefined]>([
    [[], undefined],
    [['json.v1'], 'json.v1'],
    [['secure-ws.v1'], 'secure-ws.v1'],
    [['evil-proto, json.v1'], 'json.v1'],
    [['evil-proto', 'json.v1'], 'json.v1'],
  ])('HS-10 offering %j are answered with %s', async (lists, answer) => {
    const response = await answerTo(app(), offering(...lists));
    expect(response.status).toBe(101);
    expect(fieldOf(response, 'sec-websocket-protocol')).toBe(answer);
    // Nothing is negotiated that was not asked for, and extensions never are.
    expect(fieldOf(response, 'sec-websocket-extensions')).toBeUndefined();
  });

  it.each([
    'evil-proto',
    'JSON.V1',
    'json.v2',
    'json.v1x',
    'json.v1;q=1',
    'json.v1, json.v1',
    'json.v1,,secure-ws.v1',
    'json.v1 secure-ws.v1',
    '"json.v1"',
    ',json.v1',
    '',
    'json.v1\u0080',
    ', '.repeat(5000),
    Array.from({ length: 17 }, (_, index) => `p${index}`).join(','),
    '__proto__',
    'constructor',
  ])('HS-10 HS-23 are refused where none is spoken here: %j', async (list) => {
    const response = await refusalOf(app(), offering(list));
    expectWholeRefusal(response, 400);
    expect(fieldOf(response, 'sec-websocket-protocol')).toBeUndefined();
  });

  const everything = ({ fields, body }: RawResponse): string => JSON.stringify(fields) + body.toString('latin1');

  it.each(['json.v1', 'secure-ws.v1'])(
    'HS-10 are answered without the token that stands among them: %s',
    async (own) => {
      for (const list of [`bearer.${app().token()}, ${own}`, `${own}, bearer.${app().token()}`]) {
        const fields = withField(offering(list).fields, 'Authorization');
        const response = await answerTo(app(), { fields: [...fields, ['Origin', APP_ORIGIN]] });
        expect(response.status).toBe(101);
        expect(fieldOf(response, 'sec-websocket-protocol')).toBe(own);
        expect(everything(response)).not.toContain('bearer');
      }
    },
  );

  it('HS-10 are refused where a token is all there is, which is not told back', async () => {
    const token = app().token();
    const fields = withField(offering(`bearer.${token}`).fields, 'Authorization');
    const response = await refusalOf(app(), { fields: [...fields, ['Origin', APP_ORIGIN]] });
    expectWholeRefusal(response, 400);
    expect(everything(response)).not.toContain(token);
  });

  it.each(['json.v1', 'secure-ws.v1'])('HS-10 OD-02 do not come back with a refusal: %s', async (own) => {
    const canary = 'canary0123456789';
    const fields = withField(offering(`bearer.${canary}, ${own}`).fields, 'Authorization');
    const response = await refusalOf(app(), { fields: [...fields, ['Origin', APP_ORIGIN]] });
    expect(response.status).toBe(own === 'json.v1' ? 401 : 101);
    expect(everything(response)).not.toContain(canary);
  });
});
