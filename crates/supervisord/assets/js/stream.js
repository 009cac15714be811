// The one connection of a page: it brings what changes, gives its place back when nobody looks, goes on where it was, and
// says when the server does not answer.
import { below } from './dom.js';

/** Browsers have six connections to a server; so many of ours are streams. */
const STREAMS = 4;
/** A tab that is hidden for so long lets go. */
const HIDDEN = 20_000;
/** Beyond the heartbeat of 15 s. */
const SILENCE = 20_000;
const RETRIES = [1, 2, 5, 10, 30];
const POLL = 5_000;

export class Stream {
  #topics; #told; #abort; #release; #watch; #retry; #poll; #hide; #since;
  #frames = new Frames();
  #failures = 0;
  #lastByte = 0;

  /** `told`: frame(name, data), refresh, live, polling, offline(text). */
  constructor(topics, told) {
    this.#topics = topics;
    this.#told = told;
    document.addEventListener('visibilitychange', () => this.#visibility());
    addEventListener('online', () => this.#again());
    addEventListener('pagehide', () => this.close());
    addEventListener('pageshow', (event) => { if (event.persisted) this.#again(); });
  }

  async open() {
    if (this.#abort || this.#poll) return;
    const abort = new AbortController();
    this.#abort = abort;
    if (!await this.#take()) {
      this.#abort = undefined;
      this.#pollOn();
      return;
    }
    this.#lastByte = performance.now();
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#look(), 1_000);
    try {
      await this.#read(abort);
    } catch {
      // It is torn, or there is nobody.
    }
    if (this.#abort === abort) this.#failed();
  }

  close() {
    this.#let();
    clearInterval(this.#watch);
    clearInterval(this.#poll);
    clearTimeout(this.#retry);
    this.#poll = undefined;
  }

  /** Reads to the end. EventSource would hide comments, by which we know that there is life, and why we are refused. */
  async #read(abort) {
    const headers = { Accept: 'text/event-stream' };
    if (this.#frames.lastId) headers['Last-Event-ID'] = this.#frames.lastId;
    this.#frames.forgetBegun();
    const url = below(`api/v1/stream?${this.#topics}`);
    const answer = await fetch(url, { headers, signal: abort.signal, cache: 'no-store' });
    if (answer.status === 400 && headers['Last-Event-ID']) this.#frames.lastId = '';
    if (answer.status === 503) this.#pollOn();
    if (!answer.ok) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done || abort.signal.aborted) return;
      this.#lastByte = performance.now();
      for (const { name, data } of this.#frames.push(value)) {
        if (name === 'hello') this.#answered();
        this.#told.frame(name, JSON.parse(data));
      }
    }
  }

  #answered() {
    if (this.#failures > 0) this.#told.refresh();
    this.#failures = 0;
    this.#since = undefined;
    this.#told.live();
  }

  #look() {
    if (this.#abort && performance.now() - this.#lastByte > SILENCE) this.#failed();
    if (this.#since) this.#tell();
  }

  /** Gives back the connection and the place. */
  #let() {
    const abort = this.#abort;
    this.#abort = undefined;
    abort?.abort();
    this.#release?.();
    this.#release = undefined;
  }

  #failed() {
    this.#let();
    if (this.#poll) return;
    this.#since ??= { at: new Date(), shownFrom: performance.now() + 3_000 };
    const seconds = RETRIES[Math.min(this.#failures, RETRIES.length - 1)];
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#since.next = performance.now() + seconds * 1_000;
    this.#retry = setTimeout(() => this.open(), seconds * 1_000 * (0.8 + Math.random() * 0.4));
  }

  #pollOn() {
    this.#poll ??= setInterval(this.#told.refresh, POLL);
    this.#told.polling();
  }

  #tell() {
    if (performance.now() < this.#since.shownFrom) return;
    const name = document.querySelector('.brand').textContent.trim();
    const at = this.#since.at.toTimeString().slice(0, 8);
    const wait = Math.max(0, Math.round((this.#since.next - performance.now()) / 1_000));
    const again = wait > 0 ? `Trying again in ${wait} s.` : 'Trying again.';
    this.#told.offline(`No answer from ${name} since ${at}. What you see is from then. ${again}`);
  }

  #again() {
    if (document.visibilityState !== 'visible' || this.#abort || this.#poll) return;
    clearTimeout(this.#retry);
    this.#told.refresh();
    this.open();
  }

  #visibility() {
    clearTimeout(this.#hide);
    if (document.visibilityState === 'hidden') this.#hide = setTimeout(() => this.close(), HIDDEN);
    else this.#again();
  }

  /** A place among the streams of this browser; where it cannot count them, there is one. */
  async #take() {
    if (!globalThis.navigator?.locks) return true;
    for (let number = 1; number <= STREAMS; number += 1) {
      const isTaken = await new Promise((resolve) => {
        navigator.locks.request(`supervisor-stream-${number}`, { ifAvailable: true }, (lock) => {
          if (!lock) { resolve(false); return undefined; }
          resolve(true);
          return new Promise((release) => { this.#release = release; });
        });
      });
      if (isTaken) return true;
    }
    return false;
  }
}

/** A text/event-stream taken apart (WHATWG HTML, «Server-sent events»), as far as supervisord uses it. */
export class Frames {
  #rest = '';
  #name = '';
  #data = '';

  /** The id that came last: where to go on from. */
  lastId = '';

  /** Takes in text as it comes; gives every frame that is complete now, as `{ name, data }`. */
  push(text) {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop();
    return lines.flatMap((line) => this.#take(line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  /** Nothing of a frame that was torn is left. */
  forgetBegun() {
    this.#rest = this.#name = this.#data = '';
  }

  #take(line) {
    if (line === '') {
      const frame = { name: this.#name, data: this.#data };
      this.#name = this.#data = '';
      return frame.data === '' ? [] : [frame];
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (field === 'id') this.lastId = value;
    else if (field === 'event') this.#name = value;
    else if (field === 'data') this.#data += this.#data === '' ? value : `\n${value}`;
    return [];
  }
}
