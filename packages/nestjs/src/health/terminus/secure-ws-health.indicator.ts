import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { BootProblems } from '../../core/boot-problems.js';
import { OptionReader } from '../../core/option-reader.js';
import { SecureWsHealth } from '../secure-ws-health.js';

/** What {@link SecureWsHealthIndicator.isReady} tells and takes into account. */
export interface ReadinessOptions {
  /**
   * Whether the answer says what is wrong and how many connections there are. Whoever can ask learns it: leave it out where the
   * probe can be reached from outside (OWASP ASVS 5.0 13.4.5).
   *
   * @default false
   */
  readonly details?: boolean;
  /** Whether an overloaded process is `down`. @default false */
  readonly downWhenShedding?: boolean;
}

/**
 * The health of the gateways, for a health check of `@nestjs/terminus`. List it among the `providers` of the module that has the
 * health controller.
 *
 * @example
 * ```ts
 * @Get('ready')
 * @HealthCheck()
 * ready() {
 *   return this.checks.check([() => this.sockets.isReady('sockets')]);
 * }
 * ```
 */
@Injectable()
export class SecureWsHealthIndicator {
  /** Nest makes it, where it stands among the `providers`. */
  constructor(
    @Inject(SecureWsHealth) private readonly health: SecureWsHealth,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  /**
   * `up` while new connections should be sent here; `down` from the moment when the application is told to leave, before the first
   * connection is asked to go (`lifecycle.drainDelayMs`), and while the store or the sinks let nobody in.
   *
   * @param key what it is called in the answer.
   * @throws TypeError for options that there are not: a misspelt one would be off.
   */
  isReady<const Key extends string>(key: Key, options: ReadinessOptions = {}): HealthIndicatorResult<Key> {
    const { details: isDetailed, downWhenShedding } = readOptions(options);
    const { isReady, problems, connections } = this.health.report();
    const isDown = !isReady || (downWhenShedding && problems.includes('shedding'));
    const details: Record<string, unknown> = isDetailed ? { problems, connections } : {};
    const session = this.indicators.check(key);
    return isDown ? session.down(details) : session.up(details);
  }
}

function readOptions(options: ReadinessOptions): Required<ReadinessOptions> {
  const problems = new BootProblems();
  const reader = new OptionReader(options, 'isReady', problems);
  const read = reader.finish({
    details: reader.boolean('details', false),
    downWhenShedding: reader.boolean('downWhenShedding', false),
  });
  const [first] = problems.problems;
  if (first !== undefined) throw new TypeError(`SecureWsHealthIndicator, ${first.where} ${first.problem} ${first.fix}`);
  return read;
}
