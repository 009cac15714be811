// The one connection of a page: it tells that something has changed, gives its place back when nobody looks, and says
// when the server does not answer.
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
  #topics; #told; #source; #release; #watch; #retry; #poll; #hide;
  #failures = 0;
  #hasSaidHello = false;
  #lastFrame = 0;
  #since;

  /** `told`: changed, refresh, live, polling, offline(text). */
  constructor(topics, told) {
    this.#topics = topics;
    this.#told = told;
    document.addEventListener('visibilitychange', () => this.#visibility());
    addEventListener('online', () => this.#again());
    addEventListener('pagehide', () => this.close());
    addEventListener('pageshow', (event) => { if (event.persisted) this.#again(); });
  }

  async open() {
    if (this.#source || this.#poll) return;
    if (!await this.#take()) { this.#pollInstead(); return; }
    const source = new EventSource(below(`api/v1/stream?${this.#topics}`));
    this.#source = source;
    this.#lastFrame = performance.now();
    source.addEventListener('hello', () => this.#answered());
    for (const name of ['processes', 'sample', 'event', 'lost', 'action', 'log', 'gap']) {
      source.addEventListener(name, () => { this.#lastFrame = performance.now(); this.#told.changed(); });
    }
    source.addEventListener('bye', () => this.#failed());
    source.onerror = () => this.#refused(source);
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#look(), 1_000);
  }

  #pollInstead() {
    this.#poll ??= setInterval(this.#told.refresh, POLL);
    this.#told.polling();
  }

  close() {
    this.#source?.close();
    this.#source = undefined;
    this.#release?.();
    this.#release = undefined;
    clearInterval(this.#watch);
    clearInterval(this.#poll);
    clearTimeout(this.#retry);
    this.#poll = undefined;
  }

  #answered() {
    this.#hasSaidHello = true;
    this.#lastFrame = performance.now();
    if (this.#failures > 0 || this.#since) this.#told.refresh();
    this.#failures = 0;
    this.#since = undefined;
    this.#told.live();
  }

  /** A comment is no event: whether there is life is asked for when nothing has come for long. */
  #look() {
    if (this.#source && performance.now() - this.#lastFrame > SILENCE) {
      this.#lastFrame = performance.now();
      fetch(below('api/v1/summary'), { signal: AbortSignal.timeout(5_000) }).catch(() => this.#failed());
    }
    if (this.#since) this.#tell();
  }

  /** No stream, which may be that there are too many: who answers otherwise is asked every few seconds. */
  async #refused(source) {
    source.close();
    const answer = await fetch(below('api/v1/summary'), { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (answer?.ok && this.#failures === 0 && source === this.#source && !this.#hasSaidHello) {
      this.close();
      this.#pollInstead();
    } else {
      this.#failed();
    }
  }

  #failed() {
    this.#since ??= { at: new Date(), shownFrom: performance.now() + 3_000 };
    this.#source?.close();
    this.#source = undefined;
    this.#release?.();
    this.#release = undefined;
    const seconds = RETRIES[Math.min(this.#failures, RETRIES.length - 1)];
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#since.next = performance.now() + seconds * 1_000;
    this.#retry = setTimeout(() => this.open(), seconds * 1_000 * (0.8 + Math.random() * 0.4));
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
    if (document.visibilityState !== 'visible' || this.#source || this.#poll) return;
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
    if (!navigator.locks) return true;
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
