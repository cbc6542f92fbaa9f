import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StateDirectory } from '../state/state-directory.js';
import { loadCertificate } from './self-signed-certificate.js';

const DAY_MS = 86_400_000;

describe('what the app makes on first start', () => {
  let folder: string;
  let state: StateDirectory;

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'chat-state-')), 'data');
    state = new StateDirectory(folder);
  });

  afterEach(() => rm(join(folder, '..'), { recursive: true }));

  it('is a certificate for this machine that belongs to its key', async () => {
    const { cert, key } = await loadCertificate(undefined);
    const certificate = new X509Certificate(cert);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.subjectAltName).toContain('0:0:0:0:0:0:0:1');
    expect(certificate.checkHost('example.com')).toBeUndefined();
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.ca).toBe(false);
  });

  it('is kept, and readable by its owner only', async () => {
    const certificate = await loadCertificate(state);
    expect(await loadCertificate(state)).toEqual(certificate);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const files = await readdir(folder);
    expect(files.sort()).toEqual(['certificate-key.pem', 'certificate.pem']);
    for (const file of files) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  });

  it('is replaced a day before it ends, and when it cannot be read', async () => {
    const first = await loadCertificate(state);
    const later = await loadCertificate(state, Date.now() + 364.5 * DAY_MS);
    expect(later.cert).not.toBe(first.cert);
    await state.write('certificate.pem', 'nonsense');
    expect((await loadCertificate(state)).cert).toContain('BEGIN CERTIFICATE');
  });

  it('is replaced when it does not belong to its key', async () => {
    await loadCertificate(state);
    const stranger = await loadCertificate(undefined);
    await state.write('certificate-key.pem', stranger.key);
    const { cert, key } = await loadCertificate(state);
    expect(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))).toBe(true);
  });
});
