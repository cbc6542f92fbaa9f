import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder with an audit trail and the keys that it is signed and verified with. It ends with the test. */
export interface AuditFolder {
  readonly folder: string;
  /** The file that is written to. */
  readonly path: string;
  readonly privateKey: string;
  /** The path of the public key. */
  readonly publicKey: string;
  readonly at: (name: string) => string;
  /** The files of the trail, the oldest first. */
  readonly files: () => string[];
  /** Writes a key of its own. @returns its private half. */
  readonly otherKey: () => string;
}

export function auditFolder(): AuditFolder {
  const folder = mkdtempSync(join(tmpdir(), 'secure-ws-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string): string => join(folder, name);
  const { privateKey, publicKey } = keyPair();
  writeFileSync(at('public.pem'), publicKey);
  return {
    ...{ folder, at, privateKey, path: at('audit.jsonl'), publicKey: at('public.pem') },
    files: () => readdirSync(folder).filter((name) => name.endsWith('.jsonl')).sort().map(at), // prettier-ignore
    otherKey: () => keyPair().privateKey,
  };
}

/** The lines of a file, without their ends. */
export function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

/** Puts lines in place of those of a file. */
export function rewrite(path: string, change: (lines: string[]) => readonly string[]): void {
  writeFileSync(path, change(linesOf(path)).map((line) => `${line}\n`).join('')); // prettier-ignore
}

function keyPair(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    publicKey: String(publicKey.export({ format: 'pem', type: 'spki' })),
  };
}
