import type { ChatAppOptions } from './chat-app.js';

/** What the environment says. */
export interface Environment {
  readonly databaseUrl: string | undefined;
  readonly options: Pick<ChatAppOptions, 'port' | 'httpPort' | 'host'> &
    Required<Pick<ChatAppOptions, 'accountServerPort' | 'demo'>>;
}

/**
 * Reads `PORT` (3443), `HTTP_PORT` (3080), `ACCOUNT_SERVER_PORT` (3090), `HOST` (127.0.0.1), `DATABASE_URL` and `DEMO` (on;
 * `off`: no demo users and no account server).
 *
 * @throws Error that names the variable that is wrong.
 */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const host = text(variables['HOST']);
  return {
    databaseUrl: text(variables['DATABASE_URL']),
    options: {
      port: port('PORT', variables['PORT'], 3443),
      httpPort: port('HTTP_PORT', variables['HTTP_PORT'], 3080),
      accountServerPort: port('ACCOUNT_SERVER_PORT', variables['ACCOUNT_SERVER_PORT'], 3090),
      demo: variables['DEMO'] !== 'off',
      ...(host === undefined ? {} : { host }),
    },
  };
}

function text(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function port(name: string, value: string | undefined, fallback: number): number {
  if (value === undefined || value === '') return fallback;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new Error(`${name} must be a port, 0 to 65535.`);
  }
  return number;
}
