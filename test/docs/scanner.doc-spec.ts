import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { JwtService } from '@nestjs/jwt';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { scan } from '@secure-ws/scanner';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { parse } from 'yaml';
import { CHECKS } from '../../packages/scanner/src/checks/registry.js';
import { DIFF_HELP } from '../../packages/scanner/src/command/run-diff-command.js';
import { DISCOVER_HELP } from '../../packages/scanner/src/command/run-discover-command.js';
import { POSTMAN_HELP } from '../../packages/scanner/src/command/run-postman-command.js';
import { PROXY_HELP } from '../../packages/scanner/src/command/run-proxy-command.js';
import { HELP } from '../../packages/scanner/src/command/run-scan-command.js';
import { readRules } from '../../packages/scanner/src/proxy/rules/read-rules.js';
import { boot, example } from './example.js';

const GUIDE = new URL('../../docs/guide/', import.meta.url);
const PAGES = readdirSync(GUIDE).filter((name) => /^scanner.*\.md$/.test(name));
const CHECKS_PAGE = readFileSync(new URL('scanner-checks.md', GUIDE), 'utf8');
const ALL_PAGES = PAGES.map((name) => readFileSync(new URL(name, GUIDE), 'utf8')).join('\n');
const ACCOUNT = '0f8fad5b-d9cb-469f-a165-70867728950e';

// It waits as long as the limit of handshakes says: the limits are those of the README.
it('SC-06 the quick start of the README gets an A', { timeout: 240_000 }, async () => {
  const { AppModule } = await example('README/app.module.ts', 'AppModule');
  const app = await boot(AppModule, { limits: 'as-configured' });
  const tokenOf = (sub: string, seconds: number): string =>
    new JwtService({ secret: process.env['JWT_SECRET'] ?? '' }).sign(
      { sub, scope: 'orders:write', exp: Math.floor(Date.now() / 1000) + seconds },
      { issuer: 'https://id.example.com', audience: 'orders' },
    );
  const order = { accountId: ACCOUNT, symbol: 'ACME', quantity: 3 };
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const result = await scan({
    target: `ws://127.0.0.1:${port}/orders`,
    origin: 'https://app.example.com',
    credentials: { token: tokenOf('alice', 3600) },
    other: { token: tokenOf('bob', 3600) },
    expired: { token: tokenOf('alice', -3600) },
    messages: [
      JSON.stringify({ event: 'order.place', data: order, id: 1 }),
      JSON.stringify({
        event: 'order.place',
        data: { ...order, accountId: '7c9e6679-7425-40de-944b-e07fc1f90ae7' },
        id: 2,
      }),
    ],
    settleMs: 100,
  });
  const idsOf = (wanted: string): readonly string[] =>
    result.outcomes.filter(({ outcome }) => outcome === wanted).map(({ check }) => check);
  expect(idsOf('finding')).toEqual([]);
  // Who breaks frames or comes with forged tokens is kept away, and many messages meet the limit of messages: how much of these
  // is done before depends on the clock.
  const stopped = [
    'crash',
    'broken-frames',
    'forged-token',
    'injection',
    'prototype-keys',
    'deep-nesting',
    'error-leaks',
  ];
  expect(idsOf('not-tested').filter((id) => !stopped.includes(id))).toEqual([
    // Over TLS alone, with a cookie, or with an option of their own.
    ...['plaintext', 'certificate', 'old-tls', 'strict-transport', 'token-expiry'],
    ...['cross-site-cookie', 'missing-origin', 'cookie-attributes', 'declared-access', 'replay', 'token-claims'],
    ...['message-rate', 'decompression-bomb', 'idle-connections', 'slow-reader', 'log-out'],
  ]);
  expect(result.grade).toMatchObject({ letter: 'A', points: 100 });
});

it('SC-03 the page says what each check means, and no other', () => {
  const described = [...CHECKS_PAGE.matchAll(/^### ([a-z-]+)$/gm)].map(([, id]) => id);
  expect(described).toEqual(CHECKS.map(({ id }) => id));
  for (const { id, severity, cwe, asvs, requirements } of CHECKS) {
    const [, section = ''] = CHECKS_PAGE.split(`\n### ${id}\n`);
    expect(section.split('\n### ')[0]).toContain(
      `${severity[0]?.toUpperCase()}${severity.slice(1)} · ${requirements.join(', ')} · CWE-${cwe} · ASVS 5.0 ${asvs}`,
    );
  }
});

it('SC-03 the pages name every option of the command', () => {
  const options = new Set(`${HELP} ${DISCOVER_HELP} ${POSTMAN_HELP}`.match(/--[a-z-]+/g));
  expect([...options].filter((option) => !ALL_PAGES.includes(`\`${option}`))).toEqual([]);
});

/** The code of a page in one language. */
function codeOf(page: string, language: string): readonly string[] {
  const text = readFileSync(new URL(page, GUIDE), 'utf8');
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, code = '']) => code);
}

