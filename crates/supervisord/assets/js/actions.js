// Sends what forms order, asks in the place of the button or in a dialog, and tells how it went. Questions and answers
// are the server's pages; here they come without leaving this one.
import { element } from './dom.js';

/** For how long a button that ends something waits for the second press. */
const ARMED = 4_000;

let armed;

function disarm() {
  if (!armed) return;
  clearTimeout(armed.timer);
  armed.button.classList.remove('armed', 'danger');
  armed.button.replaceChildren(...armed.content);
  armed = undefined;
}

/** `stop process web:cat` by one press asks, by the second it is done. */
function isAskedInPlace(order) {
  return /^(stop|restart) process /.test(order);
}

function arm(button, order) {
  disarm();
  const [verb, , ...name] = order.split(' ');
  const word = `${verb[0].toUpperCase()}${verb.slice(1)} ${name.join(' ')}?`;
  armed = { button, content: [...button.childNodes], timer: setTimeout(disarm, ARMED) };
  button.replaceChildren(word);
  button.classList.add('armed', 'danger');
  announce(`${word} Press again.`);
}

/** Sends a form; `take` gets the page that follows. */
export function send(form, button, take) {
  const order = button?.value ?? '';
  const data = new URLSearchParams(new FormData(form));
  if (isAskedInPlace(order)) {
    if (armed?.button !== button) { arm(button, order); return; }
    const pid = button.closest('[data-pid]')?.dataset.pid;
    disarm();
    data.set('confirmed', 'yes');
    if (pid) data.append('pid', `${pid} ${order.split(' ').slice(2).join(' ')}`);
  }
  if (button?.name) data.set(button.name, order);
  button?.setAttribute('aria-busy', 'true');
  const request = new XMLHttpRequest();
  request.open('POST', form.action);
  request.responseType = 'document';
  request.setRequestHeader('Accept', 'text/html');
  request.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
  const slow = setTimeout(() => announce('asked…'), 300);
  request.onload = () => answered(request, take);
  request.onerror = () => toast('supervisord does not answer; nothing is known of the order.', 'failed');
  request.onloadend = () => { clearTimeout(slow); button?.removeAttribute('aria-busy'); };
  form.closest('dialog')?.close();
  request.send(data);
}

function answered(request, take) {
  const page = request.response;
  const question = page?.querySelector('.question');
  if (question) { ask(question, request.status === 200); return; }
  const told = page?.querySelector('.banner[data-kind]');
  if (told) toast(told.textContent.trim(), told.dataset.kind);
  told?.remove();
  if (page) take(page);
}

/** A question of the server, or what it refuses, as a dialog. */
function ask(question, isQuestion) {
  const dialog = element('dialog');
  const content = document.importNode(question, true);
  const title = content.querySelector('h1');
  title.replaceWith(element('h2', { id: 'question', textContent: title.textContent }));
  dialog.setAttribute('aria-labelledby', 'question');
  dialog.append(content);
  document.body.append(dialog);
  dialog.addEventListener('close', () => dialog.remove());
  const harmless = content.querySelector('footer a');
  const keep = element('button', { type: 'button', className: 'button', textContent: isQuestion ? harmless.textContent : 'Close' });
  keep.addEventListener('click', () => dialog.close());
  harmless.replaceWith(keep);
  dialog.showModal();
  keep.focus();
}

const region = element('div', { className: 'hidden-text', role: 'status' });
document.body.append(region);

/** For those who hear the page. */
export function announce(text) {
  region.textContent = text;
}

/** A message that goes by itself, unless it tells of a failure or somebody is at it. */
export function toast(text, kind) {
  const close = element('button', { type: 'button', className: 'button small', textContent: 'Close' });
  const box = element('div', { className: 'toast', role: 'status' }, [element('span', { textContent: text }), close]);
  close.addEventListener('click', () => box.remove());
  document.querySelector('.toast')?.remove();
  document.body.append(box);
  if (kind === 'failed') return;
  const leave = () => { if (box.matches(':hover, :focus-within')) setTimeout(leave, 2_000); else box.remove(); };
  setTimeout(leave, 6_000);
}
