// The page in a real browser: from file://, with no request and no word on the console.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { SHOTS, launch, lostwrite, report } from './browser.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SIZES = { desktop: [1440, 900], projector: [1024, 768], phone: [390, 844] };

const browser = await launch();
const complaints = [];

// Opens an address; whatever the page asks for or complains of is remembered.
async function open(address, { size = 'desktop', theme = 'light', touch = false } = {}) {
  const [width, height] = SIZES[size];
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, hasTouch: touch, permissions: [] });
  const page = await context.newPage();
  page.on('console', (message) => complaints.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (request.url().split(/[#?]/)[0] !== address.split(/[#?]/)[0]) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  return page;
}

const texts = (page, selector) => page.locator(selector).allInnerTexts();
// Everything that is folded, in sight.
const unfold = (page) => page.evaluate(() => document.querySelectorAll('details.fold').forEach((fold) => { fold.open = true; }));
async function told(name, schedule, options) {
  const page = await open(`${report(name)}#s=${schedule}`, options);
  await unfold(page);
  return page;
}
const where = (page) => page.locator('#where').innerText();
const shot = (page, name) => page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });

async function accessible(page, what) {
  await page.evaluate(() => document.activeElement?.blur());
  // The checker's own code goes in through the protocol: the page's policy allows no other script.
  await page.evaluate(`(() => { ${readFileSync(AXE, 'utf8')} })()`);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.any.map((n) => n.message).join(' ')}`).slice(0, 3).join(' | ')}`);
  assert.deepEqual(told, [], what);
}

