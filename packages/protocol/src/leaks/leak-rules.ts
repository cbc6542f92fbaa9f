/** One thing that has no place in what a server sends. */
export interface LeakRuleShape {
  readonly id: string;
  /** What it means where it is found, for a reader of the report. */
  readonly means: string;
  /**
   * What it looks like in a text. Linear, for frames of a megabyte: a run of characters without a bound is entered at its
   * beginning alone (look-behind), every other one has a bound.
   */
  readonly text: RegExp;
  /** What more a match must be. */
  readonly confirm?: (match: string) => boolean;
  /** What the name of a field looks like whose value must not go out: in lower case, without `_`, `-` and blanks. */
  readonly field?: RegExp;
  /** Whether the finding itself must not be written to the log of a test run. */
  readonly isSecret?: true;
}

/** All of {@link findLeaks}, after the passive rules of ZAP (110001 to 110008) and of secret scanners. */
export const LEAK_RULES = [
  {
    id: 'stack-trace',
    means: 'an error went out with its stack, in place of a code and a correlation id',
    text: /[\w-]\.(?:[cm]?[jt]sx?|py|php|rb|go|java|cs)(?::\d{1,7}:\d{1,7}|:\d{1,7}\))|\bnode:[a-z_]{1,40}(?:\/[a-z_]{1,40}){0,4}:\d{1,7}:\d|\n {2,8}at \S|Traceback \(most recent call last\)/,
  },
  {
    id: 'runtime-error',
    means: 'the message of an error of the runtime or of the system went out',
    text: /\b(?:Type|Reference|Range|Syntax|Eval|URI|Aggregate)Error: |\bCannot read propert(?:y|ies) of |\bis not a function\b|\bis not iterable\b|\bE(?:CONNREFUSED|CONNRESET|NOTFOUND|NOENT|ACCES|ADDRINUSE|PIPE|HOSTUNREACH|TIMEDOUT|MFILE|PERM|AI_AGAIN)\b|\bUnexpected token .{1,20} in JSON\b/,
  },
  {
    id: 'file-path',
    means: 'where the server keeps its files',
    text: /(?<![\w.~)-])\/(?:usr\/(?:src|lib|local|share|bin)|var\/(?:www|lib|log|run|task|tmp|folders|app)|app\/(?:dist|src|build|lib)|(?:home|Users)\/[\w.-]{1,64}\/[\w.-]|etc\/[\w.-]|opt\/[\w.-]|srv\/[\w.-]|root\/[\w.-]|tmp\/[\w.-]|proc\/(?:self|\d))|\bnode_modules[/\\]|\bfile:\/\/\/|(?<!\w)[A-Za-z]:\\\w/,
  },
  {
    id: 'database',
    means: 'a statement, or an error, of a database or of its mapper went out',
    text: /\bSELECT\s[^;]{1,200}\sFROM\s|\bINSERT INTO\s|\bUPDATE\s[\w."`]{1,64}\sSET\s|\bDELETE FROM\s|\bSQLSTATE\b|\bSQLITE_[A-Z]{3}|\bORA-\d{5}\b|\bER_[A-Z]{2,20}_[A-Z_]{2,40}\b|\bE11000 duplicate key|\bduplicate key value violates\b|\bviolates (?:foreign key|unique|not-null|check) constraint\b|\bsyntax error at or near\b|\brelation "[^"]{1,64}" does not exist|\bYou have an error in your SQL syntax\b|\b(?:QueryFailed|EntityNotFound|MongoServer|MongoNetwork|Sequelize[A-Za-z]{0,40}|PrismaClient[A-Za-z]{0,40}|Driver)Error\b/,
  },
  {
    id: 'connection-string',
    means: 'the address of a database or a broker, or a URL with a password in it',
    text: /(?<![\w+.-])(?:(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|kafka|nats|ldaps?|memcached):\/\/[^\s"']|jdbc:[a-z]{2,20}:|[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"']{1,100}:[^\s/@"']{1,200}@)/i,
    isSecret: true,
  },
  {
    id: 'private-address',
    means: 'an address inside of the network: RFC 1918, 4193, 6598, link-local or loopback',
    text: /(?<![\w.:-])(?:(?:10|127)\.(?:\d{1,3}\.){2}|192\.168\.\d{1,3}\.|169\.254\.\d{1,3}\.|172\.(?:1[6-9]|2\d|3[01])\.\d{1,3}\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d{1,3}\.)\d{1,3}(?![\w-]|\.\d)|(?<![\w.:])(?:f[cd][0-9a-f]{2}|fe80):[0-9a-f:]{0,32}:[0-9a-f]{1,4}\b|(?<![\w.:])::1(?![\w.:])/i,
    /** An octet ends at 255: a version of four parts may look like an address. */
    confirm: (match) => match.includes(':') || match.split('.').every((octet) => Number(octet) <= 255),
  },
  {
    id: 'internal-host',
    means: 'the name of a machine or a service inside of the network',
    text: /\blocalhost:\d{2,5}\b|\.svc\.cluster\.local\b|(?:\/\/|@)[\w-]{1,63}(?:\.[\w-]{1,63}){0,3}\.(?:internal|local|lan|corp|intranet|localdomain)\b|(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){0,3}\.(?:internal|local|lan|corp|intranet|localdomain):\d{2,5}\b|(?<![\w.-])ip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}\b/i,
  },
  {
    id: 'token',
    means: 'a JSON Web Token, signed or encrypted: whoever reads it can act for its user',
    text: /(?<![\w-])eyJ[\w-]{5,}\.(?:eyJ[\w-]{5,}\.|[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+)|\bBearer [\w.~+/-]{16}/,
    isSecret: true,
  },
  {
    id: 'private-key',
    means: 'a private key in PEM, OpenSSH or PuTTY form',
    text: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\bPuTTY-User-Key-File-\d/,
    isSecret: true,
  },
  {
    id: 'service-key',
    means: 'a key of a cloud or of another service, or an API key of this package',
    text: /(?<![\w-])(?:(?:AKIA|ASIA)[A-Z0-9]{16}\b|AIza[\w-]{35}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22}|glpat-[\w-]{20}|xox[abeoprs]-[\w-]{10}|(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16}|whsec_[A-Za-z0-9+/]{16}|SG\.[\w-]{16,32}\.[\w-]{16}|sk-(?:ant-|proj-)?[\w-]{20}|npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30}|dop_v1_[0-9a-f]{32}|shpat_[0-9a-f]{32}|SK[0-9a-f]{32}\b)|\bAccountKey=[\w+/]{20}|_[0-9a-f]{16}_[0-9a-f]{72}\b/,
    isSecret: true,
  },
  {
    id: 'password-hash',
    means: 'the hash of a password, which can be tried against word lists',
    text: /\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}|\$argon2(?:id|i|d)\$|\$(?:scrypt|pbkdf2(?:-sha\d{1,3})?)\$|\$(?:1|5|6|y|7)\$[./A-Za-z0-9=]{1,32}\$[./A-Za-z0-9]{22}|\{S?SHA(?:256|512)?\}[A-Za-z0-9+/]{20}/,
    isSecret: true,
  },
  {
    id: 'secret-field',
    means: 'a field, or an assignment, whose name says that its value is secret',
    text: /(?<![\w-])(?:password|passwd|pwd|passphrase|secret|client_?secret|api_?key|access_?key|secret_?key|private_?key|access_?token|refresh_?token)=[^\s&;"'*]/i,
    field:
      /(?:password|passwd|pwd|passphrase|secret|apikey|accesskey|secretkey|privatekey|signingkey|encryptionkey|accesstoken|refreshtoken|idtoken|sessiontoken|bearertoken|authtoken|connectionstring|databaseurl|cvv|cvc|recoverycodes?)$|password(?:hash|salt|digest)|^(?:authorization|cookie|setcookie)$/,
    isSecret: true,
  },
  {
    id: 'card-number',
    means: 'the whole number of a payment card (its check digit is right)',
    text: /(?<![\w.-])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|65\d\d)([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ -]?)\d{6}\2\d{5})(?![\w-])/,
    /** Most numbers of that length are something else. */
    confirm: hasCheckDigit,
    isSecret: true,
  },
  {
    id: 'server-software',
    means: 'which software answers, and in which version: a list of its holes is public',
    text: /\b(?:nginx|Apache|Express|PHP|Node\.js|Kestrel|Microsoft-IIS|openresty|OpenSSL|Jetty|Tomcat)\/v?\d{1,4}\.\d/i,
  },
  {
    id: 'markup-comment',
    means: 'a comment of a page or a template, which was meant for those who wrote it',
    text: /<!--/,
  },
] as const satisfies readonly LeakRuleShape[];

/** The id of a rule of `findLeaks()`. */
export type LeakRuleId = (typeof LEAK_RULES)[number]['id'];

/** A rule of {@link LEAK_RULES}. */
export interface LeakRule extends LeakRuleShape {
  readonly id: LeakRuleId;
}

/** ISO/IEC 7812-1: every second digit from the right counts twice, and the sum ends with 0. */
function hasCheckDigit(match: string): boolean {
  const digits = match.replace(/\D/g, '');
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const counted = index % 2 === 0 ? digit : digit * 2;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
}
