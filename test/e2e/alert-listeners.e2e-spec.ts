import { Injectable, Scope, type Type } from '@nestjs/common';
import {
  OnSecurityAlert,
  OnSecurityEvent,
  SecureWsAlerts,
  type SecurityAlert,
  SecurityEvents,
} from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { startApp } from '../support/start-app.js';

@Injectable()
class Pager {
  readonly all: SecurityAlert[] = [];
  readonly drops: SecurityAlert[] = [];

  @OnSecurityAlert()
  onAny(alert: SecurityAlert): void {
    this.all.push(alert);
  }

  @OnSecurityAlert('audit-drops')
  onDrops(alert: SecurityAlert): Promise<void> {
    this.drops.push(alert);
    return Promise.reject(new Error('The pager is away.'));
  }
}

const away = (): never => {
  throw new Error('The pager is away.');
};

@Injectable()
class BrokenPager {
  @OnSecurityAlert()
  onAlert(): void {
    away();
  }
}

@Injectable()
class BrokenWatcher {
  @OnSecurityEvent('ws.alert.raised', 'ws.alert.ended')
  onAlert(): void {
    away();
  }
}

@Injectable({ scope: Scope.REQUEST })
class Forgotten {
  @OnSecurityAlert()
  onAlert(): void {
    // Nobody would call it.
  }
}

@Injectable()
class Misspelt {
  @OnSecurityAlert('audit-drop')
  onAlert(): void {
    // Nobody would call it.
  }
}

describe('@OnSecurityAlert()', () => {
  it('MO-09 hears of the rules that it names, or of all; one that rejects stops nobody', async () => {
    const app = await startApp({ providers: [EchoGateway, Pager], options: { alerts: {} } });
    const events = app.app.get(SecurityEvents);
    events.emit({ type: 'ws.audit.dropped', sink: 'Disk', dropped: 1, failed: 0 });
    events.emit({ type: 'ws.shedding.started', eventLoopDelayMs: 900, heapShare: 0.1 });
    await events.flush();
    const { all, drops } = app.app.get(Pager);

    expect(all.map(({ rule }) => rule)).toEqual(['audit-drops', 'shedding']);
    expect(drops.map(({ rule }) => rule)).toEqual(['audit-drops']);
    expect(app.app.get(SecureWsAlerts).active.map(({ rule }) => rule)).toEqual(['audit-drops', 'shedding']);
  });

  it.each<readonly [what: string, provider: Type]>([
    ['@OnSecurityAlert()', BrokenPager],
    ["@OnSecurityEvent('ws.alert.raised', 'ws.alert.ended')", BrokenWatcher],
  ])('MO-09 does not feed an alert with the alerts that it loses: %s', async (_what, provider) => {
    const clock = new FakeClock(Date.now());
    const app = await startApp({ providers: [EchoGateway, provider], options: { alerts: {} }, clock });
    const events = app.app.get(SecurityEvents);
    events.emit({ type: 'ws.audit.dropped', sink: 'Disk', dropped: 1, failed: 0 });
    // Alerts end by the clock, and so do the reports of what was lost.
    for (let minute = 0; minute < 30; minute++) {
      clock.advance(60_000);
      await events.flush();
    }

    expect(app.app.get(SecureWsAlerts).active).toEqual([]);
    expect(app.events.ofType('ws.alert.raised')).toHaveLength(1);
    expect(app.events.ofType('ws.audit.dropped')).toHaveLength(1);
    const sink = `${provider.name}.onAlert`;
    const lost = { sink, reason: 'not-taken', count: 1 };
    expect(app.events.ofType('ws.alert.lost')).toMatchObject([lost, lost]);
    expect(events.channels.find(({ name }) => name === sink)).toMatchObject({ dropped: 0, failed: 2 });
  });

  it('MO-03 hears of the end of what is under way when the application ends', async () => {
    const app = await startApp({ providers: [EchoGateway, Pager], options: { alerts: {} } });
    app.app.get(SecurityEvents).emit({ type: 'ws.shedding.started', eventLoopDelayMs: 900, heapShare: 0.1 });
    const { all } = app.app.get(Pager);
    await app.app.close();

    expect(all).toMatchObject([
      { type: 'ws.alert.raised', rule: 'shedding' },
      { type: 'ws.alert.ended', rule: 'shedding', because: 'shutdown' },
    ]);
  });

  it.each([
    ['no alerts', Pager, undefined, 'there are none'],
    ['a rule that there is not', Misspelt, {}, "'audit-drop', which no rule is called"],
    ['an instance for each request', Forgotten, {}, 'a new instance is made for each use'],
  ])('DP-02 with %s stops the boot', async (_, provider, alerts, problem) => {
    const options = alerts === undefined ? {} : { alerts };
    const problems = await bootProblems({ providers: [EchoGateway, provider], options });

    expect(problems).toContainEqual(
      expect.objectContaining({
        where: expect.stringMatching(`^${provider.name}\\.`) as string,
        problem: expect.stringContaining(problem) as string,
      }),
    );
  });
});
