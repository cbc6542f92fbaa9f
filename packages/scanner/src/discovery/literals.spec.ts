import { describe, expect, it } from 'vitest';
import { endpointsOfAsyncApi } from './endpoints-of-async-api.js';
import { endpointsOfScript } from './endpoints-of-script.js';
import { readNamedHost } from './named-host.js';
import { scriptsOfPage, scriptsOfScript } from './scripts-of-page.js';

const PAGE = new URL('https://app.example.com/shop/');

describe('endpointsOfScript', () => {
  it.each<readonly [script: string, found: readonly string[]]>([
    ['new WebSocket("wss://live.example.com:8443/feed?v=1")', ['wss://live.example.com:8443/feed?v=1']],
    ['const u=`wss://${location.host}/chat`', ['wss://app.example.com/chat']],
    ['"ws" + s + "://" + window.location.host + "/api/feed"', ['wss://app.example.com/api/feed']],
    ["new WebSocket('/orders')", ['wss://app.example.com/orders']],
    ['createClient({url:"ws://api.example.com/graphql"})', ['ws://api.example.com/graphql']],
    ['consumer.connect("/cable")', ['wss://app.example.com/cable']],
    ['withUrl("/hubs/chat")', ['wss://app.example.com/hubs/chat']],
    ['new Socket("/socket")', ['wss://app.example.com/socket', 'wss://app.example.com/socket/websocket']],
    ['io("/admin")', ['wss://app.example.com/socket.io/?EIO=4&transport=websocket']],
    [
      'io(e,{path:"/realtime/",auth:t})',
      [
        'wss://app.example.com/realtime/?EIO=4&transport=websocket',
        'wss://app.example.com/socket.io/?EIO=4&transport=websocket',
      ],
    ],
    ['import("./wsx.js");fetch("/api/orders")', []],
    ['"ws://"', []],
  ])('of %s', (script, found) => {
    expect(endpointsOfScript(script, PAGE)).toEqual(expect.arrayContaining([...found]));
    if (found.length === 0) expect(endpointsOfScript(script, PAGE)).toEqual([]);
  });

  it.each(['<script ', 'location.host', '"/ws/', "'/a/a/a/a/a/a/a", 'wss://a', 'path:  "/', '<link href="'])(
    'is not kept busy by a page full of %j, nor finds without end',
    (part) => {
      const text = part.repeat(300_000);
      expect(endpointsOfScript(text, PAGE).length).toBeLessThanOrEqual(200);
      expect(scriptsOfPage(text, PAGE).length).toBeLessThanOrEqual(100);
    },
  );
});

describe('scriptsOfPage', () => {
  it('are those of tags, those that are loaded ahead, and the chunks that a script names', () => {
    const html = `<script type="module" crossorigin src="/assets/index-1a.js"></script><script src=old.js></script>
      <link rel="modulepreload" href="/assets/vendor-2b.js"><link rel="stylesheet" href="/a.css"><script>inline()</script>
      <script src="data:text/javascript,1"></script>`;
    expect(scriptsOfPage(html, PAGE).map(({ href }) => href)).toEqual([
      'https://app.example.com/assets/index-1a.js',
      'https://app.example.com/shop/old.js',
      'https://app.example.com/assets/vendor-2b.js',
    ]);
    const script = new URL('https://app.example.com/assets/index-1a.js');
    const chunks = scriptsOfScript('import("./Chat-3c.js");d=["assets/Room-4d.js"]', script, PAGE);
    expect(chunks.map(({ href }) => href)).toEqual([
      'https://app.example.com/assets/Chat-3c.js',
      'https://app.example.com/shop/assets/Room-4d.js',
    ]);
  });
});

describe('endpointsOfAsyncApi', () => {
  const withMany = (name: string): string =>
    JSON.stringify({
      asyncapi: '2.6.0',
      [name]: Object.fromEntries(Array.from({ length: 6000 }, (_, index) => [index, {}])),
    });

  it('are those of version 3, on its servers and on the host of the page', () => {
    const document = {
      asyncapi: '3.0.0',
      servers: {
        live: { host: 'live.example.com', pathname: '/v1', protocol: 'wss' },
        queue: { protocol: 'amqp', host: 'q' },
      },
      channels: { orders: { address: '/orders' }, room: { address: '/rooms/{id}' } },
    };
    expect(endpointsOfAsyncApi(JSON.stringify(document), PAGE)).toEqual([
      'wss://app.example.com/orders',
      'wss://live.example.com/v1/orders',
    ]);
  });

  it('are those of version 2', () => {
    const document = {
      asyncapi: '2.6.0',
      servers: { a: { url: 'a.example.com/ws', protocol: 'ws' }, b: { url: 'https://b.example.com', protocol: 'ws' } },
      channels: { chat: {} },
    };
    expect(endpointsOfAsyncApi(JSON.stringify(document), PAGE)).toEqual([
      'wss://app.example.com/chat',
      'ws://a.example.com/ws/chat',
    ]);
  });

  it.each([
    ['asyncapi: 3.0.0', 'save a document in YAML as JSON first'],
    ['{"openapi":"3.1.0"}', 'no "asyncapi" of version 2 or 3'],
    ['null', 'no "asyncapi"'],
    [withMany('servers'), 'it has 6000 servers, more than 100'],
    [withMany('channels'), 'it has 6000 channels, more than 1000'],
  ])('refuses %s', (content, says) => {
    expect(() => endpointsOfAsyncApi(content, PAGE)).toThrow(says);
  });
});

describe('readNamedHost', () => {
  it('SC-01 takes this machine, and another one after consent alone', () => {
    expect(readNamedHost('http://localhost:3000/a', { isAllowed: false })).toMatchObject({ host: 'localhost:3000' });
    expect(readNamedHost('wss://app.example.com', { isAllowed: true }).page.href).toBe('https://app.example.com/');
    expect(() => readNamedHost('https://app.example.com', { isAllowed: false })).toThrow('--i-am-allowed');
    expect(() => readNamedHost('file:///etc/passwd', { isAllowed: true })).toThrow('takes a page');
  });
});
