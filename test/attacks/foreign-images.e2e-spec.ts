import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type PrincipalInput, WsHttpPrincipal } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { ask, operationsApp } from '../support/operations.js';
import { APP_ORIGIN, type RunningApp, startApp } from '../support/start-app.js';

const ECHO = { providers: [EchoGateway] };
const FILES = ['', '/main.js', '/page.css'];

/** What a browser says of requests that `<img>`, `<script>`, `<iframe>` or `fetch()` of another page makes. */
const FOREIGN = ['cross-site', 'same-site'].flatMap((site) =>
  ['image', 'script', 'empty', 'iframe'].map((target) => ({ 'Sec-Fetch-Site': site, 'Sec-Fetch-Dest': target })),
);

/** A navigation: `fetch()` of Node writes a mode of its own. @returns the status. */
async function navigate(app: RunningApp, path: string, user: string, fields: Record<string, string>): Promise<number> {
  const headers = { 'X-User': user, 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', ...fields };
  const [answer] = (await once(get(`${app.httpUrl}${path}`, { headers }), 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode ?? 0;
}

const asked: string[] = [];

class Noted extends WsHttpPrincipal {
  override resolve({ headers }: IncomingMessage): PrincipalInput | undefined {
    const [id = '', ...roles] = String(headers['x-user'] ?? '').split(' ');
    asked.push(id);
    return id === '' ? undefined : { issuer: 'shop', id, roles };
  }
}

describe.each(['express', 'fastify'] as const)('a foreign page that asks for the operations page, %s', (platform) => {
  it('OD-10 MO-03 raises no alert about its visitors with images', async () => {
    const app = await startApp(operationsApp({ ...ECHO, platform, options: { alerts: {} } }));
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' };
    for (let i = 0; i < 70; i++) await ask(app, `/operations?${i}`, 'alice user', { headers });
    const refused = app.events.ofType('ws.operator.refused').map(({ reason, principal }) => [reason, principal]);
    expect(refused).toEqual(Array(70).fill(['origin-not-allowed', undefined]));
    expect(app.events.ofType('ws.alert.raised')).toEqual([]);
  });

  it('OD-10 MO-03 raises none with a window that it leads there again and again', async () => {
    const app = await startApp(operationsApp({ ...ECHO, platform, options: { alerts: {} } }));
    const fields = { 'Sec-Fetch-Site': 'cross-site' };
    for (let i = 0; i < 30; i++) expect(await navigate(app, `/operations?${i}`, 'alice user', fields)).toBe(404);
    expect(new Set(app.events.ofType('ws.operator.refused').map(({ reason }) => reason))).toEqual(
      new Set(['origin-not-allowed']),
    );
    expect(app.events.ofType('ws.alert.raised')).toEqual([]);
  });

  it('OD-10 cannot tell an operator from anybody else, and nobody is asked who it is', async () => {
    const app = await startApp(operationsApp({ ...ECHO, platform }, { principal: Noted }));
    const told = async (path: string, user: string | undefined, headers: Record<string, string>, method = 'GET') => {
      const answer = await ask(app, path, user, { method, headers });
      const fields = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'etag');
      return JSON.stringify([answer.status, fields, await answer.text()]).replaceAll('operations', 'operationz');
    };
    asked.length = 0;
    for (const headers of FOREIGN) {
      for (const file of FILES) {
        const missing = await told(`/operationz${file}`, undefined, headers);
        for (const user of ['root admin', 'alice user', undefined]) {
          expect(await told(`/operations${file}`, user, headers)).toBe(missing);
        }
      }
      const post = { Origin: APP_ORIGIN, ...headers };
      expect(await told('/operations/ticket', 'root admin', post, 'POST')).toBe(
        await told('/operationz/ticket', undefined, post, 'POST'),
      );
    }
    expect(asked).toEqual([]);
  });

  it('OD-10 leaves the page to operators who type its address, follow a link, or look at it', async () => {
    const app = await startApp(operationsApp({ ...ECHO, platform }));
    for (const site of ['none', 'same-origin', 'cross-site', 'same-site']) {
      expect(await navigate(app, '/operations', 'root admin', { 'Sec-Fetch-Site': site })).toBe(200);
    }
    const own = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'script' };
    for (const headers of [own, {}]) {
      expect((await ask(app, '/operations/main.js', 'root admin', { headers })).status).toBe(200);
    }
    const framed = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'iframe' };
    expect(await navigate(app, '/operations', 'root admin', framed)).toBe(404);
  });
});
