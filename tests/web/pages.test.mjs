// The pages in a real browser, with real programs behind them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { openPage, PAGES, startBrowser, startLab } from './lab.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let lab;
let browser;

before(async () => {
  lab = await startLab();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await lab?.stop();
});

const open = (path, how) => openPage(browser, lab.address + path, how);
const isLive = (page) => page.waitForFunction('document.querySelector(".live")?.dataset.state === "live"');
const stateOf = (name) => `document.querySelector('#list tr[data-name="${name}"] .state')?.dataset.state`;

/** Has supervisord do something without the page, as another person would. */
async function act(action, name) {
  const answer = await fetch(`${lab.address}index.html?processname=${encodeURIComponent(name)}&action=${action}`, { redirect: 'manual' });
  assert.equal(answer.status, 301);
}

async function violations(page) {
  // The policy of the page forbids scripts of others, the debugger's are none of the page.
  const session = await page.createCDPSession();
  const run = async (expression) => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
    return result.value;
  };
  await run(`${axe}; 0`);
  const tags = JSON.stringify(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']);
  const found = await run(`axe.run(document, { runOnly: { type: 'tag', values: ${tags} } })
    .then((result) => result.violations.map((it) => it.id + ': ' + it.nodes.map((node) => node.html.slice(0, 200)).join(' | ')))`);
  await session.detach();
  return found;
}

for (const [name, path] of Object.entries(PAGES)) {
  test(`${name}: nothing goes wrong, nothing is out of reach, in each theme and size`, async () => {
    for (const size of ['wide', 'phone']) {
      for (const theme of ['light', 'dark']) {
        const { page, trouble } = await open(path, { size, theme });
        assert.deepEqual(trouble, [], `${size} ${theme}`);
        assert.deepEqual(await violations(page), [], `${size} ${theme}`);
        await page.close();
      }
    }
  });

  test(`${name}: reads without script, and nothing sticks out at 320 px`, async () => {
    const { page, trouble } = await open(path, { script: false });
    await page.setViewport({ width: 320, height: 640 });
    const heading = await page.$eval('h1', (node) => node.textContent);
    assert.ok(heading.length > 0);
    assert.equal(await page.$eval('html', (node) => node.scrollWidth), 320);
    assert.deepEqual(trouble, []);
    await page.close();
  });
}

test('what another does is on the page without loading it again', async () => {
  const { page } = await open('');
  await isLive(page);
  await page.evaluate('window.isTheSame = true');
  await act('stop', 'cron');
  await page.waitForFunction(`${stateOf('cron')} === 'stopped'`);
  await act('start', 'cron');
  await page.waitForFunction(`${stateOf('cron')} === 'running'`);
  assert.equal(await page.evaluate('window.isTheSame'), true);
  await page.close();
});

test('one press asks in the place of the button, the second does it', async () => {
  const { page } = await open('');
  await isLive(page);
  const stop = 'tr[data-name="nginx"] button[value="stop process nginx"]';
  await page.click(stop);
  assert.equal(await page.$eval(stop, (node) => node.textContent), 'Stop nginx?');
  assert.equal(await page.evaluate(stateOf('nginx')), 'running');
  await page.click(stop);
  await page.waitForFunction(`${stateOf('nginx')} === 'stopped'`);
  await page.click('tr[data-name="nginx"] button[value="start process nginx"]');
  await page.waitForFunction(`${stateOf('nginx')} === 'running'`);
  await page.close();
});

test('a group is asked about in a dialog, which names who is meant and keeps them', async () => {
  const { page } = await open('');
  await isLive(page);
  await page.click('button[value="stop group mail"]');
  await page.waitForSelector('dialog[open]');
  const text = await page.$eval('dialog', (node) => node.textContent);
  assert.match(text, /Stop 3 processes of group mail\?/);
  assert.match(text, /mail:inbound/);
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Keep running');
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog', { hidden: true });
  assert.equal(await page.evaluate(stateOf('mail:inbound')), 'running');
  await page.close();
});

test('a selection holds over a filter and is acted on', async () => {
  const { page } = await open('');
  await isLive(page);
  await page.click('input[value="mail:inbound"]');
  await page.click('input[value="mail:outbound"]');
  await page.type('.filters input[name="q"]', 'inbound');
  await page.waitForFunction('!document.querySelector(\'tr[data-name="cron"]\')');
  const bar = () => page.$eval('#chosen b', (node) => node.textContent);
  assert.equal(await bar(), '2 selected, 1 not shown');
  assert.equal(new URL(page.url()).searchParams.get('q'), 'inbound');
  await page.click('#chosen button[value="stop selected"]');
  await page.waitForSelector('dialog[open]');
  assert.match(await page.$eval('dialog', (node) => node.textContent), /mail:outbound/);
  await page.click('dialog .danger');
  await page.waitForFunction(`${stateOf('mail:inbound')} === 'stopped'`);
  await act('start', 'mail:inbound');
  await act('start', 'mail:outbound');
  await page.close();
});

test('a log is followed, and left alone by who has scrolled up', async () => {
  const { page } = await open('processes/web:web_01');
  await isLive(page);
  const count = () => page.$eval('.lines', (node) => node.textContent.split('accepted').length);
  const first = await count();
  await page.waitForFunction(`document.querySelector('.lines').textContent.split('accepted').length > ${first}`);
  const atEnd = await page.$eval('.lines', (node) => node.scrollTop + node.clientHeight >= node.scrollHeight - 24);
  assert.ok(atEnd);
  await page.$eval('.lines', (node) => { node.scrollTop = 0; });
  await page.waitForFunction('document.querySelector(".following").textContent.startsWith("Not following")');
  await page.close();
});

test('forms work without script', async () => {
  const { page } = await open('', { script: false });
  // Not by the mouse: what is above may still move while it is on its way.
  const press = (what) =>
    Promise.all([page.waitForNavigation({ timeout: 90_000 }), page.$eval(what, (button) => button.click())]);
  await press('tr[data-name="search"] button[value="start process search"]');
  assert.match(await page.$eval('.banner', (node) => node.textContent), /Started search\./);
  await press('tr[data-name="search"] button[value="stop process search"]');
  assert.equal(await page.$eval('h1', (node) => node.textContent), 'Stop search?');
  await press('.question .danger');
  assert.match(await page.$eval('.banner', (node) => node.textContent), /Stopped search\./);
  await page.close();
});

test('a supervisord that does not answer is said not to, and is there again by itself', async () => {
  const { page } = await open('');
  await isLive(page);
  process.kill(lab.pid, 'SIGSTOP');
  try {
    await page.waitForFunction('document.querySelector(".live").dataset.state === "offline"', { timeout: 90_000 });
    assert.match(await page.$eval('.banner.offline', (node) => node.textContent), /^No answer from app-01 since /);
  } finally {
    process.kill(lab.pid, 'SIGCONT');
  }
  await page.waitForFunction('document.querySelector(".live").dataset.state === "live"', { timeout: 90_000 });
  assert.equal(await page.$('.banner.offline'), null);
  await page.close();
});

test('a page is few requests', async () => {
  const { page } = await open('');
  await isLive(page);
  const names = await page.evaluate('performance.getEntriesByType("resource").map((it) => new URL(it.name).pathname)');
  const scripts = names.filter((name) => name.endsWith('.js'));
  assert.ok(new Set(scripts).size <= 8, scripts.join(' '));
  assert.ok(names.every((name) => /\/assets\/|\/api\/v1\/(stream|summary)|^\/$/.test(name)), names.join(' '));
  await page.close();
});
