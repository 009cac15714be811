// What is ticked in the list: names, not rows, so that it holds over filters and changes.
import { element } from './dom.js';

const chosen = new Set();
let lastPicked;

const list = () => document.getElementById('list');
const picks = () => [...document.querySelectorAll('#list tbody .pick[name="process"]')];

/** Before rows change. */
export function keepSelection() {
  for (const pick of picks()) if (pick.checked) chosen.add(pick.value); else chosen.delete(pick.value);
}

/** After it: rows, the bar, and what is sent of those that are not shown. */
export function restoreSelection() {
  const shown = new Set();
  for (const pick of picks()) {
    pick.checked = chosen.has(pick.value);
    pick.closest('tr').toggleAttribute('aria-selected', pick.checked);
    if (pick.checked) pick.closest('tr').setAttribute('aria-selected', 'true');
    shown.add(pick.value);
  }
  const bar = document.querySelector('.chosen');
  if (!bar) return;
  bar.hidden = chosen.size === 0;
  const hidden = [...chosen].filter((name) => !shown.has(name));
  bar.querySelector('b').textContent = `${chosen.size} selected${hidden.length ? `, ${hidden.length} not shown` : ''}`;
  for (const old of list().querySelectorAll('input[data-own]')) old.remove();
  for (const name of hidden) {
    list().append(element('input', { type: 'hidden', name: 'process', value: name, 'data-own': 'script' }));
  }
}

/** True: there was one. */
export function clearSelection() {
  if (chosen.size === 0) return false;
  chosen.clear();
  for (const pick of picks()) pick.checked = false;
  restoreSelection();
  return true;
}

document.addEventListener('click', (event) => {
  const pick = event.target.closest?.('#list .pick[name="process"]');
  if (!pick) return;
  const all = picks();
  if (event.shiftKey && lastPicked) {
    const [from, to] = [all.findIndex((it) => it.value === lastPicked), all.indexOf(pick)].sort((a, b) => a - b);
    for (const between of all.slice(Math.max(0, from), to + 1)) between.checked = pick.checked;
  }
  lastPicked = pick.value;
  keepSelection();
  restoreSelection();
});

/** Ticks all that are shown, or none. */
export function selectAll() {
  const all = picks();
  const isEvery = all.length > 0 && all.every((pick) => pick.checked);
  for (const pick of all) pick.checked = !isEvery;
  keepSelection();
  restoreSelection();
}

restoreSelection();
