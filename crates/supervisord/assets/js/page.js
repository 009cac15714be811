// Makes a page live: one stream tells that something has changed, the page is asked for again, and what is other on it
// is taken over. So words, order and escaping are the server's alone, and without this script the page is the same.
import { morph, element, place } from './dom.js';
import { Stream } from './stream.js';
import { send, toast } from './actions.js';
import { keepSelection, restoreSelection } from './selection.js';
import { startKeys } from './keys.js';
import { startTheme } from './theme-button.js';

/** Between two askings; the first after quiet goes at once. */
const PAUSE = 1000;

const main = document.getElementById('main');
const live = document.querySelector('.live');
let last = 0;
let timer;
let isAsking = false;
let isPaused = false;
let log;
/** Frames after which nothing is other on the page that it does not know. */
const STILL = new Set(['hello', 'table', 'bye']);

function setLive(word, isOnline) {
  live.hidden = false;
  live.dataset.state = isOnline ? 'live' : 'offline';
  live.querySelector('span').textContent = word;
  main.classList.toggle('stale', !isOnline);
}

let banner;
function showOffline(text) {
  if (!banner) {
    banner = element('div', { className: 'banner offline', role: 'status' }, [element('span')]);
    main.before(banner);
  }
  banner.querySelector('span').textContent = text;
}

function hideOffline() {
  banner?.remove();
  banner = undefined;
}

/** Whether somebody has a question before them, under which nothing may change. */
function isBeingAsked() {
  return document.querySelector('dialog[open], .armed') !== null;
}

/** Asks for this page again and takes over what is other. */
export function refresh() {
  clearTimeout(timer);
  timer = undefined;
  if (isAsking || isPaused || isBeingAsked()) { timer = setTimeout(refresh, PAUSE); return; }
  isAsking = true;
  last = performance.now();
  const request = new XMLHttpRequest();
  request.open('GET', location.href);
  request.responseType = 'document';
  // Who asks for HTML by name gets the page of today, a script would not.
  request.setRequestHeader('Accept', 'text/html');
  request.timeout = 10_000;
  request.onload = () => {
    if (isBeingAsked()) soon();
    else if (request.status === 200 && request.response) take(request.response);
    else if (request.status === 404) gone();
  };
  request.onloadend = () => { isAsking = false; };
  request.send();
}

function soon() {
  timer ??= setTimeout(refresh, Math.max(0, last + PAUSE - performance.now()));
}

/** Takes over another state of this page. */
export function take(next) {
  const content = next.getElementById('main');
  if (!content) return;
  const lines = main.querySelector('.lines');
  const follows = lines && isAtEnd(lines);
  keepSelection();
  if (lines && (log || !follows)) content.querySelector('.lines')?.replaceWith(lines.cloneNode(true));
  morph(main, content);
  restoreSelection();
  document.title = next.title;
  const icon = next.querySelector('link[rel="icon"]')?.getAttribute('href');
  if (icon) document.querySelector('link[rel="icon"]').setAttribute('href', icon);
  if (log) return;
  if (lines) showFollowing(follows);
  if (follows) lines.scrollTop = lines.scrollHeight;
}

function gone() {
  stream.close();
  setLive('Removed', false);
  showOffline('This was removed. What you see is what was last known of it.');
}

// --- the log -----------------------------------------------------------------------------------------------------

function isAtEnd(lines) {
  return lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 24;
}

function showFollowing(follows, unseen = 0) {
  const mark = main.querySelector('.following');
  if (!mark) return;
  mark.hidden = false;
  const more = unseen > 0 ? `${unseen} new lines: scroll to the end` : 'Not following: scroll to the end';
  mark.lastChild.textContent = follows ? 'Following' : more;
}

/** The end of a log grows by itself; lines that were searched or are older come with the page. */
async function startLog() {
  const lines = main.querySelector('.lines');
  const wanted = place().searchParams;
  if (!lines || wanted.has('before')) return;
  if (!wanted.get('q') && main.dataset.topics?.includes('log=')) {
    const { LogView } = await import('./log.js');
    log = new LogView(lines, showFollowing);
    return;
  }
  lines.scrollTop = lines.scrollHeight;
  showFollowing(true);
  lines.addEventListener('scroll', () => showFollowing(isAtEnd(lines)), { passive: true });
}

/** From the byte behind the last one on the page. */
function topics() {
  const asked = main.dataset.topics ?? '';
  const end = main.querySelector('.lines')?.dataset.end;
  return log && end ? asked.replace(/log_from=-1$/, `log_from=${end}`) : asked;
}

// --- the filter --------------------------------------------------------------------------------------------------

function startFilter() {
  const field = document.querySelector('.filters input[name="q"]');
  if (!field) return;
  let typed;
  field.addEventListener('input', () => {
    clearTimeout(typed);
    typed = setTimeout(() => {
      const url = place();
      if (field.value) url.searchParams.set('q', field.value); else url.searchParams.delete('q');
      url.searchParams.delete('page');
      history.replaceState(null, '', url);
      refresh();
    }, 120);
  });
}

// --- forms -------------------------------------------------------------------------------------------------------

document.addEventListener('submit', (event) => {
  if (event.target.method !== 'post') return;
  event.preventDefault();
  send(event.target, event.submitter, take);
});

const pause = document.getElementById('pause');
pause?.addEventListener('click', () => {
  isPaused = !isPaused;
  pause.setAttribute('aria-pressed', String(isPaused));
});

await startLog();
const stream = new Stream(topics(), {
  frame: (name, data) => { if (!log?.take(name, data) && !STILL.has(name)) soon(); },
  refresh,
  live: () => { hideOffline(); setLive('Live', true); },
  polling: () => setLive('Every 5 s', true),
  offline: (text) => { setLive('Offline', false); showOffline(text); },
});

// What a form has led to is told once.
const url = place();
if (url.searchParams.has('done') || url.searchParams.has('message')) {
  for (const name of ['done', 'n', 'failed', 'waiting', 'of', 'message']) url.searchParams.delete(name);
  const told = main.querySelector('.banner[data-kind]');
  if (told) toast(told.textContent.trim(), told.dataset.kind);
  told?.remove();
  history.replaceState(null, '', url);
}
startTheme();
startKeys();
startFilter();
if (main.dataset.topics) stream.open();
