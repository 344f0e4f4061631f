// The museum's pages in a real browser: an exhibit is made to lose, and the order is played on its fix.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { SHOTS, folder, launch, lostwrite } from './browser.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const browser = await launch();
const complaints = [];
lostwrite('museum', '--export', 'rooms', '--only', 'a');

async function open(file, width = 1280) {
  const context = await browser.newContext({ viewport: { width, height: 844 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.on('console', (message) => complaints.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  await page.goto(`file://${join(folder, 'rooms', file)}`);
  return page;
}

async function accessible(page, what) {
  await page.evaluate(`(() => { ${readFileSync(AXE, 'utf8')} })()`);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], what);
}

test('an exhibit is made to lose, its order is played on the fix, and the entrance remembers it', async () => {
  const page = await open('a-taint-is-put-back.html');
  const act = (n) => page.locator('.act').nth(n);
  await act(0).getByRole('button', { name: 'Show me' }).click();
  assert.match(await act(0).locator('.race-end').innerText(), /lost its write/);
  assert.match(await act(0).locator('.race-tray').innerText(), /gone|became/);
  await act(0).getByRole('button', { name: 'The same order on the next act' }).click();
  assert.match(await act(1).locator('.race-end').innerText(), /No worker lost\./);
  // The losing act above, its order on the fix below, and nothing lost in it.
  await page.screenshot({ path: join(SHOTS, 'museum-exhibit.png'), fullPage: true });
  await accessible(page, 'an exhibit');
  await page.goto(`file://${join(folder, 'rooms', 'index.html')}`);
  assert.match(await page.locator('#found').innerText(), /You have made 1 of \d+ go wrong/);
  // A wall of drawings by mechanism, each with its guilty step red and what was seen as its title.
  await page.screenshot({ path: join(SHOTS, 'museum-entrance.png'), fullPage: true });
  await accessible(page, 'the entrance');
  await page.context().close();
});

test('every exhibit opens, plays a step, and fits a phone', async () => {
  const entrance = await open('index.html', 390);
  const files = await entrance.locator('[data-file]').evaluateAll((all) => all.map(({ dataset }) => dataset.file));
  assert.ok(files.length >= 30, `${files.length} exhibits`);
  const fits = async (page, what) => {
    const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.equal(inner, outer, what);
  };
  await fits(entrance, 'the entrance');
  await entrance.context().close();
  for (const file of files) {
    const page = await open(file, 390);
    await page.locator('.act .race-board button:enabled').first().click();
    assert.equal(await page.locator('.race-steps').first().getAttribute('aria-label'), 'step 1', file);
    await fits(page, file);
    await page.context().close();
  }
});

test('no page of the museum complained', async () => {
  await browser.close();
  assert.deepEqual(complaints, []);
});
