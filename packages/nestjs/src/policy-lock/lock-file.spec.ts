import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compareLock } from './compare-lock.js';
import { lockText, readLockFile, writeLockFile } from './lock-file.js';
import type { PlainValue } from './plain-value.js';
import type { PolicyDocument, PolicyEndpoint, PolicyEvent } from './policy-document.js';

const DOCUMENT: PolicyDocument = {
  format: 1,
  settings: {},
  endpoints: [
    {
      path: '/admin',
      port: 0,
      origins: [],
      authenticators: [],
      settings: {},
      events: [
        {
          event: 'purge',
          handler: 'Admin.purge',
          module: 'AppModule',
          access: { all: [{ roles: ['admin'] }] },
          throttles: [],
          payload: null,
        },
      ],
    },
  ],
  schemas: {},
};

function lockPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'policy-lock-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return join(folder, 'secure-ws.lock.json');
}

const TEXT = lockText(DOCUMENT);

describe('the lock file', () => {
  it('comes back as it was written, in one text whatever the order of names', () => {
    const path = lockPath();
    writeLockFile(path, DOCUMENT);
    expect(readLockFile(path)).toEqual({ text: TEXT, document: DOCUMENT });
    expect(readdirSync(join(path, '..'))).toEqual(['secure-ws.lock.json']);
    const turned = Object.fromEntries(Object.entries(DOCUMENT).toReversed()) as unknown as PolicyDocument;
    expect(lockText(turned)).toBe(TEXT);
    expect(compareLock(path, turned)).toBeUndefined();
  });

  it('AZ-01 comes back with what lies deep in it, alternatives in alternatives and schemas in schemas', () => {
    const path = lockPath();
    const deep = (role: string, type: string): PolicyDocument => {
      const [endpoint] = DOCUMENT.endpoints as [PolicyEndpoint];
      const [event] = endpoint.events as [PolicyEvent];
      const leaf = {
        allOf: [{ anyOf: [{ allOf: [{ roles: [role] }, { scope: 'x' }] }, { scope: 'y' }] }, { scope: 'z' }],
      };
      let payload: PlainValue = { type };
      for (let level = 0; level < 12; level += 1) payload = { type: 'object', properties: { next: payload } };
      const access = { all: [{ anyOf: [leaf, { scope: 'w' }] }] };
      return { ...DOCUMENT, endpoints: [{ ...endpoint, events: [{ ...event, access, payload }] }] };
    };
    writeLockFile(path, deep('admin', 'string'));
    expect(compareLock(path, deep('admin', 'string'))).toBeUndefined();
    const kinds = (document: PolicyDocument) => compareLock(path, document)?.changes.map(({ kind }) => kind);
    expect(kinds(deep('guest', 'string'))).toEqual(['wider', 'narrower']);
    expect(kinds(deep('admin', 'number'))).toEqual(['other']);
  });

  it('may have the line ends of Windows', () => {
    const path = lockPath();
    writeFileSync(path, TEXT.replaceAll('\n', '\r\n'));
    expect(compareLock(path, DOCUMENT)).toBeUndefined();
  });

  it.each([
    // A person reads the first, a parser takes the last.
    ['a name twice', TEXT.replace('"roles": [', '"roles": ["nobody"], "roles": [')],
    ['an escape', TEXT.replace('"admin"', String.raw`"adm\u0069n"`)],
    ['another number', TEXT.replace('"port": 0', '"port": 0e9')],
    ['blanks', `${TEXT}\n`],
  ])('AZ-01 drifts by %s, though a parser reads the same', (_, text) => {
    const path = lockPath();
    writeFileSync(path, text);
    expect(text).not.toBe(TEXT);
    expect(compareLock(path, DOCUMENT)?.changes).toEqual([
      { kind: 'other', text: expect.stringContaining('somebody has edited it') as string },
    ]);
  });

  it('AZ-01 drifts by a role that somebody wrote into it, and shows nothing that a terminal obeys', () => {
    const path = lockPath();
    writeFileSync(path, TEXT.replace('"admin"', String.raw`"\u001b[2Jguest\u202e"`));
    expect(compareLock(path, DOCUMENT)?.changes).toEqual([
      { kind: 'wider', text: 'role admin may now call purge on /admin' },
      { kind: 'narrower', text: String.raw`role \u001b[2Jguest\u202e may no longer call purge on /admin` },
    ]);
  });

  it.each([
    ['no JSON', '{', /not JSON/],
    ['nothing', '', /not JSON/],
    ['another format', TEXT.replace('"format": 1', '"format": 2'), /not a policy lock/],
    ['no object', '[]', /not a policy lock/],
    ['null', 'null', /not a policy lock/],
    ['an endpoint without events', TEXT.replace('"events"', '"event"'), /not a policy lock/],
    ['an event without access', TEXT.replace('"access"', '"excess"'), /not a policy lock/],
    [
      'access that is inherited',
      TEXT.replace('"access": {', '"__proto__": { "access": {').replace('"throttles": [],', '"throttles": [] },'),
      /not (JSON|a policy lock)/,
    ],
    ['public that is not true', TEXT.replace(/"all": \[[^]*?\]\s*\}\s*\]/, '"public": "no"'), /not a policy lock/],
    ['a role that is no text', TEXT.replace('"admin"', '{}'), /not a policy lock/],
    [
      'lists in lists without end',
      `{"format":1,"settings":{},"schemas":{},"endpoints":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      /not a policy lock|not JSON/,
    ],
    [
      'demands in demands without end',
      TEXT.replace(
        '"roles": [\n                  "admin"\n                ]',
        `"anyOf": ${'[{"anyOf":'.repeat(50_000)}[]${'}]'.repeat(50_000)}`,
      ),
      /not a policy lock|not JSON|cannot be compared/,
    ],
  ])('AZ-01 is refused with %s', (_, text, message) => {
    const path = lockPath();
    writeFileSync(path, text);
    expect(text).not.toBe(TEXT);
    expect(() => compareLock(path, DOCUMENT)).toThrow(message);
  });

  it('AZ-01 is refused where it is missing, a link, a folder, a pipe or huge', () => {
    const path = lockPath();
    expect(() => readLockFile(path)).toThrow(
      /is missing\. Write it with `npx secure-ws policy --write --lock \S+secure-ws\.lock\.json`/,
    );
    const other = `${path}.other`;
    writeFileSync(other, TEXT);
    symlinkSync(other, path);
    expect(() => readLockFile(path)).toThrow(/is a link/);
    expect(() => {
      writeLockFile(path, { ...DOCUMENT, endpoints: [] });
    }).toThrow(/is a link/);
    expect(readFileSync(other, 'utf8')).toBe(TEXT);
    rmSync(path);
    mkdirSync(path);
    expect(() => readLockFile(path)).toThrow(/is a link, a folder/);
    rmSync(path, { recursive: true });
    execFileSync('/usr/bin/env', ['mkfifo', path]);
    expect(() => readLockFile(path)).toThrow(/is a link, a folder/);
    rmSync(path);
    writeFileSync(path, TEXT.padEnd(9 * 1024 * 1024, ' '));
    expect(() => readLockFile(path)).toThrow(/larger than/);
  });
});
