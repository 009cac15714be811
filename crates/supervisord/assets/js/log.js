// The log of a page as it grows: lines come over the stream and are added to those that the server has sent. Bounded,
// whatever a program prints; following is left by scrolling up and taken up again at the end.
import { Style, runs } from './ansi.js';

/** Lines in the document; the oldest go. */
const MOST = 2400;
/** Lines that are added a second; of more, the newest. */
const RATE = 2000;

export class LogView {
  #box; #told; #lines = new Lines(); #waiting = []; #passed = 0; #frame = 0; #second = 0; #inSecond = 0;
  isFollowing = true;

  /** `box`: the element with the lines. `told(isFollowing, unseen)`: after each change. */
  constructor(box, told) {
    this.#box = box;
    this.#told = told;
    box.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.toEnd();
  }

  /** A frame of the stream; false: it is none of a log. */
  take(name, data) {
    if (name === 'log') this.#text(data);
    else if (name === 'gap') this.#gap(data);
    else return false;
    return true;
  }

  #text(data) {
    this.#waiting.push(...this.#lines.push(data.text));
    this.#bound();
    this.#soon();
  }

  #gap(data) {
    const words = {
      slow: `${data.to - data.from} bytes passed too fast to be shown`, rotated: 'rotated here', cleared: 'cleared here',
      truncated: 'cut off here',
    };
    this.#waiting.push(...this.#lines.flush(), { note: words[data.reason] ?? data.reason });
    this.#soon();
  }

  toEnd() {
    this.isFollowing = true;
    this.#box.scrollTop = this.#box.scrollHeight;
    this.#tell();
  }

  #unseen = 0;

  #bound() {
    const now = Math.floor(performance.now() / 1000);
    if (now !== this.#second) [this.#second, this.#inSecond] = [now, 0];
    const room = Math.max(0, RATE - this.#inSecond);
    const excess = this.#waiting.length - Math.max(room, 100);
    if (excess > 0) {
      this.#passed += excess;
      this.#waiting.splice(0, excess);
    }
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#show(); });
  }

  #show() {
    const some = document.createDocumentFragment();
    if (this.#passed > 0) some.append(note(`${this.#passed} lines passed`));
    for (const line of this.#waiting) some.append(line.note === undefined ? node(line) : note(line.note));
    const added = this.#waiting.length;
    this.#inSecond += added;
    this.#waiting = [];
    this.#passed = 0;
    this.#box.append(some);
    this.#drop();
    this.#unseen = this.isFollowing ? 0 : this.#unseen + added;
    if (this.isFollowing) this.#box.scrollTop = this.#box.scrollHeight;
    this.#tell();
  }

  /** The oldest lines go; what is seen stays where it is. */
  #drop() {
    const excess = this.#box.childElementCount - MOST;
    if (excess <= 0) return;
    const before = this.#box.scrollHeight;
    const [top, follows] = [this.#box.scrollTop, this.isFollowing];
    for (let left = excess; left > 0; left -= 1) this.#box.firstElementChild.remove();
    if (!follows) this.#box.scrollTop = Math.max(0, top - (before - this.#box.scrollHeight));
  }

  #scrolled() {
    const isAtEnd = this.#box.scrollTop + this.#box.clientHeight >= this.#box.scrollHeight - 24;
    if (isAtEnd === this.isFollowing) return;
    this.isFollowing = isAtEnd;
    if (isAtEnd) this.#unseen = 0;
    this.#tell();
  }

  #tell() {
    this.#told?.(this.isFollowing, this.#unseen);
  }
}

/** A line as the server makes them. */
function node(line) {
  const row = document.createElement('div');
  if (line.level) row.className = line.level;
  const text = document.createElement('span');
  text.className = 'text';
  for (const run of line.runs) {
    if (run.classes === '' && run.rgb === '') {
      text.append(run.text);
      continue;
    }
    const part = document.createElement('span');
    part.className = run.classes;
    part.textContent = run.text;
    if (run.rgb) part.style.setProperty('color', run.rgb);
    text.append(part);
  }
  if (line.omitted > 0) text.append(` … ${line.omitted} characters more`);
  row.append(text);
  return row;
}

function note(words) {
  const row = document.createElement('div');
  row.className = 'note';
  row.textContent = words;
  return row;
}

/** A line of more characters is shown by its beginning. */
const LONGEST = 8192;
const BAD = new Set(['ERROR', 'ERR', 'ERRO', 'FATAL', 'CRIT', 'CRITICAL', 'PANIC']);
const WARN = new Set(['WARN', 'WARNING']);

export class Lines {
  #style = new Style();
  #begun = '';
  #omitted = 0;

  /** Takes in text; gives the lines that are complete now, as `{ level, runs, omitted }`. */
  push(text) {
    const pieces = text.split('\n');
    const last = pieces.pop();
    const done = pieces.map((piece) => this.#end(piece));
    this.#begin(last);
    return done;
  }

  /** The line that has no end yet, or nothing. */
  flush() {
    return this.#begun === '' ? [] : [this.#end('')];
  }

  #begin(text) {
    const room = Math.max(0, LONGEST - this.#begun.length);
    this.#begun += text.slice(0, room);
    this.#omitted += Math.max(0, text.length - room);
  }

  #end(text) {
    this.#begin(text);
    const [line, omitted] = [this.#begun.replace(/\r+$/, ''), this.#omitted];
    this.#begun = '';
    this.#omitted = 0;
    const rewritten = line.lastIndexOf('\r');
    // What was overwritten may have set a colour that goes on.
    if (rewritten >= 0) runs(line.slice(0, rewritten), this.#style);
    const shown = runs(line.slice(rewritten + 1), this.#style);
    return { level: level(shown), runs: shown, omitted };
  }
}

/** Words in the first 64 characters that say how bad it is: `bad`, `warn` or nothing. */
export function level(shown) {
  let beginning = '';
  for (const run of shown) {
    if (beginning.length >= 64) break;
    if (run.classes !== 'ctl') beginning += run.text;
  }
  const words = beginning.slice(0, 64).toUpperCase().split(/[^\p{L}\p{N}]+/u);
  if (words.some((word) => BAD.has(word))) return 'bad';
  return words.some((word) => WARN.has(word)) ? 'warn' : '';
}
