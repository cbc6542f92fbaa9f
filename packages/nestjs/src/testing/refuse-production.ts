/**
 * Stops whoever loads the testing entry point into a production process: it admits identities that nobody proved.
 *
 * @throws Error where `NODE_ENV` is `production`.
 */
export function refuseProduction(environment: Readonly<Record<string, string | undefined>> = process.env): void {
  if (environment['NODE_ENV'] === 'production') {
    throw new Error(
      '@secure-ws/nestjs/testing admits identities of tests, and NODE_ENV is production: import it from tests only.',
    );
  }
}
