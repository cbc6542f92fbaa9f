import { describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.js';

describe('readEnvironment', () => {
  it.each([{}, { PORT: '', HTTP_PORT: '', HOST: '', DATABASE_URL: '', JWT_SECRET: '' }])(
    'has defaults',
    (variables) => {
      expect(readEnvironment(variables)).toEqual({
        databaseUrl: undefined,
        options: { port: 3443, httpPort: 3080, demo: true },
      });
    },
  );

  it('reads what is set', () => {
    const variables = {
      PORT: '1',
      HTTP_PORT: '0',
      HOST: '::1',
      DATABASE_URL: 'postgres://x',
      JWT_SECRET: 's',
      DEMO: 'off',
    };
    expect(readEnvironment(variables)).toEqual({
      databaseUrl: 'postgres://x',
      options: { port: 1, httpPort: 0, host: '::1', tokenSecret: 's', demo: false },
    });
  });

  it.each(['x', '-1', '1.5', '65536'])('names the variable when PORT is %j', (PORT) => {
    expect(() => readEnvironment({ PORT })).toThrow('PORT must be a port');
  });
});
