import type { Confidence, Severity } from './check.js';

/** Something that a value does where it is not taken for data. */
export interface InjectionEffect {
  readonly what: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** Whether an answer shows it. What comes back in a refusal is no more than what was sent. */
  readonly isIn: (answer: string, isAnswered: boolean) => boolean;
  /** Of no meaning to anybody: where that is answered as well, nobody looks at what stands there. */
  readonly control?: unknown;
}

/** A value that stands in the place of a text or a number of a message. */
export interface Injection {
  readonly value: unknown;
  readonly effects: readonly InjectionEffect[];
}

const [ONE, OTHER] = [1337, 1331];
const PRODUCT = String(ONE * OTHER);
const MARKUP = '<img src=x onerror=secureWsScan>';
const TEMPLATES = `{{${ONE}*${OTHER}}} \${${ONE}*${OTHER}} <%= ${ONE}*${OTHER} %> #{${ONE}*${OTHER}}`;

/** Each tries several languages at once, so that few messages do. None of them changes anything where it works. */
export const INJECTIONS: readonly Injection[] = [
  {
    value: `'"\\;-- ${TEMPLATES} $(expr ${ONE} \\* ${OTHER}) ${MARKUP}`,
    effects: [
      {
        what: 'a template, or a command, was run',
        severity: 'critical',
        confidence: 'certain',
        isIn: (answer) => answer.includes(PRODUCT),
      },
      {
        // Right in JSON, where the page writes it as text: whether it does only the page knows.
        what: 'markup came back as it was',
        severity: 'low',
        confidence: 'tentative',
        isIn: (answer, isAnswered) => isAnswered && answer.includes(MARKUP),
      },
    ],
  },
  {
    value: '../../../../../../../../etc/passwd',
    effects: [
      {
        what: 'a file of the server came back',
        severity: 'critical',
        confidence: 'certain',
        isIn: (answer) => /\broot:[^:]*:0:0:/.test(answer),
      },
    ],
  },
  {
    value: { $gt: '' },
    effects: [
      {
        what: 'an operator of a database was taken for a value',
        severity: 'medium',
        confidence: 'tentative',
        isIn: (_, isAnswered) => isAnswered,
        control: { secureWsScan: '' },
      },
    ],
  },
];
