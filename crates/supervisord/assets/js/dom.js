// Makes and keeps nodes. Texts become text nodes; there is no HTML in strings anywhere.

/** An element with properties, and with these inside. */
export function element(name, properties = {}, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value; else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Where we are. */
export function place() {
  return new URL(location.href);
}

/** A URL below the root of the server, wherever that is. */
export function below(path) {
  return new URL(document.documentElement.dataset.root + path, location.href);
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.name ?? node.dataset.group ?? node.id : '';
}

function isSame(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
}

/** Makes `now` the same as `next`: nodes that are meant by both stay, with their focus and their scrolling. */
export function morph(now, next) {
  if (now.nodeType !== Node.ELEMENT_NODE) {
    if (now.nodeValue !== next.nodeValue) now.nodeValue = next.nodeValue;
    return;
  }
  if (now.isEqualNode(next)) return;
  for (const { name } of [...now.attributes]) {
    if (!next.hasAttribute(name) && !isOurs(now, name)) now.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (now.getAttribute(name) !== value && !isOurs(now, name)) now.setAttribute(name, value);
  }
  if (now.dataset?.own === 'script') return;
  morphChildren(now, next);
}

/** What this script has set and the server knows nothing of. */
function isOurs(node, name) {
  return name === 'hidden' || name === 'aria-selected' || (name === 'class' && node.id === 'main')
    || (node.nodeName === 'INPUT' && name === 'value' && node === document.activeElement);
}

function morphChildren(now, next) {
  const known = new Map();
  for (const child of now.children) if (keyOf(child)) known.set(`${child.nodeName} ${keyOf(child)}`, child);
  let here = now.firstChild;
  for (const wanted of [...next.childNodes]) {
    const key = keyOf(wanted);
    let match = key ? known.get(`${wanted.nodeName} ${key}`) : undefined;
    if (!key && here && isSame(here, wanted)) match = here;
    if (match) {
      if (match === here) here = here.nextSibling; else now.insertBefore(match, here);
      morph(match, wanted);
    } else {
      now.insertBefore(document.importNode(wanted, true), here);
    }
  }
  while (here) {
    const gone = here;
    here = here.nextSibling;
    gone.remove();
  }
}
