// Pictures of each page, wide and on a phone, light and dark, with real programs behind them: for a person to look at.
//
//     SUPERVISOR_BIN=target/debug node screenshots.mjs FOLDER
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openPage, PAGES, SIZES, startBrowser, startLab } from './lab.mjs';

const folder = process.argv[2];
await mkdir(folder, { recursive: true });
const lab = await startLab();
const browser = await startBrowser();
// So that the files differ from what runs: a program that has changed, one that is new, one that is gone.
const config = (await readFile(lab.config, 'utf8'))
  .replace(/\[program:search\][^[]*/, '[program:thumbs]\ncommand=/bin/sleep 100000\nnumprocs=1\n\n')
  .replace('numprocs=8', 'numprocs=10\nstopwaitsecs=60')
  .replace('RUST_LOG="info"', 'RUST_LOG="info",TRACE="1"');
await writeFile(lab.config, config);
let count = 0;
try {
  for (const [name, path] of Object.entries(PAGES)) {
    for (const size of Object.keys(SIZES)) {
      for (const theme of ['light', 'dark']) {
        const { page } = await openPage(browser, lab.address + path, { size, theme });
        await page.waitForFunction('!document.querySelector(".live").hidden || !document.getElementById("main").dataset.topics');
        await page.screenshot({ path: join(folder, `${name}-${size}-${theme}.png`) });
        await page.close();
        count += 1;
      }
    }
  }
  const { page } = await openPage(browser, lab.address, {});
  await page.click('#list button[value="stop group web"]');
  await page.waitForSelector('dialog[open]');
  await page.screenshot({ path: join(folder, 'confirm-wide-light.png') });
  await page.close();
  const selected = await openPage(browser, lab.address, {});
  for (const name of ['web:web_00', 'web:web_01', 'web:web_02']) {
    await selected.page.click(`#list input[value="${name}"]`);
  }
  await selected.page.screenshot({ path: join(folder, 'selected-wide-light.png') });
  count += 2;
} finally {
  await browser.close();
  await lab.stop();
}
console.log(`${count} pictures in ${folder}`);
