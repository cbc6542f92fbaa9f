import { AnswerTemplate, saysTooMany } from '../dialect/answer-template.js';
import type { Dialect } from '../dialect/dialect.js';

/** One refusal of hundreds may be for any reason. */
const MIN_OTHERWISE = 5;

/** What a few messages, one after the other, were answered: what many of them get is compared with it. */
export class FewMessages {
  /** The fewest and the most answers that one of them got. */
  readonly least: number;
  readonly most: number;
  /** Whether a limit was said to have been passed already. */
  readonly isLimited: boolean;
  /** Whether they are refused in one way, or not at all. */
  readonly isSteady: boolean;
  private readonly templates: readonly AnswerTemplate[];

  constructor(
    answers: readonly (readonly string[])[],
    private readonly dialect: Pick<Dialect, 'isRefusal'>,
  ) {
    const counts = answers.map(({ length }) => length);
    this.least = Math.min(...counts);
    this.most = Math.max(...counts);
    const refusals = answers.flat().filter((answer) => dialect.isRefusal(answer));
    this.isLimited = refusals.some(saysTooMany);
    const template = refusals.length === 0 ? undefined : AnswerTemplate.of(refusals);
    this.isSteady = refusals.length === 0 || template !== undefined;
    this.templates = template === undefined ? [] : [template];
  }

  /** Whether some of many answers refuse what these did not, or in another way. */
  areRefusedOtherwise(answers: readonly string[]): boolean {
    const refusals = answers.filter((answer) => this.dialect.isRefusal(answer));
    if (refusals.some(saysTooMany)) return true;
    // References in each refusal, of a length of their own, would all be another way.
    if (!this.isSteady) return false;
    const others = refusals.filter((refusal) => !this.templates.some((template) => template.fits(refusal)));
    return others.length >= MIN_OTHERWISE;
  }
}
