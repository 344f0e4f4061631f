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

// The right predictions, or any free text.
async function predictRight(exercise) {
  const form = exercise.locator('form.predict');
  if (!(await form.count())) return;
  for (const box of await form.locator('fieldset').all()) {
    if (await box.getAttribute('data-kind') === 'free') await box.locator('input').fill('mine');
    else await box.locator('label[data-right] input').check();
  }
  await form.locator('button[type=submit]').click();
}

async function chooseWords(step, words) {
  for (const [at, word] of words.entries()) await step.locator('select').nth(at).selectOption({ label: word });
  await step.locator('form button[type=submit]').click();
  return step.locator('.verdict').innerText();
}

// The choices of words that are as they should be, as the search has judged them beforehand.
const goodWords = (page, name) => page.evaluate((name) => {
  const [key] = Object.entries(DATA.edits[name]).find(([, { missing }]) => missing === null);
  return key.split('|');
}, name);

// Complete games that a step asks for: one for each victim it wants.
const goodGames = (step) => step.evaluate((step) => {
  const { scenario, victims, reveals } = step.dataset;
  const judged = reveals ? JSON.parse(reveals) : {};
  const byVictim = {};
  for (const [path, { moves, victim }] of Object.entries(games[scenario])) {
    if (moves.length === 0 && victim && !judged[path]) byVictim[victim] ??= path;
  }
  return Object.values(byVictim).slice(0, Number(victims));
});

test('nothing is shown before a prediction, and it is shown again at the end', async () => {
  const page = await open();
  const exercise = inside(page, 'see-it');
  assert.equal(await exercise.locator('.task').isVisible(), false);
  await exercise.locator('form.predict button[type=submit]').click();
  assert.match(await exercise.locator('form.predict .verdict').innerText(), /Choose one first/);
  assert.equal(await exercise.locator('.task').isVisible(), false);
  await predict(page, 'see-it', 'b');
  assert.equal(await exercise.locator('form.predict .verdict').isVisible(), false, 'no answer before the question');
  const steps = exercise.locator('.step');
  assert.doesNotMatch(await steps.nth(0).innerText(), /is gone|✗/);
  assert.equal(await exercise.locator('.say').isVisible(), false);
  assert.match(await answer(steps.nth(1), '3'), /the write that is lost/);
  assert.equal(await steps.nth(2).isVisible(), false);
  assert.equal(await answer(steps.nth(1), 'step 4'), 'Yes.');
  await steps.nth(2).locator('input[value=b]').check();
  await steps.nth(2).locator('button').click();
  assert.match(await steps.nth(2).locator('.verdict').innerText(), /^It can\./);
  assert.equal(await steps.nth(3).isVisible(), false);
  await steps.nth(2).locator('input[value=a]').check();
  await steps.nth(2).locator('button').click();
  assert.match(await exercise.locator('form.predict .verdict').innerText(), /^You said b; it is c\. /);
  assert.match(await steps.nth(3).innerText(), /is gone/);
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

test('a file is mended by choosing words, and judged by the search', async () => {
  const page = await open();
  const exercise = inside(page, 'the-old-type');
  await predictRight(exercise);
  const steps = exercise.locator('.step');
  await answer(steps.nth(1), await steps.nth(1).getAttribute('data-is'));
  const file = exercise.locator('.step[data-kind=file]');
  assert.match(await chooseWords(file, ['update-retry', 'update-retry']), /^Not yet: in \d+ of 6 schedules a write is still lost\./);
  assert.match(await chooseWords(file, ['apply', 'apply']), /^Not yet: health is not yours/);
  assert.equal(await steps.last().isVisible(), false);
  assert.equal(await chooseWords(file, ['update-retry', 'merge-patch']), 'As it should be, in every schedule.');
  assert.match(await steps.last().innerText(), /write: merge-patch|merge-patch/, 'what the program prints of the text that was chosen');
});

test('a schedule is played or written, and judged', async () => {
  const page = await open();
  await predict(page, 'without-overlap', 'b');
  const steps = inside(page, 'without-overlap').locator('.step');
  const game = steps.first().locator('.game');
  await game.focus();
  for (const key of 'huhu') await page.keyboard.press(key);
  assert.match(await game.innerText(), /That loses, but one worker begins before the other has finished\./);
  assert.equal(await steps.nth(1).isVisible(), false);
  await page.keyboard.press('r');
  for (const key of 'hhu~hu') await page.keyboard.press(key);
  assert.match(await answer(steps.nth(1), '3'), /twin with the two exchanged/);
  assert.equal(await answer(steps.nth(1), await steps.nth(1).getAttribute('data-is')), 'Yes.');

  const replicas = inside(page, 'two-replicas');
  await predictRight(replicas);
  const written = replicas.locator('.step[data-kind=schedule]');
  assert.match(await answer(written, 'nonsense'), /no complete schedule/);
  const judged = JSON.parse(await written.getAttribute('data-reveals'));
  const [bad] = Object.entries(judged).find(([, why]) => why !== '');
  const [good] = Object.entries(judged).find(([, why]) => why === '');
  assert.match(await answer(written, bad), /^Not quite: /);
  assert.equal(await answer(written, good), 'Yes, that is one.');
});

test('every exercise can be done to its end', async () => {
  const page = await open();
  const names = await page.locator('.exercise').evaluateAll((all) => all.map((one) => one.id));
  assert.equal(names.length, 13);
  for (const name of names) {
    const exercise = inside(page, name);
    await predictRight(exercise);
    for (const step of await exercise.locator('.step').all()) {
      const kind = await step.getAttribute('data-kind');
      if (kind === 'answer') await answer(step, await step.getAttribute('data-is'));
      if (kind === 'pick') { await step.locator('label[data-right] input').check(); await step.locator('form button').click(); }
      if (kind === 'file') assert.match(await chooseWords(step, await goodWords(page, name)), /^As it should be/, name);
      if (kind === 'schedule') {
        const judged = JSON.parse(await step.getAttribute('data-reveals'));
        await answer(step, Object.entries(judged).find(([, why]) => why === '')[0]);
      }
      if (kind === 'play') {
        for (const path of await goodGames(step)) {
          await step.locator('.game').focus();
          for (const key of `r${path}`) await page.keyboard.press(key);
        }
      }
    }
    // The last one is done in the reader's own repository: the page cannot say that it is done.
    assert.equal(await exercise.locator('.say').isVisible(), name !== 'yours', name);
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
