import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** A PostgreSQL server of Debian's, which listens on a socket in its own folder alone. */
export interface PostgresServer {
  /** The address of a database as one of its users. */
  url(user: string, database: string): string;
}

/** Starts one server for all tests of the suite that calls this. Ask for it inside a test, or in a later `beforeAll`. */
export function sharedPostgres(): () => PostgresServer {
  let folder = '';
  let program: ChildProcess | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'secure-ws-postgres-'));
    program = await start(folder);
  }, Infinity);
  afterAll(async () => {
    if (program?.exitCode === null) {
      program.kill('SIGINT');
      await once(program, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });
  return () => ({ url: (user, database) => `postgres://${user}@${encodeURIComponent(folder)}/${database}` });
}

async function start(folder: string): Promise<ChildProcess> {
  // PostgreSQL does not run as root, which containers are.
  const identity = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (identity.uid !== undefined && identity.gid !== undefined) chownSync(folder, identity.uid, identity.gid);
  const data = join(folder, 'data');
  const options = { ...identity, cwd: folder, env: { ...process.env, LC_ALL: 'C.UTF-8' } };
  execFileSync(join(programs(), 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], {
    ...options,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // -F: nothing of it must survive a power cut.
  const args = ['-D', data, '-k', folder, '-F', '-c', 'listen_addresses=', '-c', 'log_min_messages=log'];
  const program = spawn(join(programs(), 'postgres'), args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    program.stderr.on('data', (text: Buffer) => {
      said.push(text.toString());
      if (said.join('').includes('ready to accept connections')) resolve();
    });
    program.once('error', reject);
    program.once('exit', (code) => {
      reject(new Error(`PostgreSQL ended with ${code}: ${said.join('')}`));
    });
  });
  return program;
}

function idOf(kind: '-u' | '-g'): number {
  return Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
}

/** The newest that Debian has installed. @throws Error where there is none. */
function programs(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root)
    ? readdirSync(root)
        .map(Number)
        .sort((a, b) => b - a)
    : [];
  const found = versions
    .map((version) => join(root, String(version), 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
  if (found === undefined) throw new Error('PostgreSQL is not installed: node tools/ensure-postgres.mjs installs it.');
  return found;
}