test('a link to a schedule shows its end, with the lost line struck out and the beliefs beside it', async () => {
  const page = await told('status-race', 'huuh');
  assert.equal(await where(page), 'step 4 of 4');
  assert.match(page.url(), /#s=huuh&step=4$/);
  assert.match(await page.locator('#headline').innerText(), /LOST, as expected[\s\S]*4 of 6 schedules/);
  assert.equal(await page.locator('#strip .square').count(), 6);
  assert.equal(await page.locator('#strip .square.bad').count(), 4);
  assert.deepEqual(await texts(page, '#truth .line.lost s'), ['capacity:', 'cpu: "8"']);
  assert.deepEqual(await page.locator('#truth .line.lost').first().evaluate((line) => getComputedStyle(line.querySelector('s')).textDecorationLine), 'line-through');
  const usage = page.locator('.belief').filter({ hasText: 'usage believes' });
  assert.match(await usage.innerText(), /out of date/);
  assert.ok((await usage.locator('.line.stale').allInnerTexts()).some((line) => line.includes('cpu: "8"')));
  assert.match(await page.locator('#sentences').innerText(), /guilty\s+step 4 health replaced the whole status/);
  assert.match(await page.locator('#argument').innerText(), /^Let\n[\s\S]*Then\n/);
  assert.equal(await page.locator('#drawing .base.guilty').count(), 1);
  await shot(page, 'guilty-step');
  // Back to where nothing is known yet: nothing is lost, nobody believes anything.
  await page.getByRole('button', { name: 'Before the first step' }).click();
  assert.equal(await page.locator('#truth .line.lost').count(), 0);
  assert.equal(await page.locator('.belief .yaml').count(), 0);
  await page.context().close();
});

test('the strip and the comparison load schedules', async () => {
  const page = await told('status-race', 'huuh');
  await page.getByRole('radio', { name: /^hhuu/ }).click();
  assert.match(page.url(), /#s=hhuu&step=4$/);
  assert.match(await page.locator('#which').innerText(), /nothing is lost/);
  assert.ok(await page.locator('#swap').isHidden());
  await page.locator('.matrix .cell').filter({ hasText: '24 of 26' }).first().click();
  assert.match(page.url(), /write=update-restamp&read=cache/);
  assert.match(await page.locator('#which').innerText(), /update-restamp, read from the cache/);
  assert.ok(await page.locator('#truth .line.lost').count() > 0);
  const again = await open(page.url());
  await unfold(again);
  assert.equal(await again.locator('#which').innerText(), await page.locator('#which').innerText());
  await page.context().close();
});

test('the safe neighbour differs by the exchange that is shown', async () => {
  const page = await told('status-race', 'huuh');
  const rows = page.locator('.side-of-swap');
  const letters = await rows.locator('.letters').evaluateAll((all) => all.map((p) => [...p.children].map((s) => s.textContent)));
  const marked = await rows.first().locator('.letters span').evaluateAll((all) => all.flatMap((s, at) => (s.className === 'exchanged' ? [at] : [])));
  const [a, b] = marked;
  const swapped = [...letters[0]];
  [swapped[a], swapped[b]] = [swapped[b], swapped[a]];
  assert.deepEqual(swapped, letters[1]);
  assert.match(await rows.nth(1).innerText(), /nothing is lost/);
  await page.context().close();
});

test('predicting covers the ends until an answer is given, and keeps it beside the truth', async () => {
  const page = await open(`${report('status-race')}?predict`);
  await unfold(page);
  assert.deepEqual([...new Set(await texts(page, '#strip .mark'))], ['?']);
  assert.equal(await page.locator('#strip .bad, #strip .good').count(), 0);
  for (const hidden of ['#why', '#swap', '#compare', '#play']) assert.ok(await page.locator(hidden).isHidden(), hidden);
  assert.equal(await where(page), 'step 3 of 4');
  assert.ok(await page.locator('#to-next').isDisabled());
  assert.doesNotMatch(await page.locator('#main').innerText(), /cpu: "8" is gone|4 of 6/);
  const count = page.locator('[data-question="count"]');
  await count.getByRole('button', { name: '3', exact: true }).click();
  assert.match(await count.innerText(), /you said[\s\S]*so it is[\s\S]*Not so[\s\S]*4 of 6/);
  assert.equal(await page.locator('#strip .bad').count(), 4);
  const outcome = page.locator('[data-question="outcome"]');
  await outcome.getByRole('button', { name: '{ phase: Running }', exact: true }).click();
  assert.match(await outcome.innerText(), /Right\./);
  assert.equal(await where(page), 'step 4 of 4');
  const line = await page.locator('#answers-line').inputValue();
  assert.equal(line, 'status-race | count: 3 (it is 4) | outcome: { phase: Running } (right)');
  await shot(page, 'predicted');
  await page.context().close();
});

test('a button leads back from predicting', async () => {
  const page = await open(`${report('status-race')}?predict`);
  assert.ok(await page.locator('#play').isHidden());
  await page.getByRole('button', { name: 'Back to the race' }).click();
  assert.ok(await page.locator('#questions').isHidden());
  assert.ok(await page.locator('#race .race-move').first().isEnabled());
  await page.context().close();
});

test('the evidence says whose verdict and whose command it shows', async () => {
  const page = await told('status-race', 'huhu');
  const parts = () => page.locator('#rests').evaluate((box) => [...box.querySelectorAll('dl')].map((list) => list.innerText));
  const titles = await texts(page, '#rests h3');
  assert.deepEqual(titles, ['The order shown now', 'Every order of the scenario, as it is written']);
  const [first, every] = await parts();
  assert.match(first, /huhu[\s\S]*a write is lost[\s\S]*lostwrite replay status-race --schedule \S*huhu/);
  // Another order under another method is shown: what is said of every order stays.
  await page.locator('#race .race-words').getByRole('button', { name: 'update-retry', exact: true }).click();
  const [second, still] = await parts();
  assert.match(second, /huhu3, with update-retry, read live\.[\s\S]*nothing is lost[\s\S]*--write update-retry .*huhu3$/);
  assert.equal(still, every);
  assert.doesNotMatch(every, /replay/);
  await page.context().close();
});

test('the keyboard alone is enough', async () => {
  const page = await told('status-race', 'huuh');
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  await press('Home');
  assert.equal(await where(page), 'step 0 of 4');
  await press('ArrowRight', 'ArrowRight', 'ArrowLeft');
  assert.equal(await where(page), 'step 1 of 4');
  await press('g');
  assert.equal(await where(page), 'step 4 of 4');
  await press('Home', 'h', 'u', 'h', 'u');
  assert.match(page.url(), /#s=huhu&step=4$/);
  await press('Backspace');
  assert.match(page.url(), /#s=huh&step=3$/);
  await press('t');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  const size = () => page.evaluate(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  const before = await size();
  await press('+');
  assert.ok(await size() > before);
  await press('-', '?');
  assert.ok(await page.locator('#keys').isVisible());
  await press('Escape');
  // Everything that can be pressed can be reached with Tab, and shows that it is.
  await page.evaluate(() => document.activeElement?.blur());
  const reached = new Set();
  for (let n = 0; n < 110; n += 1) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent));
  }
  for (const id of ['predict-on', 'present-on', 'theme', 'to-back', 'play-pause', 'Undo', 'Start again']) assert.ok(reached.has(id), id);
  // In the strip the arrows go from square to square.
  await page.locator('#strip [tabindex="0"]').focus();
  await press('ArrowRight');
  assert.match(page.url(), /#s=huhu&step=4$/);
  await press('ArrowRight', 'ArrowLeft', 'ArrowLeft');
  assert.match(page.url(), /#s=hhuu&step=4$/);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-checked')), 'true');
  // Whoever has other uses for single keys turns them off.
  await page.locator('#keys-on').click();
  await page.getByLabel('single keys are on').uncheck();
  await press('Escape');
  const address = page.url();
  await press('u', 'h');
  assert.equal(page.url(), address);
  await page.context().close();
});

test('plays by itself, at three speeds', async () => {
  const page = await open(`${report('status-race')}#s=huuh&step=0`);
  await page.getByRole('button', { name: /Speed/ }).click();
  assert.equal(await page.locator('#speed').innerText(), '2×');
  await page.getByRole('button', { name: 'Play' }).click();
  await page.waitForFunction(() => document.getElementById('where').textContent === 'step 4 of 4', null, { timeout: 15000 });
  await page.getByRole('button', { name: 'Play' }).waitFor({ timeout: 5000 });
  await page.context().close();
});

test('touch is enough, and nothing sticks out of a phone', async () => {
  for (const name of ['status-race', 'stale-cache', 'three-writers', 'taint-by-index']) {
    const page = await open(report(name), { size: 'phone', touch: true });
    const fits = async (what) => {
      const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.equal(inner, outer, `${name}, ${what}`);
    };
    await fits('folded');
    await page.locator('.race-move:enabled').first().tap();
    await unfold(page);
    await page.locator('#to-back').tap();
    assert.match(await where(page), /^step [0-9]+ of/);
    await fits('unfolded');
    await shot(page, `phone-${name}`);
    await page.context().close();
  }
});

test('contrast and labels, light and dark, wide and narrow', async () => {
  for (const name of ['status-race', 'stale-cache', 'shared-object', 'conflict-dropped']) {
    const address = report(name);
    const all = name === 'status-race';
    for (const theme of all ? ['light', 'dark'] : ['dark']) {
      for (const size of all ? ['desktop', 'phone'] : ['desktop']) {
        const page = await open(address, { theme, size });
        await accessible(page, `${name}, ${theme}, ${size}`);
        await unfold(page);
        await accessible(page, `${name}, ${theme}, ${size}, unfolded`);
        await shot(page, `${name}-${theme}-${size}`);
        await page.context().close();
      }
    }
    const page = await open(`${address}?predict`);
    await accessible(page, `${name}, predicting`);
    await page.context().close();
  }
});

test('on paper nothing is missing that matters, and no drawing is cut', async () => {
  const page = await told('status-race', 'huuh');
  await page.emulateMedia({ media: 'print' });
  for (const part of ['#headline', '#drawing', '#truth', '#sentences', '#steps table', '#foot']) assert.ok(await page.locator(part).isVisible(), part);
  for (const control of ['.transport', '.tools', '#play']) assert.ok(await page.locator(control).first().isHidden(), control);
  assert.deepEqual(await page.locator('#drawing .step text:first-of-type').allTextContents(), ['1', '2', '3', '4'], 'each step has its number');
  for (const drawing of ['#drawing', '#swap-losing', '#swap-safe']) {
    assert.equal(await page.locator(drawing).evaluate((svg) => getComputedStyle(svg.closest('.lanes')).breakInside), 'avoid', drawing);
    assert.ok(await page.locator(`${drawing} .call`).first().evaluate((text) => Number.parseFloat(text.getAttribute('font-size'))) >= 12, `${drawing} is read without a glass`);
  }
  await page.pdf({ path: join(SHOTS, 'status-race.pdf'), format: 'A4' });
  await page.context().close();
});

test('the table of steps says what replay says, for every shipped scenario that loses', async () => {
  const list = JSON.parse(lostwrite('list', 'scenarios', '-o', 'json')).items;
  const names = list.map(({ name }) => name).filter((name) => !name.startsWith('retry-budget'));
  let compared = 0;
  for (const name of names) {
    const [result] = JSON.parse(lostwrite('check', name, '-o', 'json', '--no-advice', '--no-record')).results;
    const found = result.properties.find((property) => property.judged && property.witness);
    if (!found) continue;
    const page = await told(name, found.witness.schedule.split('.').pop());
    const rows = await page.locator('#steps tbody tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));
    const { trace } = found.witness;
    assert.equal(rows.length, trace.length, name);
    rows.forEach((cells, at) => {
      const step = trace[at];
      const notes = step.notes ? ` (${step.notes.join(', ')})` : '';
      const gone = step.gone ? `; ${step.gone.join(', ')}` : '';
      assert.deepEqual([cells[1], cells[2], cells[4], cells[5]], [step.actor, step.action + notes, step.resourceVersion, step.object + gone], `${name}, step ${at + 1}`);
      assert.ok(cells[3].startsWith(step.code === null ? '' : String(step.code)));
      compared += 1;
    });
    await page.context().close();
  }
  assert.ok(compared > 80, `${compared} steps`);
});

test('no page complained, and none asked for anything', async () => {
  await browser.close();
  assert.deepEqual(complaints, []);
});
