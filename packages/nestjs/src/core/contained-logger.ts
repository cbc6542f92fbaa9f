import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';
import { isPromiseLike } from './awaitable.js';

/**
 * Nest's logger, for one of the application whose methods are asynchronous: TypeScript takes these for `void`, Nest drops
 * their promises, and one that rejects would end the process.
 */
export class ContainedLogger extends Logger {
  #written: Promise<unknown> | undefined;

  override get localInstance(): LoggerService {
    const logger = super.localInstance as LoggerService | undefined;
    // Without a logger Nest has none here either, whatever its type says.
    if (logger === undefined || logger.constructor === ConsoleLogger) return logger as unknown as LoggerService;
    return {
      log: (...line: [unknown, ...unknown[]]) => this.#contain(logger.log(...line)),
      warn: (...line: [unknown, ...unknown[]]) => this.#contain(logger.warn(...line)),
      error: (...line: [unknown, ...unknown[]]) => this.#contain(logger.error(...line)),
    };
  }

  /** @returns a promise where the logger of the application writes the line asynchronously. It rejects as that does. */
  write(level: 'log' | 'warn' | 'error', line: string): Promise<unknown> | undefined {
    this.#written = undefined;
    this[level](line);
    const written = this.#written;
    this.#written = undefined;
    return written;
  }

  #contain(written: unknown): void {
    if (!isPromiseLike(written)) return;
    // Through a promise of our own: the `then` of somebody else's may throw.
    this.#written = new Promise((resolve) => {
      resolve(written);
    });
    this.#written.catch(() => undefined);
  }
}
