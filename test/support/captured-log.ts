import type { LoggerService } from '@nestjs/common';

/** Takes the place of Nest's logger, and keeps each line with everything that was logged with it. */
export class CapturedLog implements LoggerService {
  readonly lines: string[] = [];

  log(...parts: unknown[]): void {
    this.#keep('log', parts);
  }

  error(...parts: unknown[]): void {
    this.#keep('error', parts);
  }

  warn(...parts: unknown[]): void {
    this.#keep('warn', parts);
  }

  debug(...parts: unknown[]): void {
    this.#keep('debug', parts);
  }

  verbose(...parts: unknown[]): void {
    this.#keep('verbose', parts);
  }

  fatal(...parts: unknown[]): void {
    this.#keep('fatal', parts);
  }

  #keep(level: string, parts: unknown[]): void {
    const texts = parts.map((part) => (part instanceof Error ? `${part.message}\n${part.stack}` : String(part)));
    this.lines.push(`${level} ${texts.join(' ')}`);
  }
}
