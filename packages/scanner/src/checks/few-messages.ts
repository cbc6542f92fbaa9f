import { AnswerTemplate, saysTooMany, withoutName } from '../dialect/answer-template.js';
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
    private readonly message: string,
    private readonly dialect: Pick<Dialect, 'isRefusal' | 'eventOf'>,
  ) {
    const counts = answers.map(({ length }) => length);
    this.least = Math.min(...counts);
    this.most = Math.max(...counts);
    const refusals = this.refusalsIn(answers.flat());
    this.isLimited = refusals.some(saysTooMany);
    const template = AnswerTemplate.of(refusals);
    this.isSteady = template !== undefined;
    this.templates = template === undefined || refusals.length === 0 ? [] : [template];
  }

  /** Whether some of many answers refuse what these did not, or in another way. */
  areRefusedOtherwise(answers: readonly string[]): boolean {
    const refusals = this.refusalsIn(answers);
    if (refusals.some(saysTooMany)) return true;
    // References in each refusal, of a length of their own, would all be another way.
    if (!this.isSteady) return false;
    const others = refusals.filter((refusal) => !this.templates.some((template) => template.fits(refusal)));
    return others.length >= MIN_OTHERWISE;
  }

  private refusalsIn(answers: readonly string[]): readonly string[] {
    const name = this.dialect.eventOf(this.message);
    return answers.filter((answer) => this.dialect.isRefusal(answer)).map((answer) => withoutName(answer, name));
  }
}
