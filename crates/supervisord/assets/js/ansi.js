// What terminals obey, as classes and texts: colours are kept, all else is dropped or named. Nothing here makes markup.
const NAMES = ('NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS '
  + 'GS RS US').split(' ');

/** Controls, and what turns text around or takes no room. */
const SPECIAL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;
/** A longer sequence is text. */
const LONG = 4096;

/** How text looks, over lines too. */
export class Style {
  #weights = new Set();
  #colour = '';

  get classes() {
    return [...this.#weights, ...(this.#colour.startsWith('a') ? [this.#colour] : [])].join(' ');
  }

  /** A colour that is no class. */
  get rgb() {
    return this.#colour.startsWith('r') ? this.#colour : '';
  }

  /** SGR (ECMA-48 §8.3.117); grounds stay the page's own. */
  apply(parameters) {
    const numbers = parameters.split(/[;:]/).map((text) => Number.parseInt(text, 10) || 0).reverse();
    while (numbers.length > 0) {
      const number = numbers.pop();
      if (number === 0) {
        this.#weights.clear();
        this.#colour = '';
      } else if ([1, 2, 3, 4, 7].includes(number)) this.#weights.add(`a${number}`);
      else if (number === 22) ['a1', 'a2'].forEach((weight) => this.#weights.delete(weight));
      else if ([23, 24, 27].includes(number)) this.#weights.delete(`a${number - 20}`);
      else if ((number >= 30 && number < 38) || (number >= 90 && number < 98)) this.#colour = `a${number}`;
      else if (number === 38) this.#colour = colour(numbers);
      else if (number === 39) this.#colour = '';
      else if (number === 48) colour(numbers);
    }
  }
}

/** What follows 38: one of 256, or red, green, blue. */
function colour(numbers) {
  const kind = numbers.pop();
  const next = () => numbers.pop() ?? 0;
  if (kind === 2) return rgb([next(), next(), next()]);
  const number = kind === 5 ? next() : 0;
  if (number < 16) return `a${number < 8 ? 30 + number : 82 + number}`;
  if (number >= 232) return rgb(Array(3).fill(8 + (number - 232) * 10));
  const cube = number - 16;
  return rgb([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((step) => step && 55 + step * 40));
}

function rgb(parts) {
  return `rgb(${parts.map((part) => Math.min(255, part)).join(' ')})`;
}

/** Runs of one line: `{ text, classes, rgb }`; of what is no text the class is `ctl`, and the text its name. */
export function runs(line, style) {
  const all = [];
  const add = (text, classes, colour) => {
    const last = all[all.length - 1];
    if (text === '') return;
    if (last && last.classes === classes && last.rgb === colour && classes !== 'ctl') last.text += text;
    else all.push({ text, classes, rgb: colour });
  };
  let from = 0;
  SPECIAL.lastIndex = 0;
  for (let found = SPECIAL.exec(line); found; found = SPECIAL.exec(line)) {
    const at = found.index;
    add(line.slice(from, at), style.classes, style.rgb);
    const end = found[0] === '\u001b' ? sequence(line, at, style) : 0;
    if (end === 0) add(nameOf(found[0]), 'ctl', '');
    from = end || at + 1;
    SPECIAL.lastIndex = from;
  }
  add(line.slice(from), style.classes, style.rgb);
  return all;
}

/** Where a sequence ends; 0: it is none. */
function sequence(line, at, style) {
  const next = line[at + 1];
  const piece = line.slice(at, at + LONG);
  if (next === '[') {
    const found = /^\u001b\[([0-?]*)[ -/]*([@-~])/.exec(piece);
    if (found?.[2] === 'm') style.apply(found[1]);
    return found ? at + found[0].length : 0;
  }
  // Titles, links, clipboards: up to BEL or ESC \.
  if (next && ']PX^_'.includes(next)) {
    const found = /\u0007|\u001b\\/.exec(piece.slice(2));
    return found ? at + 2 + found.index + found[0].length : 0;
  }
  const found = /^\u001b[ -/]*[0-~]/.exec(piece);
  return found ? at + found[0].length : 0;
}

function nameOf(character) {
  const code = character.codePointAt(0);
  return NAMES[code] ?? (code === 127 ? 'DEL' : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`);
}
