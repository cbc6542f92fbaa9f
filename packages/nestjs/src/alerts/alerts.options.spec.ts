import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import { type ResolvedAlertsOptions, resolveAlertsOptions } from './alerts.options.js';
import { WS_ALERT_RULES } from './shipped-rules.js';

const SECRET = `whsec_${Buffer.from('canary-Jf8_wq7Zk2Lm5Tn0Rb3Xd6YhVc9Ns4').toString('base64')}`;
const url = 'https://alerts.example.com/hook';

function resolve(alerts: unknown): { resolved: ResolvedAlertsOptions | undefined; problems: BootProblems } {
  const problems = new BootProblems();
  return { resolved: resolveAlertsOptions(new OptionReader({ alerts }, '', problems)), problems };
}

const RULE = { name: 'x', kind: 'threshold', events: ['ws.handshake.refused'], limit: 5, windowMs: 60_000 };
const SPIKE = { name: 'x', kind: 'spike', events: ['ws.*'], windowMs: 60_000, factor: 4, minEvents: 10 };
const RATIO = {
  ...{ name: 'x', kind: 'ratio', events: ['ws.handshake.refused'], limit: 0.5, minEvents: 10, windowMs: 60_000 },
  of: ['ws.handshake.*', 'ws.connection.opened'],
};
const ABSENCE = { name: 'x', kind: 'absence', events: ['ws.connection.opened'], windowMs: 60_000 };
const FIRST = { name: 'x', kind: 'first-seen', events: ['ws.handshake.refused'], value: 'origin', learnMs: 60_000 };
const MANY = { name: 'x', kind: 'many-networks', events: ['ws.connection.opened'], limit: 5, windowMs: 60_000 };

