// System, light, dark: remembered in this browser.
function stored() {
  try { return JSON.parse(localStorage.getItem('supervisor') ?? '{}'); } catch { return {}; }
}

export function startTheme() {
  const button = document.getElementById('theme');
  if (!button) return;
  const root = document.documentElement;
  const order = ['', 'light', 'dark'];
  button.hidden = false;
  button.addEventListener('click', () => {
    const next = order[(order.indexOf(root.dataset.theme ?? '') + 1) % order.length];
    if (next) root.dataset.theme = next; else delete root.dataset.theme;
    const word = next || 'as the system';
    button.title = `Theme: ${word}`;
    button.setAttribute('aria-label', `Theme: ${word}`);
    try { localStorage.setItem('supervisor', JSON.stringify({ ...stored(), theme: next })); } catch { /* It holds for this page. */ }
  });
}
