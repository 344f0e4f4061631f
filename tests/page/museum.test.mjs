// The museum's pages in a real browser: an exhibit is made to lose, and the order is played on its fix.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { SHOTS, folder, launch, lostwrite, sheetsAreTrue } from './browser.mjs';

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
  assert.match(await act(1).locator('.race-end').innerText(), /No write was lost\./);
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

test('every act shows what was written and what is held, at every step', async () => {
  const entrance = await open('index.html');
  const files = await entrance.locator('[data-file]').evaluateAll((all) => all.map(({ dataset }) => dataset.file));
  await entrance.context().close();
  let [acts, steps, fields] = [0, 0, 0];
  for (const file of files) {
    const page = await open(file);
    const seen = await page.evaluate(`(() => {
      const sheetsAreTrue = ${sheetsAreTrue};
      const scenes = JSON.parse(document.getElementById('data').textContent);
      return [...document.querySelectorAll('.act')].filter((act) => act.querySelector('[data-act]')).flatMap((act) => {
        const scene = scenes.find(({ name }) => name === act.querySelector('h2 code').textContent);
        const picks = scene.graph ? [() => 0, (_, n) => n - 1, (at, n) => (at * 7 + 3) % n] : [() => 0];
        return picks.map((pick) => {
          act.querySelector('.race-again').click();
          return sheetsAreTrue({ box: act.querySelector('[data-act]'), scene, pick });
        });
      });
    })()`);
    assert.deepEqual(seen.flatMap(({ problems }) => problems), [], file);
    acts += seen.length;
    steps += seen.reduce((sum, one) => sum + one.steps, 0);
    fields += seen.reduce((sum, one) => sum + one.fields, 0);
    await page.context().close();
  }
  assert.ok(acts > 120 && steps > 600 && fields > 200, `${acts} runs of acts, ${steps} steps, ${fields} fields`);
});

test('an exhibit is found by what was seen, by a word, and on the tour', async () => {
  const page = await open('index.html');
  const seen = page.locator('.signs [data-to]');
  const cards = page.locator('[data-file]');
  assert.equal(await seen.count(), await cards.count(), 'each has been seen as something');
  assert.deepEqual(await page.locator('.signs h3').allInnerTexts().then((all) => all.length >= 4), true);
  await page.locator('#word').fill('taint');
  const left = await page.locator('[data-file]:visible strong').allInnerTexts();
  assert.ok(left.length >= 3 && left.length < 12, left.join('; '));
  assert.match(await page.locator('#hits').innerText(), new RegExp(`^${left.length} of \\d+ exhibits$`));
  assert.ok(left.includes('A taint that was removed returns'));
  assert.deepEqual((await page.locator('.signs [data-to]:visible').allInnerTexts()).sort(), [...left].sort());
  // What is left of the walls and of the list, for one word.
  await page.screenshot({ path: join(SHOTS, 'museum-word.png') });
  await accessible(page, 'the entrance, searched');
  await page.locator('#word').fill('');
  assert.equal(await page.locator('[data-file]:visible').count(), await cards.count());
  const stops = await page.locator('#tour a').count();
  assert.ok(stops >= 4, `${stops} stops`);
  await page.locator('#tour a').first().click();
  for (let stop = 1; stop < stops; stop += 1) {
    assert.match(await page.locator('.tour').innerText(), new RegExp(`^Stop ${stop} of ${stops} of the tour\\. Next: `));
    await page.locator('.tour a').click();
  }
  assert.match(await page.locator('.tour').innerText(), /That was the last one/);
  await page.locator('.tour a').click();
  assert.match(page.url(), /index\.html#seen$/);
  // The matrix leads to what would have saved each.
  await page.locator('#saved tbody a').first().click();
  assert.match(page.url(), /html#saved$/);
  assert.ok(await page.locator('#saved').isVisible());
  await page.goBack();
  // Each cell to its method there, which says the same.
  const cell = page.locator('#saved tbody td.no a').first();
  const [said, method] = [await cell.innerText(), new URL(await cell.evaluate((link) => link.href)).hash.slice(1)];
  await cell.click();
  assert.equal(await page.locator('.saved :target').innerText(), `${method} ${said}`);
  await accessible(page, 'an exhibit with a method');
  await page.context().close();
});

test('no page of the museum complained', async () => {
  await browser.close();
  assert.deepEqual(complaints, []);
});
