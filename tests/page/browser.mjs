// Chromium, as Debian ships it, and small helpers for the tests.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = resolve(HERE, '../..');
export const PROGRAM = resolve(ROOT, process.env.LOSTWRITE ?? 'target/release/lostwrite');
export const SHOTS = join(ROOT, 'target/page');
mkdirSync(SHOTS, { recursive: true });

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

export const folder = mkdtempSync(join(tmpdir(), 'lostwrite-page-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// Runs the program in the folder; a check that finds a loss exits 1, which is no failure here.
export function lostwrite(...args) {
  try {
    return execFileSync(PROGRAM, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    if (error.status === 1) return error.stdout;
    throw new Error(`lostwrite ${args.join(' ')}: ${error.status ?? error.message}\n${error.stderr}`);
  }
}

// A page of this scenario, and where it is.
export function report(name, ...args) {
  const path = lostwrite('report', name, ...args, '--output-file', `${name}.html`).trim();
  return `file://${join(folder, path)}`;
}

// Plays a race in the page to its end, choosing by `pick`, and holds what is in sight to the scene: what
// a step wrote is among the lines of the object, each sheet says what its worker holds and nothing
// else, and a field that was written is on every sheet of a worker that holds it. Runs in the page.
export function sheetsAreTrue({ box, scene, pick }) {
  const trimmed = (index) => (index === null || index === undefined ? [] : scene.texts[index].map((line) => line.trim()));
  const shown = (node) => [...node.querySelectorAll('.race-line:not(.lost)')].map((line) => {
    const copy = line.cloneNode(true);
    copy.querySelectorAll('.sr').forEach((word) => word.remove());
    return copy.textContent.trim();
  });
  const tape = scene.stories[scene.first];
  const problems = [];
  const written = new Set();
  let [state, steps, fields] = [0, 0, 0];
  for (; steps < 60; steps += 1) {
    const buttons = [...box.querySelectorAll('.race-board button:not(:disabled)')];
    if (buttons.length === 0) break;
    const button = buttons[pick(steps, buttons.length)];
    const { letter } = button.dataset;
    button.click();
    let [told, place] = [scene.steps[tape.steps[steps]], tape.places[steps + 1]];
    if (scene.graph) {
      const way = scene.graph.states[state].w.find(([choice]) => scene.graph.choices[choice][0] === letter);
      [, told, state] = way;
      told = scene.steps[told];
      place = scene.graph.states[state].p;
    }
    const at = `${scene.name}, step ${steps + 1} (${letter})`;
    const lines = trimmed(place.o[told.view]);
    const truth = shown(box.querySelectorAll('.race-object')[told.view]);
    // The key that all of it is below stands in the title.
    for (const line of told.wrote.filter((line) => !/^(status|spec|data):$/.test(lines[line]))) {
      written.add(lines[line]);
      fields += 1;
      if (!truth.includes(lines[line])) problems.push(`${at}: ${lines[line]} is not in sight`);
    }
    const sheets = box.querySelectorAll('.race-sheet');
    place.b.forEach((index, worker) => {
      const belief = scene.beliefs[index];
      const held = [belief.text, ...(belief.others ?? []).map(([, text]) => text)].flatMap(trimmed);
      const sheet = shown(sheets[worker]);
      const name = scene.workers[worker].name;
      for (const line of sheet) if (!held.includes(line)) problems.push(`${at}: ${name} does not hold ${line}`);
      for (const line of held) if (written.has(line) && !sheet.includes(line)) problems.push(`${at}: ${name} holds ${line}`);
    });
  }
  return { problems, steps, fields };
}
