// The page of the workshop in a real browser: from file://, with no request and no word on the console.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SHOTS, folder, launch, lostwrite } from './browser.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser;
let address;
const complaints = [];

before(async () => {
  browser = await launch();
  lostwrite('learn', '--export', 'workshop.html');
  address = `file://${join(folder, 'workshop.html')}`;
});
after(async () => { await browser?.close(); });

async function open({ width = 1200, height = 900, theme = 'light' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
  const page = await context.newPage();
  page.on('console', (message) => complaints.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (request.url().split(/[#?]/)[0] !== address) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  return page;
}

const inside = (page, exercise) => page.locator(`#${exercise}`);

async function predict(page, exercise, ...letters) {
  const form = inside(page, exercise).locator('form.predict');
  for (const [at, letter] of letters.entries()) await form.locator('fieldset').nth(at).locator(`input[value="${letter}"]`).check();
  await form.locator('button[type=submit]').click();
}

async function answer(step, text) {
  await step.locator('form input[type=text]').fill(text);
  await step.locator('form button[type=submit]').click();
  return step.locator('.verdict').innerText();
}

async function accessible(page, what) {
  await page.evaluate(() => document.activeElement?.blur());
  await page.evaluate(`(() => { ${readFileSync(AXE, 'utf8')} })()`);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(' | ')}`);
  assert.deepEqual(told, [], what);
}

test('nothing is shown before a prediction, and it is shown again beside the result', async () => {
  const page = await open();
  const exercise = inside(page, 'see-it');
  assert.equal(await exercise.locator('.task').isVisible(), false);
  await exercise.locator('form.predict button[type=submit]').click();
  assert.match(await exercise.locator('form.predict .verdict').innerText(), /Choose one first/);
  assert.equal(await exercise.locator('.task').isVisible(), false);
  await predict(page, 'see-it', 'b');
  assert.match(await exercise.locator('form.predict .verdict').innerText(), /^You said b; it is c\. /);
  assert.match(await exercise.locator('.printed').first().innerText(), /is gone/);
  assert.equal(await exercise.locator('.say').isVisible(), false);
  const steps = exercise.locator('.step');
  assert.match(await answer(steps.nth(1), '3'), /the write that is lost/);
  assert.equal(await steps.nth(2).isVisible(), false);
  assert.equal(await answer(steps.nth(1), 'step 4'), 'Yes.');
  await steps.nth(2).locator('input[value=b]').check();
  await steps.nth(2).locator('button').click();
  assert.match(await steps.nth(2).locator('.verdict').innerText(), /^It can\./);
  await steps.nth(2).locator('input[value=a]').check();
  await steps.nth(2).locator('button').click();
  assert.equal(await exercise.locator('.say').innerText(), 'Both were told 200. One was not told the truth.');
  await page.screenshot({ path: join(SHOTS, 'workshop-see-it.png'), fullPage: false });
  await page.reload();
  assert.equal(await exercise.locator('.say').isVisible(), true, 'the progress is kept');
  assert.match(await page.locator('#contents li').first().getAttribute('class'), /done/);
});

test('the game is played by keys and by clicks, and says what the terminal says', async () => {
  const page = await open();
  const exercise = inside(page, 'do-it');
  const game = exercise.locator('.game');
  await game.focus();
  for (const key of 'huh') await page.keyboard.press(key);
  assert.match(await game.locator('pre').first().innerText(), /usage .*≠ .*PUT capacity/);
  await page.keyboard.press('b');
  assert.match(await game.locator('.path').innerText(), /hu$/);
  for (const key of 'hu') await page.keyboard.press(key);
  const told = (await game.locator('pre').first().innerText()).split('\n');
  const terminal = lostwrite('replay', 'status-race', '--schedule', 'huhu').split('\n').slice(2, 14);
  const same = terminal.filter((line) => line.trim() !== '' && !line.startsWith('violated'));
  for (const line of same) assert.ok(told.includes(line), `the page has: ${line}`);
  assert.equal(await exercise.locator('.say').isVisible(), false);
  await game.getByRole('button', { name: 'restart' }).click();
  for (const who of ['health', 'usage', 'usage', 'health']) await game.getByRole('button', { name: `${who} moves` }).click();
  assert.match(await game.locator('.found').innerText(), /huhu \(health\), huuh \(usage\)/);
  assert.equal(await exercise.locator('.say').isVisible(), true);
});

test('a file is mended by choosing, and judged by the search', async () => {
  const page = await open();
  await predict(page, 'the-lost-answer', 'c', 'b');
  const step = inside(page, 'the-lost-answer').locator('.step').first();
  const check = async () => {
    await step.locator('form button').click();
    return step.locator('.verdict').innerText();
  };
  assert.match(await check(), /turn the fault on; in 4 of 6 schedules/);
  await step.locator('input[type=checkbox]').check();
  assert.match(await check(), /a write is still lost/);
  await step.locator('select').selectOption('update-retry');
  assert.equal(await check(), 'As it should be, in every schedule.');
});

test('a schedule is played or written, and judged', async () => {
  const page = await open();
  await predict(page, 'without-overlap', 'b');
  const step = inside(page, 'without-overlap').locator('.step').first();
  assert.match(await answer(step, 'huhu'), /before the other has finished/);
  assert.match(await answer(step, 'nonsense'), /no complete schedule/);
  await step.locator('.game').focus();
  for (const key of 'hhu~hu') await page.keyboard.press(key);
  assert.equal(await step.locator('input').inputValue(), 'hhu~hu');
  assert.equal(await answer(step, 'hhu~hu'), 'Yes, that is one.');
});

test('every exercise can be done to its end', async () => {
  const page = await open();
  const names = await page.locator('.exercise').evaluateAll((all) => all.map((one) => one.id));
  assert.equal(names.length, 10);
  for (const name of names) {
    const exercise = inside(page, name);
    if (await exercise.locator('form.predict').count()) {
      for (const box of await exercise.locator('form.predict fieldset').all()) {
        if (await box.getAttribute('data-kind') === 'free') await box.locator('input').fill('mine');
        else await box.locator('label[data-right] input').check();
      }
      await exercise.locator('form.predict button').click();
    }
    for (const step of await exercise.locator('.step').all()) {
      const kind = await step.getAttribute('data-kind');
      if (kind === 'answer') await answer(step, await step.getAttribute('data-is'));
      if (kind === 'pick') { await step.locator('label[data-right] input').check(); await step.locator('form button').click(); }
      if (kind === 'schedule') await answer(step, 'hhuu');
      if (kind === 'play') { await step.locator('.game').focus(); for (const key of 'huhurhuuh') await page.keyboard.press(key); }
      if (kind === 'file') {
        const said = JSON.parse(await step.getAttribute('data-reveals'));
        const [good] = Object.entries(said).find(([, missing]) => missing === '');
        await step.locator('select').selectOption(good.replace(' with the fault', ''));
        if (good.endsWith(' with the fault')) await step.locator('input[type=checkbox]').check();
        await step.locator('form button').click();
      }
    }
    assert.equal(await exercise.locator('.say').isVisible(), true, name);
  }
  await accessible(page, 'everything shown');
});

test('light, dark, small, and with the notes', async () => {
  for (const theme of ['light', 'dark']) {
    const page = await open({ theme });
    await page.locator('#teacher').click();
    assert.equal(await page.locator('.notes').first().isVisible(), true);
    await predict(page, 'see-it', 'a');
    await accessible(page, theme);
    await page.screenshot({ path: join(SHOTS, `workshop-${theme}.png`) });
  }
  const phone = await open({ width: 390, height: 844 });
  const wider = await phone.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.equal(wider, false, 'nothing but a drawing scrolls sideways');
  await phone.locator('#cut').selectOption('talk');
  assert.equal(await phone.locator('.exercise:visible').count(), 3);
});

test('nothing complained and nothing was asked for', () => assert.deepEqual(complaints, []));