describe('resolveAlertsOptions', () => {
  it('watches nothing where nothing is said, and has the shipped rules for an empty object', () => {
    expect(resolve(undefined).resolved).toBeUndefined();
    const { resolved, problems } = resolve({});

    expect(problems.problems).toEqual([]);
    expect(resolved?.rules.map(({ name }) => name)).toEqual(Object.values(WS_ALERT_RULES).map(({ name }) => name));
    expect(resolved).toMatchObject({ quietMs: 300_000, maxKeys: 10_000, webhooks: [] });
  });

  it.each([RULE, SPIKE, RATIO, ABSENCE, FIRST, MANY])('takes a rule of kind $kind', (rule) => {
    const { resolved, problems } = resolve({ rules: [rule], quietMs: 7000 });

    expect(problems.problems).toEqual([]);
    expect(resolved?.rules).toMatchObject([{ name: 'x', kind: rule.kind, quietMs: 7000, severity: 'warning' }]);
  });

  it('never shows a rule alerts, also by a pattern that stands for them', () => {
    const { resolved } = resolve({ rules: [SPIKE] });

    expect([...(resolved?.rules[0]?.types ?? [])].filter((type) => type.startsWith('ws.alert'))).toEqual([]);
  });

  it.each<[what: string, rule: object, where: string, problem: string]>([
    ['no name', { ...RULE, name: undefined }, 'name', 'lower-case words'],
    ['a name with a line break', { ...RULE, name: 'a\nb' }, 'name', 'lower-case words'],
    ['a long name', { ...RULE, name: 'x'.repeat(65) }, 'name', 'lower-case words'],
    ['no kind', { ...RULE, kind: undefined }, 'kind', 'is missing'],
    ['an unknown kind', { ...RULE, kind: 'sum' }, 'kind', 'must be one of'],
    ['no events', { ...RULE, events: undefined }, 'events', 'at least one type'],
    ['an empty list of events', { ...RULE, events: [] }, 'events', 'at least one type'],
    ['events that are no list', { ...RULE, events: 'ws.*' }, 'events', 'must be a list'],
    ['a misspelt event', { ...RULE, events: ['ws.handshake.refusd'] }, 'events', "'ws.handshake.refusd', which no"],
    ['only alerts', { ...RULE, events: ['ws.alert.*'] }, 'events', "names 'ws.alert.*', which no rule sees"],
    ['lost alerts', { ...RULE, events: ['ws.alert.lost'] }, 'events', "names 'ws.alert.lost', which no rule sees"],
    [
      'alerts among others',
      { ...RULE, events: ['ws.audit.dropped', 'ws.alert.raised'] },
      'events',
      "names 'ws.alert.raised', which no rule sees",
    ],
    [
      'alerts in the whole of a ratio',
      { ...RATIO, of: ['ws.handshake.*', 'ws.connection.opened', 'ws.alert.ended'] },
      'of',
      "names 'ws.alert.ended', which no rule sees",
    ],
    ['a misspelt reason', { ...RULE, reasons: ['origin'] }, 'reasons', "'origin', which none"],
    ['a reason of another event', { ...RULE, reasons: ['json-syntax'] }, 'reasons', "'json-syntax', which none"],
    ['no reason', { ...RULE, reasons: [] }, 'reasons', 'is empty'],
    ['a misspelt failure', { ...RULE, failures: ['wrong'] }, 'failures', "'wrong', which none"],
    ['a failure of events that have none', { ...ABSENCE, failures: ['spent'] }, 'failures', 'never counts'],
    ['a misspelt name of OWASP', { ...RULE, owasp: ['authn_fail'] }, 'owasp', "'authn_fail', which none"],
    ['an unknown severity', { ...RULE, severity: 'high' }, 'severity', 'must be one of'],
    ['an unknown scope', { ...RULE, by: 'country' }, 'by', 'must be one of'],
    ['a scope that the events do not say', { ...RULE, events: ['ws.drain.*'], by: 'address' }, 'by', 'never counts'],
    ['no limit', { ...RULE, limit: undefined }, 'limit', 'is missing'],
    ['a limit of nothing', { ...RULE, limit: 0 }, 'limit', 'whole number of at least 1'],
    ['a limit that is none', { ...RULE, limit: NaN }, 'limit', 'whole number of at least 1'],
    ['no window', { ...RULE, windowMs: undefined }, 'windowMs', 'is missing'],
    ['a window of a blink', { ...RULE, windowMs: 10 }, 'windowMs', 'at least 1000'],
    ['a window of a year', { ...RULE, windowMs: 365 * 86_400_000 }, 'windowMs', 'at most 604800000'],
    ['a quiet while of a blink', { ...RULE, quietMs: 1 }, 'quietMs', 'at least 1000'],
    ['a field of another kind', { ...RULE, factor: 4 }, 'factor', 'has no effect'],
    ['a factor that is none', { ...SPIKE, factor: 1 }, 'factor', 'from 1.1 to 1000'],
    ['a limit of a spike', { ...SPIKE, limit: 5 }, 'limit', 'has no effect'],
    ['a share above one', { ...RATIO, limit: 50 }, 'limit', 'from 0.001 to 1'],
    ['a share of others', { ...RATIO, of: ['ws.connection.opened'] }, 'of', 'must name all of `events`'],
    ['a share of nothing', { ...RATIO, of: undefined }, 'of', 'is missing'],
    ['a window of what is learnt', { ...FIRST, windowMs: 1000 }, 'windowMs', 'has no effect'],
    ['a value that is none', { ...FIRST, value: 'ip' }, 'value', 'must be one of'],
    ['a value that the events do not have', { ...FIRST, events: ['ws.drain.started'] }, 'value', 'never counts'],
    ['a reason of events without', { ...FIRST, events: ['ws.drain.*'], value: 'reason' }, 'value', 'never sees'],
    ['more networks than are remembered', { ...MANY, limit: 65 }, 'limit', 'at most 64'],
    ['networks of events that have no principal', { ...MANY, events: ['ws.audit.*'] }, 'events', 'never counts'],
    ['a misspelt field', { ...RULE, windowMS: 1 }, 'windowMS', 'is not an option'],
  ])('DP-02 a rule with %s stops the boot', (_, rule, where, problem) => {
    const { problems } = resolve({ rules: [rule] }).problems;

    expect(problems).toContainEqual(
      expect.objectContaining({
        where: `alerts.rules[0].${where}`,
        problem: expect.stringContaining(problem) as string,
      }),
    );
  });

  it.each<[what: string, rule: object, fix: string]>([
    ['an event', { ...RULE, events: ['ws.mesage.refused'] }, "alerts.rules[0].events: ['ws.message.refused']"],
    ['events', { ...RULE, events: ['ws.mesage.*'] }, "alerts.rules[0].events: ['ws.message.*']"],
    ['a reason', { ...RULE, reasons: ['adress-rate'] }, "alerts.rules[0].reasons: ['address-rate']"],
    ['a failure', { ...RULE, failures: ['bad-signatur'] }, "alerts.rules[0].failures: ['bad-signature']"],
  ])('DP-02 %s that is misspelt is answered with the right one', (_, rule, fix) => {
    expect(resolve({ rules: [rule] }).problems.problems.map((problem) => problem.fix)).toEqual([fix]);
  });

  it('DP-02 a reason that is like none is answered with those that there are', () => {
    const [problem] = resolve({ rules: [{ ...RULE, reasons: ['csrf-is-unlike-any'] }] }).problems.problems;
    expect(problem?.fix).toMatch(/^those that there are: .*\baddress-rate\b/);
  });

  it.each<[what: string, alerts: unknown, where: string]>([
    ['alerts that are no object', true, 'alerts'],
    ['a misspelt option', { rule: [] }, 'alerts.rule'],
    ['rules that are no list', { rules: RULE }, 'alerts.rules'],
    ['no rules', { rules: [] }, 'alerts.rules'],
    ['two rules of one name', { rules: [RULE, { ...MANY }] }, 'alerts.rules[1].name'],
    ['hundreds of rules', { rules: Array.from({ length: 101 }, () => RULE) }, 'alerts.rules'],
    ['a few keys', { maxKeys: 1 }, 'alerts.maxKeys'],
    ['a million keys', { maxKeys: 1_000_000 }, 'alerts.maxKeys'],
    ['a webhook that is no list', { webhooks: { url, secret: SECRET } }, 'alerts.webhooks'],
    ['a webhook without an address', { webhooks: [{ secret: SECRET }] }, 'alerts.webhooks[0].url'],
    ['a webhook in the clear', { webhooks: [{ url: 'http://x.example', secret: SECRET }] }, 'alerts.webhooks[0].url'],
    [
      'an address with a password',
      { webhooks: [{ url: 'https://a:b@x.example', secret: SECRET }] },
      'alerts.webhooks[0].url',
    ],
    ['a webhook without a secret', { webhooks: [{ url }] }, 'alerts.webhooks[0].secret'],
    ['no secrets', { webhooks: [{ url, secret: [] }] }, 'alerts.webhooks[0].secret'],
    ['a variable that is not set', { webhooks: [{ url, secret: [SECRET, undefined] }] }, 'alerts.webhooks[0].secret'],
    ['a secret without its prefix', { webhooks: [{ url, secret: SECRET.slice(6) }] }, 'alerts.webhooks[0].secret'],
    [
      'a secret of another kind',
      { webhooks: [{ url, secret: `whapk_${btoa('x'.repeat(32))}` }] },
      'alerts.webhooks[0].secret',
    ],
    ['a short secret', { webhooks: [{ url, secret: `whsec_${btoa('x'.repeat(23))}` }] }, 'alerts.webhooks[0].secret'],
    [
      'a secret that is easy to guess',
      { webhooks: [{ url, secret: `whsec_${btoa('01234567890123456789012345678901')}` }] },
      'alerts.webhooks[0].secret',
    ],
    ['a long secret', { webhooks: [{ url, secret: `whsec_${btoa('x'.repeat(65))}` }] }, 'alerts.webhooks[0].secret'],
    ['a secret that lost a letter', { webhooks: [{ url, secret: SECRET.slice(0, -3) }] }, 'alerts.webhooks[0].secret'],
    [
      'a misspelt option of a webhook',
      { webhooks: [{ url, secret: SECRET, timeout: 1 }] },
      'alerts.webhooks[0].timeout',
    ],
  ])('DP-02 %s stops the boot', (_, alerts, where) => {
    expect(resolve(alerts).problems.problems.map((problem) => problem.where)).toContain(where);
  });

  it.each(['https://x.example', 'http://127.0.0.1:9', 'http://localhost:9', 'http://[::1]:9'])(
    'takes a webhook at %s, and never shows its secret',
    (address) => {
      const { resolved, problems } = resolve({ webhooks: [{ url: address, secret: [SECRET, SECRET] }] });

      expect(problems.problems).toEqual([]);
      expect(resolved?.webhooks[0]?.secrets).toHaveLength(2);
      expect(inspect(resolved, { depth: 9 }) + JSON.stringify(resolved)).not.toMatch(/canary|Y2FuYXJ5/);
    },
  );
});
