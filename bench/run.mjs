// Compiles what the benchmarks need, then hands the command line to bench/main.ts.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const benchFolder = dirname(fileURLToPath(import.meta.url));
const repository = dirname(benchFolder);
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

function runNode(...args) {
  // INIT_CWD is where the person stood when they called npm: --json FILE is meant relative to that.
  const { status } = spawnSync(process.execPath, args, {
    stdio: 'inherit',
    cwd: process.env.INIT_CWD ?? process.cwd(),
  });
  if (status !== 0) process.exit(status ?? 1);
}

// The servers are measured as published: compiled packages, compiled decorators, no transpiler in the process.
runNode(tsc, '-b', join(repository, 'packages', 'nestjs', 'tsconfig.build.json'));
runNode(tsc, '-p', join(benchFolder, 'tsconfig.json'));
runNode(join(benchFolder, 'dist', 'main.js'), ...process.argv.slice(2));
