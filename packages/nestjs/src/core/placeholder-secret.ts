/**
 * The words that example configurations and word lists of attack tools (`jwt_tool`, `hashcat`) are made of. A secret that
 * consists of nothing else is in those lists or one guess away.
 */
const WORDS = (
  'a access admin app apikey at auth authentication backend be before better bit bits bytes change changed changeit changeme ' +
  'chat client code company default demo deploy dev development do dont dummy encryption env example fake foo bar baz for ' +
  'guest hash here hmac hs i important in insert into is it json jwt key keys least letmein local localhost long longer me ' +
  'more most must my mysecret needs nest nestjs node not of one only or pass passphrase passw password please private prod ' +
  'production public random real remember replace replaceme root sample secret secretkey secure session shared should sign ' +
  'signing some something string strong super supersecret test testing than that the then this to todo token top ultra use ' +
  'user valid value very web with word xxx you your qwerty qwertyuiop asdfghjkl zxcvbnm abc abcd abcdef abcdefgh ' +
  'abcdefghijklmnopqrstuvwxyz'
).split(' ');

const LONGEST_WORD = Math.max(...WORDS.map((word) => word.length));
const DICTIONARY: ReadonlySet<string> = new Set(WORDS);

/**
 * The least number of different bytes in a secret. 32 random hex digits have fewer than this once in a hundred million;
 * `aaaa...`, `secret` filled up with zeros or `01230123...` always have.
 */
const MIN_DIFFERENT_BYTES = 8;

/**
 * Whether a secret is a placeholder: made of example words only (`your-256-bit-secret`), the same with a filling behind
 * it, one pattern repeated, or of next to no variety (OWASP JWT cheat sheet, RFC 8725 section 3.5).
 */
export function isPlaceholderSecret(secret: Buffer): boolean {
  const text = secret.toString('latin1');
  return (
    new Set(secret).size < MIN_DIFFERENT_BYTES ||
    isRepetition(text) ||
    consistsOfWords(text) ||
    consistsOfWords(withoutFilling(text))
  );
}

/** Whether the text repeats a pattern at least twice, a cut last copy included. */
function isRepetition(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period += 1) {
    if (text.startsWith(text.slice(period))) return true;
  }
  return false;
}

/** Cuts a run of one character off the end, with which a short secret was brought to the required length. */
function withoutFilling(text: string): string {
  const last = text.at(-1);
  let end = text.length;
  while (end > 0 && text[end - 1] === last) end -= 1;
  return text.slice(0, end);
}

function consistsOfWords(text: string): boolean {
  const letters = text.toLowerCase().replaceAll(/[^a-z]/g, '');
  if (letters === '') return false;
  // Digits and signs between words add nothing, but a random secret of mostly digits is not made of words.
  if (letters.length * 2 < text.length) return false;
  const reachable = new Set([0]);
  for (let end = 1; end <= letters.length; end += 1) {
    for (let start = Math.max(0, end - LONGEST_WORD); start < end; start += 1) {
      if (!reachable.has(start) || !DICTIONARY.has(letters.slice(start, end))) continue;
      reachable.add(end);
      break;
    }
  }
  return reachable.has(letters.length);
}
