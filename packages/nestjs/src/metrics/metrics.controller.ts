import { Controller, Get, Header, Inject, StreamableFile, type Type, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import { OwnRoute } from '../nest/own-route.js';
import { MetricsTokenGuard } from './metrics-token.guard.js';
import type { MetricsRoute } from './metrics-endpoint.options.js';
import { SecureWsMetrics } from './secure-ws-metrics.js';

/** Makes the controller that a scraper asks. */
export function createMetricsController({ path, guards }: MetricsRoute): Type {
  @UseGuards(MetricsTokenGuard, ...guards)
  // A scraper asks for one address, whichever version the API of the application has.
  @OwnRoute('metrics.endpoint.path')
  @Controller({ path, version: VERSION_NEUTRAL })
  class MetricsController {
    constructor(@Inject(SecureWsMetrics) private readonly metrics: SecureWsMetrics) {}

    @Get()
    @Header('Cache-Control', 'no-store')
    async scrape(): Promise<StreamableFile> {
      const text = await this.metrics.text();
      // The type is one that Express would change: it adds a charset of its own to whatever it takes for a text.
      return new StreamableFile(Buffer.from(text), { type: this.metrics.contentType });
    }
  }
  return MetricsController;
}
