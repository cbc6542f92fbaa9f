import { Logger } from '@nestjs/common';

/**
 * Logs exceptions of the application with their stack, for its operator. Security events never carry them: an exception's
 * text may hold what a client sent.
 */
export class FaultLog {
  readonly #logger = new Logger('SecureWs');

  /** Writes one line of JSON, whatever line breaks the exception's text has. */
  write(where: string, correlationId: string, exception: unknown): void {
    this.#logger.error(JSON.stringify({ where, correlationId, exception: describe(exception) }));
  }
}

function describe(exception: unknown): string {
  try {
    return exception instanceof Error ? (exception.stack ?? exception.message) : `a thrown ${typeof exception}`;
  } catch {
    // A getter of the exception's own that throws.
    return 'an exception that cannot be read';
  }
}