it('SC-03 the workflow is one, the scripts are sh, and both use options that there are', () => {
  const [workflow = ''] = codeOf('scanner-ci.md', 'yaml');
  const { on, jobs } = parse(workflow) as { on: object; jobs: { scan: { steps: { run?: string }[] } } };
  expect(Object.keys(on)).toEqual(['pull_request', 'schedule']);
  const scripts = [...jobs.scan.steps.map(({ run = '' }) => run), ...PAGES.flatMap((page) => codeOf(page, 'sh'))];
  for (const script of scripts) execFileSync('sh', ['-n'], { input: script });
  const commands = scripts
    .flatMap((script) => script.replace(/\\\n/g, ' ').split('\n'))
    .filter((line) => line.includes('npx secure-ws-scan'));
  expect(commands.length).toBeGreaterThan(4);
  const known = new Set(`${HELP} ${DIFF_HELP} ${DISCOVER_HELP} ${POSTMAN_HELP} ${PROXY_HELP}`.match(/--[a-z-]+/g));
  for (const command of commands) {
    const options = command.slice(command.indexOf('secure-ws-scan')).match(/(?<= )--[a-z-]+/g) ?? [];
    expect(options.filter((option) => !known.has(option))).toEqual([]);
  }
});

it('SC-03 the rules of the page are rules, and it names what can be typed', () => {
  const [rules = ''] = codeOf('scanner-proxy.md', 'json');
  expect(readRules(rules).map(({ action }) => action.do)).toEqual(['break', 'drop', 'replace', 'delay', 'replay']);
  const page = readFileSync(new URL('scanner-proxy.md', GUIDE), 'utf8');
  const options = new Set(PROXY_HELP.match(/--[a-z-]+/g));
  expect(
    [...options, ...['f 12', 'd 12', 'e 12 ', 'r 12', 'b TEXT', 'u', 'l']].filter((one) => !page.includes(`\`${one}`)),
  ).toEqual([]);
});

it('SC-03 the script for ZAP raises an alert for each finding of a report', async () => {
  const [script = ''] = codeOf('scanner-tools.md', 'js');
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (client) => client.on('error', () => client.terminate()));
  const target = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const report = await scan({ target, limits: { connectionsPerSecond: 100 }, settleMs: 10, answerMs: 500 });
  for (const client of server.clients) client.terminate();
  server.close();
  const raised: Readonly<Record<string, unknown>>[] = [];
  // ZAP runs on Java: these stand for what the script takes of it.
  class Alert {
    [field: string]: unknown;
    constructor(
      readonly plugin: number,
      readonly risk: number,
      readonly confidence: number,
      readonly name: string,
    ) {
      for (const field of ['Description', 'Uri', 'Attack', 'Evidence', 'OtherInfo', 'Solution', 'CweId', 'Message']) {
        this[`set${field}`] = (value: unknown) => (this[field] = value);
      }
    }
  }
  const extension = { alertFound: (alert: Alert) => raised.push(alert) };
  const types: Readonly<Record<string, unknown>> = {
    'org.parosproxy.paros.core.scanner.Alert': Alert,
    'org.parosproxy.paros.control.Control': {
      getSingleton: () => ({ getExtensionLoader: () => ({ getExtension: () => extension }) }),
    },
    'org.zaproxy.zap.extension.alert.ExtensionAlert': { NAME: 'ExtensionAlert' },
    'java.nio.file.Files': { readString: () => JSON.stringify(report) },
    'java.nio.file.Paths': { get: (path: string) => path },
    'org.parosproxy.paros.network.HttpMessage': class {
      constructor(readonly uri: object) {}
    },
    'org.apache.commons.httpclient.URI': class {
      constructor(
        readonly text: string,
        readonly isEscaped: boolean,
      ) {}
    },
  };
  const printed: string[] = [];
  runInNewContext(script, {
    Java: { type: (name: string) => types[name] },
    print: (line: string) => printed.push(line),
  });
  const findings = report.outcomes.filter(({ outcome }) => outcome === 'finding');
  expect(findings.length).toBeGreaterThan(3);
  expect(printed).toEqual([`${findings.length} findings of ${target}`]);
  expect(raised.map(({ name, CweId }) => [name, CweId])).toEqual(findings.map(({ title, cwe }) => [title, cwe]));
  for (const { risk, confidence, Uri } of raised) {
    expect([risk, confidence, Uri]).toEqual([expect.any(Number), expect.any(Number), target.replace('ws', 'http')]);
  }
});

it('the example of the page gives a grade, or none where nobody listens', async () => {
  const { gradeOf } = (await example('scanner/scan-in-test.ts', 'gradeOf')) as unknown as {
    gradeOf: (target: string, token: string) => Promise<string | undefined>;
  };
  expect(await gradeOf('ws://127.0.0.1:1/', 'a-token')).toBeUndefined();
});
