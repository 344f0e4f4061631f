// The page of the workshop in a real browser: from file://, with no request and no word on the console.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SHOTS, folder, launch, lostwrite, sheetsAreTrue } from './browser.mjs';

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
  const { graph, losses } = DATA.games.find(({ name }) => name === scenario);
  const byVictim = {};
  const follow = (at, letters) => {
    const { w, l } = graph.states[at];
    if (l !== undefined && !judged[letters]) byVictim[losses[l].who] ??= letters;
    for (const [choice, , to] of w) follow(to, letters + graph.choices[choice][0]);
  };
  follow(0, '');
  return Object.values(byVictim).slice(0, Number(victims));
});

// Does a step as it should be done.
async function pass(page, name, step) {
  const kind = await step.getAttribute('data-kind');
  if (kind === 'answer') await answer(step, await step.getAttribute('data-is'));
  if (kind === 'pick') {
    await step.locator('label[data-right] input').check();
    await step.locator('form button').click();
  }
  if (kind === 'file') assert.match(await chooseWords(step, await goodWords(page, name)), /^As it should be/, name);
  if (kind === 'schedule') {
    const judged = JSON.parse(await step.getAttribute('data-reveals'));
    await answer(step, Object.entries(judged).find(([, why]) => why === '')[0]);
  }
  if (kind === 'play') {
    const again = step.getByRole('button', { name: 'Start again' });
    for (const path of await goodGames(step)) {
      if (await again.isEnabled()) await again.click();
      await step.locator('.game').focus();
      for (const key of path) await page.keyboard.press(key);
    }
  }
}

// An exercise from its prediction to its end.
async function solve(page, name) {
  const exercise = inside(page, name);
  await predictRight(exercise);
  for (const step of await exercise.locator('.step').all()) await pass(page, name, step);
  // The last one is done in the reader's own repository: the page cannot say that it is done.
  assert.equal(await exercise.locator('.say').isVisible(), name !== 'yours', name);
}

// A wrong prediction for every question that has one; how many.
async function predictWrong(exercise) {
  const form = exercise.locator('form.predict');
  if (!(await form.count())) return 0;
  let wrong = 0;
  for (const box of await form.locator('fieldset').all()) {
    if (await box.getAttribute('data-kind') === 'free') await box.locator('input').fill('mine');
    else {
      await box.locator('label:not([data-right]) input').first().check();
      wrong += 1;
    }
  }
  await form.locator('button[type=submit]').click();
  return wrong;
}

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

