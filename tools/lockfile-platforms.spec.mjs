import { describe, expect, it } from 'vitest';
import { completeLockfile, platformOfName } from './lockfile-platforms.mjs';

describe('platformOfName', () => {
  it.each([
    { name: '@oxlint/binding-darwin-arm64', platform: { os: ['darwin'], cpu: ['arm64'] } },
    { name: '@oxlint-tsgolint/win32-x64', platform: { os: ['win32'], cpu: ['x64'] } },
    { name: '@oxlint/binding-win32-ia32-msvc', platform: { os: ['win32'], cpu: ['ia32'] } },
    { name: '@oxlint/binding-linux-x64-gnu', platform: { os: ['linux'], cpu: ['x64'], libc: ['glibc'] } },
    { name: '@oxlint/binding-linux-arm-musleabihf', platform: { os: ['linux'], cpu: ['arm'], libc: ['musl'] } },
    { name: '@oxlint-tsgolint/linux-arm64', platform: { os: ['linux'], cpu: ['arm64'] } },
    { name: '@oxlint/binding-wasm32-wasi', platform: undefined },
    { name: 'pg-native', platform: undefined },
    { name: 'arm64', platform: undefined },
  ])('reads $platform from $name', ({ name, platform }) => {
    expect(platformOfName(name)).toEqual(platform);
  });
});

describe('completeLockfile', () => {
  const parent = {
    version: '1.0.0',
    dev: true,
    optionalDependencies: { '@tool/linux-x64': '1.0.0', '@tool/darwin-x64': '1.0.0' },
  };
  const present = { version: '1.0.0', integrity: 'kept' };

  it('adds what npm left out and keeps what it wrote', () => {
    const { packages, added } = completeLockfile({
      'node_modules/tool': parent,
      'node_modules/@tool/linux-x64': present,
    });
    expect(added).toEqual(['@tool/darwin-x64']);
    expect(packages['node_modules/@tool/linux-x64']).toBe(present);
    expect(packages['node_modules/@tool/darwin-x64']).toEqual({
      version: '1.0.0',
      os: ['darwin'],
      cpu: ['x64'],
      dev: true,
      optional: true,
    });
    expect(completeLockfile(packages).added).toEqual([]);
  });

  it('adds nothing that it would have to guess', () => {
    const optionalDependencies = { 'pg-native': '1.0.0', '@tool/win32-x64': '^1.0.0' };
    expect(completeLockfile({ 'node_modules/tool': { optionalDependencies } }).added).toEqual([]);
  });
});
