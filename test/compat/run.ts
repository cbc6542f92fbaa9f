import { spawn } from 'node:child_process';

/** What a finished process left. */
export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], cwd: string): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, output: Buffer.concat(chunks).toString() });
    });
  });
}

/** As {@link run}. @throws Error with the output of a program that fails. */
export async function runOrThrow(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, output } = await run(command, args, cwd);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code} in ${cwd}:\n${output}`);
  return output;
}

/** The environment without what `npm run` and vitest add to it: npm would install into this repository instead. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const isAdded = (name: string): boolean =>
    /^(npm_config_local_prefix|npm_config_prefix|npm_package_.*|npm_lifecycle_.*|INIT_CWD|VITEST.*|NODE_ENV|NODE_OPTIONS)$/.test(
      name,
    );
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isAdded(name)));
}
