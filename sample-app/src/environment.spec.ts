import { describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.js';

describe('readEnvironment', () => {
  it.each([{}, { PORT: '', HTTP_PORT: '', HOST: '', DATABASE_URL: '', ACCOUNT_SERVER_PORT: '' }])(
    'has defaults',
    (variables) => {
      expect(readEnvironment(variables)).toEqual({
        databaseUrl: undefined,
        options: { port: 3443, httpPort: 3080, accountServerPort: 3090, demo: true },
      });
    },
  );

  it('reads what is set', () => {
    const variables = {
      PORT: '1',
      HTTP_PORT: '0',
      HOST: '::1',
      DATABASE_URL: 'postgres://x',
      ACCOUNT_SERVER_PORT: '2',
      DEMO: 'off',
    };
    expect(readEnvironment(variables)).toEqual({
      databaseUrl: 'postgres://x',
      options: { port: 1, httpPort: 0, host: '::1', accountServerPort: 2, demo: false },
    });
  });

  it.each(['x', '-1', '1.5', '65536'])('names the variable when PORT is %j', (PORT) => {
    expect(() => readEnvironment({ PORT })).toThrow('PORT must be a port');
  });
});
