import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Post, Req } from '@nestjs/common';
import { SecureWsModule, WsChallengeService, WsProofOfWork } from '@secure-ws/nestjs';
import ts from 'typescript';
import { expect, it, onTestFinished } from 'vitest';
import { launchBrowser, newVisitor } from '../support/browser.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { RecordingSink } from '../support/recording-sink.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

@Controller()
class ChallengeController {
  constructor(private readonly challenges: WsChallengeService) {}

  @Post('ws-challenge')
  challenge(@Req() request: IncomingMessage): Promise<unknown> {
    return this.challenges.issue(request);
  }
}

const VENDOR = '/vendor/';
const altcha = dirname(createRequire(import.meta.url).resolve('altcha-lib')).replace(
  `${sep}cjs${sep}`,
  `${sep}esm${sep}`,
);

const imports = {
  'altcha-lib': `${VENDOR}index.js`,
  'altcha-lib/algorithms/web/pbkdf2': `${VENDOR}algorithms/web/pbkdf2.js`,
};

const HTML = `<!doctype html><title>A challenge</title>
<script type="importmap">${JSON.stringify({ imports })}</script>
<p id="state">Connecting</p>
<script type="module">
  import { connect } from '/page.js';
  const { url, token } = await (await fetch('/setting')).json();
  connect(url, token, (socket) => {
    socket.onmessage = ({ data }) => {
      state.textContent = data;
    };
    socket.send(JSON.stringify({ event: 'echo', data: { text: 'solved' }, id: 1 }));
  });
</script>`;

/** The script of the guide's page. */
async function guideScript(): Promise<string> {
  const guide = await readFile(new URL('../../docs/guide/challenge.md', import.meta.url), 'utf8');
  const [, source = ''] = /```ts\n\/\/ file: page\.ts\n([^]*?)```/.exec(guide) ?? [];
  return ts.transpile(source, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext });
}

/** Serves the page beside the routes of the application. */
async function pages(): Promise<(request: IncomingMessage, response: ServerResponse, next: () => void) => void> {
  const script = await guideScript();
  return ({ url = '/' }, response, next) => {
    const answer = (type: string, body: string): void => {
      response.setHeader('Content-Type', type).end(body);
    };
    if (url === '/') answer('text/html', HTML);
    else if (url === '/page.js') answer('text/javascript', script);
    else if (url.startsWith(VENDOR))
      answer('text/javascript', readFileSync(join(altcha, url.slice(VENDOR.length)), 'utf8'));
    else next();
  };
}

it('AN-10 a page in a browser is told of the challenge, solves it, and gets in', async () => {
  const sink = new RecordingSink();
  const middleware = await pages();
  const app: RunningApp = await startApp({
    providers: [EchoGateway],
    controllers: [ChallengeController],
    configure: (nest) => {
      nest.use(middleware);
      nest.use('/setting', (_request: IncomingMessage, response: ServerResponse) => {
        response.end(JSON.stringify({ url: `${app.url}/echo`, token: app.token() }));
      });
    },
    secureWs: SecureWsModule.forRoot({
      handshake: {
        // The port of the page is not known before it is served.
        dangerouslyAllowAnyOrigin: true,
        challenge: {
          verifier: new WsProofOfWork({ secret: 'a-secret-of-the-tests-for-challenges', cost: 100 }),
          ask: 'always',
        },
      },
      authentication: { jwt: TEST_JWT },
      events: { sinks: [sink] },
    }),
  });
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await (await newVisitor(browser)).newPage();
  await page.goto(app.httpUrl);
  await page.getByText('"text":"solved"').waitFor();
  expect(sink.ofType('ws.handshake.refused').map(({ reason }) => reason)).toEqual(['challenge']);
});
