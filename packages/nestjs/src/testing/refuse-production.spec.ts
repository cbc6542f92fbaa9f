import { afterEach, describe, expect, it, vi } from 'vitest';
import { refuseProduction } from './refuse-production.js';

describe('refuseProduction', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });

  it.each([{}, { NODE_ENV: 'test' }, { NODE_ENV: 'development' }])('passes in %j', (environment) => {
    expect(() => {
      refuseProduction(environment);
    }).not.toThrow();
  });

  it('keeps identities of tests out of production: the entry point cannot be imported there', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    await expect(import('./index.js')).rejects.toThrow('NODE_ENV is production');
  });

  it('stops what was imported before NODE_ENV was set', async () => {
    const { connect, SecureWsTestingModule } = await import('./index.js');
    vi.stubEnv('NODE_ENV', 'production');
    expect(() => SecureWsTestingModule.forRoot()).toThrow('NODE_ENV is production');
    await expect(connect('ws://127.0.0.1:1')).rejects.toThrow('NODE_ENV is production');
  });
});
