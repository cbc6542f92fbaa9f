/** A limit says so in one of these ways, whatever else it says. */
const TOO_MANY =
  /too[ _-]?many|throttl|rate[ _-]?(?:limit|exceeded)|(?:limit|quota)[ _-]?(?:exceeded|reached)|slow[ _-]?down|(?:status|code|error)\W{1,4}429\b/i;

/** What a number behind it is no counter. */
const NAMES_A_CODE = /(?:code|status|error|errno|reason|type)$/i;
const SHORT_NUMBER = /^:?-?\d{1,5}$/;
/** A limit is told in a few words: a document that has them somewhere says something else. */
const MAX_SENTENCE = 2000;

/** Whether a refusal is one for having asked too often. */
export const saysTooMany = (refusal: string): boolean => refusal.length <= MAX_SENTENCE && TOO_MANY.test(refusal);

/** An answer without the name that was asked for, where it stands as a word: many servers say it back. */
export function withoutName(answer: string, name: string | undefined): string {
  if (name === undefined || name === '') return answer;
  return answer.replace(new RegExp(`(?<!\\w)${name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}(?!\\w)`, 'g'), '#');
}

/**
 * What answers to one message have in common. What differs between them is noise: a reference, a counter, a time. It is found
 * out by asking more than once, for no expression tells the number of an error from that of a message.
 */
export class AnswerTemplate {
  /** `undefined` is noise. */
  private constructor(private readonly words: readonly (string | undefined)[]) {}

  /** Of answers to one message; `undefined` where they say different things. */
  static of(answers: readonly string[]): AnswerTemplate | undefined {
    const [first = [], ...others] = answers.map(wordsOf);
    if (others.some(({ length }) => length !== first.length)) return undefined;
    const words: (string | undefined)[] = [];
    for (const [index, word] of first.entries()) {
      const all = [word, ...others.map((other) => other[index] ?? '')];
      const isSame = all.every((each) => each === word);
      if (!isSame && !isNoise(all, first[index - 1])) return undefined;
      words.push(isSame ? word : undefined);
    }
    return new AnswerTemplate(words);
  }

  /** Whether two templates say the same, but for the noise of either. */
  isLike({ words }: AnswerTemplate): boolean {
    return words.length === this.words.length && this.words.every((word, index) => isAlike(word, words[index]));
  }

  /** Whether an answer is one more of these: also where a time or an id in it has been the same by chance. */
  fits(answer: string): boolean {
    const words = wordsOf(answer);
    return (
      words.length === this.words.length &&
      this.words.every((word, index) => isAlike(word, words[index]) || areValues(word ?? '', words[index] ?? ''))
    );
  }
}

const wordsOf = (answer: string): readonly string[] => answer.split(/[\s"',;{}[\]()]+/);

const isAlike = (one: string | undefined, other: string | undefined): boolean =>
  one === undefined || other === undefined || one === other;

/** Words that differ say different things, and so do two numbers of errors; all else with a digit in it is a value. */
function isNoise(words: readonly string[], before = ''): boolean {
  if (words.every((word) => SHORT_NUMBER.test(word)) && NAMES_A_CODE.test(before)) return false;
  return words.some(hasDigit);
}

const areValues = (one: string, other: string): boolean =>
  hasDigit(one) && hasDigit(other) && !(SHORT_NUMBER.test(one) && SHORT_NUMBER.test(other));

const hasDigit = (word: string): boolean => /\d/.test(word);
