import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCertificate } from '../../sample-app/src/certificate/self-signed-certificate.js';
import { adapted, guideBlock } from './guide-page.js';

/** A program that the guide configures. */
export type ProxyProgram = 'nginx' | 'haproxy';

/** The field that the proxies write. */
export type ProxyHeader = 'x-forwarded-for' | 'forwarded';

/** How one proxy is set up. */
export interface ProxyShape {
  readonly program: ProxyProgram;
  readonly header: ProxyHeader;
  /** The port that it passes requests on to. */
  readonly upstream: number;
  /** The inner one of two speaks no TLS, and appends. @default 'outer' */
  readonly place?: 'outer' | 'inner';
  /** Where it listens. @default '127.0.0.1' */
  readonly host?: '127.0.0.1' | '::1';
  /** Whether the outer one speaks TLS. @default true */
  readonly tls?: boolean;
  /** Further changes of the configuration. */
  readonly changes?: readonly (readonly [what: string | RegExp, by: string])[];
  /** Further files, by the path that the configuration has for them. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A proxy that runs. */
export interface RunningProxy extends AsyncDisposable {
  readonly port: number;
}

/** The three lines of each configuration that the page has other ones for. */
const FIELD_LINES: Readonly<Record<ProxyProgram, RegExp>> = {
  nginx: /(?: {4}proxy_set_header (?:X-Forwarded-\w+|Forwarded) .*\n){3}/,
  haproxy: /(?: {2}http-request .*\n){3}/,
};

/**
 * Starts a proxy with the configuration of docs/guide/proxies.md. It inherits a socket that listens already, so that its
 * port is free for certain, and a client that comes before the proxy is ready waits.
 *
 * @throws Error where the program is not installed.
 */
export async function startProxy(shape: ProxyShape): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'secure-ws-proxy-'));
  const { cert, key } = await loadCertificate(undefined);
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'cert.pem'), `${cert}\n${key}`);
  const socket = createServer().listen(0, shape.host ?? '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  let text = shape.program === 'nginx' ? nginxConfig(shape, folder, port) : haproxyConfig(shape, folder);
  for (const [at, [path, content]] of Object.entries(shape.files ?? {}).entries()) {
    writeFileSync(join(folder, `file-${at}`), content);
    text = adapted(text, [[path, join(folder, `file-${at}`)]]);
  }
  const config = join(folder, 'proxy.conf');
  writeFileSync(config, text);
  const args = shape.program === 'nginx' ? ['-p', folder, '-e', 'stderr', '-c', config] : ['-db', '-f', config];
  const program = spawn(shape.program, args, {
    stdio: ['ignore', 'inherit', 'pipe', descriptorOf(socket)],
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin`, NGINX: '3;' },
  });
  const said: string[] = [];
  program.stderr?.on('data', (text: Buffer) => said.push(text.toString()));
  let isStopping = false;
  const ended = new Promise<void>((resolve, reject) => {
    program.once('error', (cause) => {
      reject(new Error(`${shape.program} is not installed: node tools/ensure-proxies.mjs installs it.`, { cause }));
    });
    program.once('exit', (code) => {
      if (isStopping) resolve();
      else reject(new Error(`${shape.program} ended with ${code}: ${said.join('')}`));
    });
  });
  await Promise.race([once(program, 'spawn'), ended]);
  socket.close();
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      isStopping = true;
      program.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The file descriptor of a server: Node has no public name for it. */
function descriptorOf(server: Server): number {
  const { _handle } = server as Server & { readonly _handle?: { readonly fd: number } };
  if (_handle === undefined) throw new Error('The server does not listen.');
  return _handle.fd;
}

/** Lays the other field, and what the inner proxy does otherwise, over the first configuration of a program. */
function configOf({ program, header, place = 'outer' }: ProxyShape): string {
  const extension = program === 'nginx' ? 'conf' : 'cfg';
  const first = guideBlock('proxies.md', `${program}.${extension}`);
  const variant = [place === 'inner' ? '-inner' : '', header === 'forwarded' ? '-forwarded' : ''].join('');
  if (variant === '') return first;
  const other = guideBlock('proxies.md', `${program}${variant}.${extension}`);
  const maps = /^map [^]*?^\}\n/m.exec(other)?.[0] ?? '';
  return maps + adapted(first, [[FIELD_LINES[program], other.replace(maps, '')]]);
}

function nginxConfig(shape: ProxyShape, folder: string, port: number): string {
  const isTls = shape.place !== 'inner' && shape.tls !== false;
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const http = adapted(configOf(shape), [
    ['listen 443 ssl;', `listen ${shape.host === '::1' ? '[::1]' : '127.0.0.1'}:${port}${isTls ? ' ssl' : ''};`],
    ['/etc/ssl/api.example.com.pem', `${folder}/cert.pem`],
    ['/etc/ssl/api.example.com.key', `${folder}/key.pem`],
    ['127.0.0.1:3000', `127.0.0.1:${shape.upstream}`],
    ...(shape.place === 'inner' ? ([['10.0.0.4', '127.0.0.1']] as const) : []),
    ...(shape.changes ?? []),
  ]);
  // Workers of another user could not enter the folder.
  const user = process.getuid?.() === 0 ? 'user root; ' : '';
  return `${user}daemon off; worker_processes 1; pid ${folder}/pid;
events {}
http { access_log off; ${paths.join(' ')}
${http}}
`;
}

function haproxyConfig(shape: ProxyShape, folder: string): string {
  const isTls = shape.place !== 'inner' && shape.tls !== false;
  return adapted(configOf(shape), [
    [
      'bind :443 ssl crt /etc/haproxy/api.example.com.pem alpn http/1.1',
      `bind fd@3${isTls ? ` ssl crt ${folder}/cert.pem alpn http/1.1` : ''}`,
    ],
    ['127.0.0.1:3000', `127.0.0.1:${shape.upstream}`],
    ...(shape.place === 'inner' ? ([['10.0.0.4', '127.0.0.1']] as const) : []),
    ...(shape.changes ?? []),
  ]);
}
