import { readTarget } from './loopback-target.js';
import { MAX_SECONDS, runAttack } from './run-attack.js';

const USAGE = `npm run demo:attack -- [https://localhost:3443] [seconds, at most ${MAX_SECONDS}]`;

async function main(args: readonly string[]): Promise<void> {
  const [url = `https://localhost:${process.env['PORT'] ?? '3443'}`, duration = '60'] = args;
  const seconds = Number(duration);
  if (args.length > 2 || !Number.isInteger(seconds) || seconds < 1 || seconds > MAX_SECONDS) throw new Error(USAGE);
  const target = await readTarget(url);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.stdout.write(`Attacking ${target.origin} on this machine for ${seconds} seconds. Ctrl+C ends it.\n`);
  const onWave = (line: string): void => void process.stdout.write(`  ${line}\n`);
  const seen = await runAttack(target, { seconds, onWave, signal: stop.signal });
  const lines = [...seen].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `  ${outcome}: ${count}`);
  process.stdout.write(`What became of it:\n${lines.join('\n')}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
