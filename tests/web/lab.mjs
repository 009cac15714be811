// A supervisord with programs in every state, and a browser, for tests and screenshots.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';

const here = dirname(fileURLToPath(import.meta.url));

/** `SUPERVISOR_BIN` is the folder of the binaries; `stop` ends what was begun. */
export async function startLab() {
  const child = spawn('python3', ['-B', join(here, 'lab.py'), join(process.env.SUPERVISOR_BIN, 'supervisord')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    new Promise((resolve) => lines.once('line', resolve)),
    new Promise((_, reject) => child.once('exit', () => reject(new Error('the lab has ended')))),
  ]);
  const lab = JSON.parse(first);
  return {
    ...lab,
    stop: () => new Promise((resolve) => { child.once('exit', resolve); child.stdin.end(); }),
  };
}

export async function startBrowser() {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  return puppeteer.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--force-prefers-reduced-motion'],
    protocolTimeout: 120_000,
  });
}

export const SIZES = {
  wide: { width: 1440, height: 1080 },
  phone: { width: 390, height: 844, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

/** The pages, by the names of their pictures. */
export const PAGES = {
  processes: '',
  process: 'processes/web:web_02',
  fatal: 'processes/payments:webhook',
  group: 'groups/web',
  events: 'events',
  configuration: 'configuration',
  daemon: 'daemon',
  help: 'help',
};

/** A page in a theme and a size, with all that went wrong on it. */
export async function openPage(browser, address, { size = 'wide', theme = 'light', script = true } = {}) {
  const page = await browser.newPage();
  const trouble = [];
  page.on('console', (message) => { if (['error', 'warn'].includes(message.type())) trouble.push(message.text()); });
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('requestfailed', (request) => {
    if (!(request.failure()?.errorText ?? 'ERR_ABORTED').includes('ERR_ABORTED')) trouble.push(`${request.url()} failed`);
  });
  await page.setJavaScriptEnabled(script);
  await page.setViewport(SIZES[size]);
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: theme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
  await page.goto(address, { waitUntil: 'load' });
  return { page, trouble };
}
