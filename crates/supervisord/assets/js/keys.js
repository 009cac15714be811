// The keyboard. Single letters work only outside of fields, and where nobody has switched them off.
import { below } from './dom.js';
import { clearSelection, selectAll } from './selection.js';

const PAGES = { p: 'processes', e: 'events', d: 'daemon', c: 'configuration' };
let isGoing = false;

function rows() {
  return [...document.querySelectorAll('#list tbody tr[data-name] .name')];
}

function move(step) {
  const all = rows();
  if (all.length === 0) return;
  const row = document.activeElement?.closest('tr[data-name]');
  const at = all.findIndex((name) => name.closest('tr') === row);
  all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))].focus();
}

function pressInRow(verb) {
  document.activeElement?.closest('tr[data-name]')?.querySelector(`button[value^="${verb} "]`)?.click();
}

export function startKeys() {
  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (key === 'Escape' && !document.querySelector('dialog[open]')) {
      if (clearSelection()) return;
      if (target.matches('input[type="search"]')) target.blur();
      return;
    }
    if (target.matches('input:not(.pick), textarea, select') || event.altKey || event.metaKey) return;
    const inList = document.activeElement?.closest('#list');
    if (event.ctrlKey) {
      if (key === 'a' && inList) { event.preventDefault(); selectAll(); }
      return;
    }
    if (isGoing) {
      isGoing = false;
      if (PAGES[key]) location.assign(below(PAGES[key]));
      return;
    }
    const actions = {
      '/': () => document.querySelector('input[type="search"]')?.focus(),
      g: () => { isGoing = true; },
      ArrowDown: () => inList && move(1),
      ArrowUp: () => inList && move(-1),
      j: () => move(1),
      k: () => move(-1),
      x: () => document.activeElement?.closest('tr[data-name]')?.querySelector('.pick')?.click(),
      s: () => pressInRow('stop'),
      r: () => pressInRow('restart'),
      t: () => pressInRow('start'),
      '?': () => location.assign(below('help')),
    };
    const action = actions[key];
    if (!action) return;
    if ((key === 'ArrowDown' || key === 'ArrowUp') && !inList) return;
    event.preventDefault();
    action();
  });
}
