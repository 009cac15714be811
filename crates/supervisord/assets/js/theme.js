// Before first paint: the theme that was chosen here, if any (system, light or dark).
try {
  const { theme } = JSON.parse(localStorage.getItem('supervisor') ?? '{}');
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* What cannot be read was never chosen. */ }