test('the games are the race of every page: by keys and by clicks, and what is to be counted is not told', async () => {
  const page = await open();
  const exercise = inside(page, 'do-it');
  const game = exercise.locator('.game');
  await game.focus();
  for (const key of 'huh') await page.keyboard.press(key);
  assert.match(await game.locator('.race-sheet.stale').innerText(), /rv 1[\s\S]*out of date/);
  await page.keyboard.press('b');
  assert.equal(await game.locator('.race-steps').getAttribute('aria-label'), 'step 2');
  for (const key of 'hu') await page.keyboard.press(key);
  assert.match(await game.locator('.race-says').innerText(), /health lost its write\. It was told 200/);
  assert.equal(await exercise.locator('.say').isVisible(), false);
  assert.match(await game.innerText(), /Next: make usage lose its write[\s\S]*1 losing order found: huhu/);
  assert.doesNotMatch(await game.innerText(), /possible from here|of the \d|to go/, 'exercise 3 asks how many there are');
  await game.getByRole('button', { name: 'Start again' }).click();
  for (const letter of 'huuh') await game.locator(`[data-letter="${letter}"]`).click();
  assert.match(await game.locator('.race-progress').innerText(), /2 losing orders found: huhu\s*huuh/);
  assert.equal(await exercise.locator('.say').isVisible(), true);
  await game.screenshot({ path: join(SHOTS, 'workshop-game.png') });

  // Who has counted them is told from then on.
  await solve(page, 'count-it');
  assert.match(await game.locator('.race-progress').innerText(), /2 of the 4 orders that lose a write, 2 to go\. .*6 orders in all/);
  await game.getByRole('button', { name: 'Start again' }).click();
  assert.match(await game.locator('.race-odds').innerText(), /6 orders are possible from here, 4 of them lose a write/);
  await page.context().close();
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
  assert.match(await steps.first().innerText(), /That loses, but one worker begins before the other has finished\./);
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

test('every game of the workshop shows what was written and what is held, at every step', async () => {
  const page = await open();
  await page.evaluate(`sheetsAreTrue = ${sheetsAreTrue}`);
  const seen = await page.evaluate(() => [...document.querySelectorAll('.step')].filter((step) => step.querySelector('.game')).map((step) => {
    step.closest('.task').hidden = false;
    step.hidden = false;
    const scene = DATA.games.find(({ name }) => name === step.dataset.scenario);
    const runs = [() => 0, (_, n) => n - 1, (at, n) => at % n, (at, n) => (at * 7 + 3) % n].map((pick) => {
      step.querySelector('.race-again').click();
      return sheetsAreTrue({ box: step.querySelector('.game'), scene, pick });
    });
    return { name: scene.name, problems: runs.flatMap(({ problems }) => problems), steps: runs.reduce((sum, { steps }) => sum + steps, 0), fields: runs.reduce((sum, { fields }) => sum + fields, 0) };
  }));
  assert.deepEqual(seen.flatMap(({ problems }) => problems), []);
  assert.ok(seen.length >= 4 && seen.every(({ steps }) => steps >= 12), JSON.stringify(seen));
  assert.ok(seen.reduce((sum, { fields }) => sum + fields, 0) > 20);
  await page.context().close();
});

test('every exercise can be done to its end', async () => {
  const page = await open();
  const names = await page.locator('.exercise').evaluateAll((all) => all.map((one) => one.id));
  assert.equal(names.length, 13);
  for (const name of names) await solve(page, name);
  await accessible(page, 'everything shown');
  await page.context().close();
});

const flat = (text) => text.split(/\s+/).filter(Boolean).join(' ');
const asText = (page, html) => page.evaluate((html) => new DOMParser().parseFromString(html, 'text/html').body.textContent, html);

// Every wrong answer to a step that is known, each answered by what belongs to it; then the right one.
async function failFirst(page, name, step) {
  const kind = await step.getAttribute('data-kind');
  const verdict = async () => flat(await step.locator('.verdict').innerText());
  let wrong = 0;
  const check = async (said, html, what) => {
    assert.equal(said, flat(await asText(page, html)), `${name}: ${what}`);
    assert.ok(said.split(' ').length > 3, `${name}: ${said}`);
    wrong += 1;
  };
  const reveals = JSON.parse(await step.getAttribute('data-reveals') || '{}');
  if (kind === 'answer') {
    for (const [said, why] of Object.entries(reveals)) await check(flat(await answer(step, said)), why, said);
  }
  if (kind === 'pick') {
    for (const choice of await step.locator('label:not([data-right])').all()) {
      await choice.locator('input').check();
      await step.locator('form button').click();
      await check(await verdict(), await choice.evaluate((label) => label.nextElementSibling.innerHTML), await choice.innerText());
    }
  }
  if (kind === 'schedule') {
    const byReason = new Map(Object.entries(reveals).filter(([, why]) => why !== '').map(([letters, why]) => [why, letters]));
    for (const [why, letters] of byReason) await check(flat(await answer(step, letters)), `Not quite: ${why}.`, letters);
  }
  if (kind === 'file') {
    const edits = await page.evaluate((name) => DATA.edits[name], name);
    for (const [words, { missing }] of Object.entries(edits).filter(([, { missing }]) => missing !== null)) {
      await check(flat(await chooseWords(step, words.split('|'))), `Not yet: ${missing}.`, words);
    }
  }
  return wrong;
}

// Texts that tell the answer to a question, wherever they stand above it.
function tells(ask, answer) {
  if (!/^\d+$/.test(answer)) return [`${answer} is gone`, `wrote ${answer}`];
  if (/(which|what) step/i.test(ask)) return [`guilty step ${answer} `, `✗ ${answer} `];
  return [` ${answer} of `, ` ${answer} schedules`, ` ${answer} orders`, ` ${answer} lose`, ` ${answer} to go`];
}

test('every wrong answer is answered in its own words, and nothing above a question tells its answer', async () => {
  const page = await open();
  const names = await page.locator('.exercise').evaluateAll((all) => all.map((one) => one.id));
  let [wrong, asked] = [0, 0];
  for (const name of names) {
    const exercise = inside(page, name);
    assert.doesNotMatch(await exercise.locator('.prose').first().innerText(), /✗|is gone/, name);
    wrong += await predictWrong(exercise);
    for (const step of await exercise.locator('.step').all()) {
      if (await step.getAttribute('data-kind') === 'answer') {
        const ask = flat(await step.locator('label').innerText());
        const shown = flat(await exercise.innerText());
        const above = `${shown.slice(0, shown.indexOf(ask)).replace(/Exercise \d+ of \d+/, '')} `;
        for (const tell of tells(ask, await step.getAttribute('data-is'))) assert.ok(!above.includes(tell), `${name}: "${tell}" stands above "${ask}"`);
        asked += 1;
      }
      wrong += await failFirst(page, name, step);
      await pass(page, name, step);
    }
    // What was predicted is set beside what is true, with what it shows.
    for (const box of await exercise.locator('form.predict fieldset[data-kind=choice]').all()) {
      const said = await box.locator('input:checked').inputValue();
      const right = await box.locator('label[data-right] b').innerText();
      const why = await box.locator(`.reveals[data-of="${said}"]`).evaluate((node) => node.textContent);
      assert.equal(flat(await box.locator('.verdict').innerText()), flat(`You said ${said}; it is ${right}. ${why}`), name);
    }
  }
  assert.ok(wrong > 150 && asked > 8, `${wrong} wrong answers, ${asked} questions`);
  await page.context().close();
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
  await phone.screenshot({ path: join(SHOTS, 'workshop-390.png') });
  const wider = await phone.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.equal(wider, false, 'nothing but a drawing scrolls sideways');
  await phone.locator('#cut').selectOption('talk');
  assert.equal(await phone.locator('.exercise:visible').count(), 3);
});

test('nothing complained and nothing was asked for', () => assert.deepEqual(complaints, []));
