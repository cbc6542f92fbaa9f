import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMANDS = 'node_modules/@secure-ws/nestjs/dist/command';

/** How a command of the package ended. */
export interface CommandEnd {
  readonly status: number;
  readonly out: string;
  readonly notes: string;
}

/** The folder of an application, compiled as `nest build` would have done it. */
export interface CompiledApp {
  readonly folder: string;
  /** Runs `secure-ws` in the folder, as `npx` would. */
  readonly secureWs: (...args: string[]) => Promise<CommandEnd>;
  /** Runs several in one process, one after the other: starting Node takes longer than what most of them do. */
  readonly secureWsEach: (runs: readonly (readonly string[])[]) => Promise<readonly CommandEnd[]>;
  /** The names of the files that lie in the folder by now. */
  readonly written: () => Promise<readonly string[]>;
  /** Runs a script in the folder that finds the application as the commands do, in `withApplication`. */
  readonly script: (text: string) => Promise<CommandEnd>;
}

/** What an application is made of. */
export interface CompiledAppShape {
  /** By path: TypeScript is compiled, anything else is written as it is. */
  readonly files: Readonly<Record<string, string>>;
  /** @default 'module' */
  readonly type?: 'module' | 'commonjs';
  /** Where the packages that it uses are installed. @default this repository, whose packages are built */
  readonly home?: string;
}

/** Compiles an application into a folder of its own, which ends with the test. */
export async function compileApp({ files, type = 'module', home = ROOT }: CompiledAppShape): Promise<CompiledApp> {
  const command = (name: string): string => join(home, COMMANDS, name);
  if (!existsSync(command('secure-ws.js')))
    throw new Error('The packages are not built: run npm run build before these tests.');
  const folder = join(home, home === ROOT ? '.cache/commands' : '.commands', randomUUID());
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const written = { 'package.json': JSON.stringify({ private: true, type }), ...files };
  for (const [path, text] of Object.entries(written)) {
    const isSource = path.endsWith('.ts');
    const file = join(folder, isSource ? path.replace(/^(?:src\/)?(.*)\.ts$/, 'dist/$1.js') : path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, isSource ? compile(text, type) : text);
  }
  const loader = pathToFileURL(command('load-application.js')).href;
  return {
    folder,
    secureWs: (...args) => run([command('secure-ws.js'), ...args], folder),
    secureWsEach: async (runs) => {
      const { out, notes } = await run(
        ['--input-type=module', '-e', eachScript(command('run-command.js'), runs)],
        folder,
      );
      if (out === '') throw new Error(`The commands did not end: ${notes}`);
      return JSON.parse(out) as CommandEnd[];
    },
    written: () => readdir(folder),
    script: (text) =>
      run(['--input-type=module', '-e', `import { withApplication } from ${JSON.stringify(loader)};\n${text}`], folder),
  };
}

function eachScript(runner: string, runs: readonly (readonly string[])[]): string {
  return `
    import { runCommand } from ${JSON.stringify(pathToFileURL(runner).href)};
    const ends = [];
    for (const args of ${JSON.stringify(runs)}) {
      const [out, notes] = [[], []];
      const status = await runCommand(args, { out: (line) => out.push(line), note: (line) => notes.push(line) });
      ends.push({ status, out: out.join('\\n'), notes: notes.join('\\n') });
    }
    process.stdout.write(JSON.stringify(ends), () => process.exit());
  `;
}

function compile(source: string, type: 'module' | 'commonjs'): string {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: type === 'module' ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  });
  return outputText;
}

function run(args: readonly string[], cwd: string): Promise<CommandEnd> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 64 * 1024 * 1024 }, (error, out, notes) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ status, out, notes });
    });
  });
}
