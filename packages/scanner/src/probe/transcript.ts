/** Something that the target sent. */
export interface TranscriptEntry {
  /** Where it came: `message`, `close`, `answer to a handshake`. */
  readonly place: string;
  readonly text: string;
}

/** The largest message that a check sends, and its echo, and as much again. */
const MAX_CHARACTERS = 8_000_000;

/** What an entry costs besides its text: of empty ones there may be millions. */
const ENTRY_COST = 64;

/** All that was sent and received, for the rules that look for what has no place there. */
export class Transcript {
  private readonly seen: TranscriptEntry[] = [];
  private readonly said: string[] = [];
  private characters = 0;
  private wasCut = false;
  private last = 'a handshake';

  /** @param clean takes the credentials of the scan out: what is cut later would not be recognised as one. */
  constructor(private readonly clean: (text: string) => string) {}

  /** What came from the target, in its order. */
  get received(): readonly TranscriptEntry[] {
    return this.seen;
  }

  /** Whether more came than is kept. */
  get isCut(): boolean {
    return this.wasCut;
  }

  /** What the scan has sent last: where the target is gone, that did it. */
  get latest(): string {
    return this.last;
  }

  /** Whether the scan has sent a text by itself: an echo of it is no leak. */
  wasSent(text: string): boolean {
    return this.said.some((sent) => sent.includes(text));
  }

  receive(place: string, text: string): void {
    if (this.fits(text)) this.seen.push({ place, text: this.clean(text) });
  }

  /** @param what names it where it is not to be shown as it went out. */
  send(text: string, what = text): void {
    this.note(what);
    if (this.fits(text)) this.said.push(text);
  }

  /** Says in words what was sent that is no text. */
  note(what: string): void {
    this.last = what;
  }

  private fits({ length }: string): boolean {
    const cost = length + ENTRY_COST;
    if (this.characters + cost > MAX_CHARACTERS) this.wasCut = true;
    else this.characters += cost;
    return !this.wasCut;
  }
}
