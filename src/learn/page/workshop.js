// The workshop: a prediction first, then one step after the other. Everything that is said was
// computed beforehand; this script only shows what is due, and remembers it.
'use strict';

const DATA = JSON.parse(document.getElementById('data').textContent);
const games = Object.fromEntries(DATA.games.map((game) => [game.scenario, game.places]));
const KEY = 'lostwrite-workshop';

// A page from a USB stick may not be allowed to remember anything; then it works until it is closed.
const memory = {
  read() { try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; } },
  write(all) { try { localStorage.setItem(KEY, JSON.stringify(all)); } catch { /* not kept */ } },
};
const progress = memory.read();
const keep = () => memory.write(progress);

const plain = (text) => text.trim().toLowerCase().replace(/\.$/, '').replace(/^step\s*/, '').replace(/^status\./, '');

function say(place, text, good) {
  place.hidden = false;
  place.className = `verdict ${good ? 'good' : 'notice'}`;
  place.textContent = text;
}

// What was chosen in a form or fieldset, and whether it is right.
function chosen(box) {
  const radio = box.querySelector('input[type=radio]:checked');
  if (!radio) return null;
  const label = radio.closest('label');
  return { letter: radio.value, right: 'right' in label.dataset, why: label.nextElementSibling.textContent };
}

class Exercise {
  constructor(article) {
    this.article = article;
    this.name = article.id;
    this.state = progress[this.name] ??= {};
    this.predict = article.querySelector('form.predict');
    this.task = article.querySelector('.task');
    this.steps = [...article.querySelectorAll('.step')];
    this.hints = [...article.querySelectorAll('.hints li')];
    this.prepare();
  }

  prepare() {
    this.task.hidden = this.predict !== null;
    for (const step of this.steps) step.hidden = true;
    this.article.querySelector('.say').hidden = true;
    this.article.querySelector('.hint').addEventListener('click', () => this.hint());
    for (const step of this.steps) {
      const form = step.querySelector('form');
      form?.addEventListener('submit', (event) => { event.preventDefault(); this.judge(step, form); });
      if (step.querySelector('.game')) new Board(step, this);
    }
    this.predict?.addEventListener('submit', (event) => { event.preventDefault(); this.commit(); });
    if (this.predict && this.state.predicted) this.restore();
    else if (!this.predict) this.go(0);
  }

  questions() { return [...this.predict.querySelectorAll('fieldset')]; }

  commit() {
    const said = this.questions().map((box) => chosen(box)?.letter ?? box.querySelector('input[type=text]')?.value.trim());
    const missing = said.findIndex((answer) => !answer);
    if (missing >= 0) {
      say(this.questions()[missing].querySelector('.verdict'), 'Choose one first: who has committed to an answer sees more.', false);
      this.questions()[missing].querySelector('input').focus();
      return;
    }
    this.state.predicted = said;
    keep();
    this.close();
    this.go(0);
    this.task.scrollIntoView({ block: 'start' });
  }

  restore() {
    this.questions().forEach((box, at) => {
      const answer = this.state.predicted[at];
      const radio = box.querySelector(`input[type=radio][value="${CSS.escape(answer)}"]`);
      if (radio) radio.checked = true; else if (box.querySelector('input[type=text]')) box.querySelector('input[type=text]').value = answer;
    });
    this.close();
    this.go(this.state.done ? this.steps.length : Math.min(this.state.step ?? 0, this.steps.length));
  }

  // A prediction that has been made stands.
  close() {
    for (const input of this.predict.querySelectorAll('input, button')) input.disabled = true;
    for (const place of this.predict.querySelectorAll('.verdict')) place.hidden = true;
    this.predict.querySelector('button').hidden = true;
    this.task.hidden = false;
  }

  // The prediction again, beside what is true.
  reveal() {
    if (!this.predict || !this.state.predicted) return;
    for (const box of this.questions()) {
      const answer = chosen(box);
      if (!answer) continue;
      const right = box.querySelector('label[data-right]');
      right.classList.add('right');
      const truth = right.querySelector('b').textContent;
      say(box.querySelector('.verdict'), answer.right ? `You said ${answer.letter}, and so it is.` : `You said ${answer.letter}; it is ${truth}. ${answer.why}`, answer.right);
    }
  }

  // Shows the steps up to this one; what only shows something is done as soon as it is seen.
  go(at) {
    const shows = (step) => ['show', 'draw'].includes(step?.dataset.kind);
    let next = at;
    while (shows(this.steps[next])) next += 1;
    this.state.step = next;
    this.steps.forEach((step, index) => { step.hidden = index > next; });
    const first = this.steps.findIndex((step) => step.dataset.kind === 'show');
    if (first >= 0 && next > first || next >= this.steps.length) this.reveal();
    if (next >= this.steps.length) this.finish();
    keep();
  }

  passed(step) {
    const at = this.steps.indexOf(step);
    if (at >= (this.state.step ?? 0)) this.go(at + 1);
  }

  finish() {
    this.state.done = true;
    this.article.querySelector('.say').hidden = false;
    this.article.querySelector('.solution').hidden = false;
    this.article.classList.add('done');
    document.querySelector(`#contents a[href="#${this.name}"]`).parentElement.classList.add('done');
    keep();
  }

  hint() {
    const next = this.hints.find((hint) => hint.hidden);
    if (next) next.hidden = false;
    if (this.hints.every((hint) => !hint.hidden)) this.article.querySelector('.solution').hidden = false;
  }

  judge(step, form) {
    const place = form.querySelector('.verdict');
    const { kind, is, reveals } = step.dataset;
    const known = reveals ? JSON.parse(reveals) : {};
    if (kind === 'pick') {
      const answer = chosen(form);
      if (!answer) { say(place, 'Choose one.', false); return; }
      say(place, answer.right ? 'Yes.' : answer.why, answer.right);
      if (answer.right) this.passed(step);
    } else if (kind === 'answer') {
      const typed = plain(form.querySelector('input').value);
      const right = typed === plain(is);
      const why = Object.entries(known).find(([said]) => plain(said) === typed)?.[1];
      say(place, right ? 'Yes.' : why ?? 'Not that. The button below gives a hint.', right);
      if (right) this.passed(step);
    } else if (kind === 'schedule') {
      const typed = form.querySelector('input').value.replace(/[\s,]/g, '');
      const why = known[typed];
      if (why === undefined) say(place, 'That is no complete schedule of this scenario: one letter per step, ~h for a delivery.', false);
      else say(place, why === '' ? 'Yes, that is one.' : `Not quite: ${why}.`, why === '');
      if (why === '') this.passed(step);
    } else if (kind === 'file') {
      const key = [...form.querySelectorAll('select')].map((select) => select.value).join('|');
      const { missing, prints } = DATA.edits[this.name][key];
      say(place, missing === null ? 'As it should be, in every schedule.' : `Not yet: ${missing}.`, missing === null);
      if (missing !== null) return;
      // What is shown next is what the program prints of this very text.
      for (const pre of this.article.querySelectorAll('[data-output]')) pre.innerHTML = prints[Number(pre.dataset.output)];
      this.passed(step);
    }
  }
}

// The game: the reader is the scheduler. A place is the letters so far.
class Board {
  constructor(step, exercise) {
    this.places = games[step.dataset.scenario];
    this.wanted = Number(step.dataset.victims);
    this.box = step.querySelector('.game');
    this.step = step;
    this.exercise = exercise;
    this.path = [''];
    this.found = new Map();
    this.box.tabIndex = 0;
    this.box.setAttribute('role', 'group');
    this.box.setAttribute('aria-label', 'The game: letters move, b takes a step back, r restarts');
    this.box.addEventListener('keydown', (event) => this.key(event));
    this.draw();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typed = (this.prefix ?? '') + event.key;
    this.prefix = undefined;
    const move = this.now().moves.find(([letters]) => letters === typed);
    if (move) this.take(move[0]);
    else if (this.now().moves.some(([letters]) => letters.startsWith(typed))) this.prefix = typed;
    else if (event.key === 'b') this.back();
    else if (event.key === 'r') this.restart();
    else return;
    event.preventDefault();
  }

  now() { return this.places[this.path.at(-1)]; }
  take(letters) { this.path.push(this.path.at(-1) + letters); this.note(); this.draw(); }
  back() { if (this.path.length > 1) this.path.pop(); this.draw(); }
  restart() { this.path = ['']; this.draw(); }

  note() {
    const place = this.now();
    const asked = this.step.querySelector('form input');
    if (place.moves.length === 0 && asked) asked.value = this.path.at(-1);
    if (place.moves.length > 0 || !place.victim || asked) return;
    const { reveals } = this.step.dataset;
    this.misses = reveals ? JSON.parse(reveals)[this.path.at(-1)] : '';
    if (this.misses) return;
    this.found.set(this.path.at(-1), place.victim);
    if (new Set(this.found.values()).size >= this.wanted) this.exercise.passed(this.step);
  }

  draw() {
    const place = this.now();
    const make = (tag, values, ...children) => { const node = Object.assign(document.createElement(tag), values); node.append(...children); return node; };
    const button = (text, act, key) => {
      const node = make('button', { type: 'button', textContent: text });
      node.dataset.key = key;
      node.addEventListener('click', act);
      return node;
    };
    const focused = this.box.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const board = make('pre', { className: 'printed' });
    board.innerHTML = place.board;
    const moves = place.moves.map(([letters, what]) => button(`[${letters}] ${what}`, () => this.take(letters), letters));
    const more = [button('[b] one step back', () => this.back(), 'b'), button('[r] restart', () => this.restart(), 'r')];
    const parts = [board];
    if (this.found.size > 0) {
      const odds = make('pre', { className: 'printed' });
      odds.innerHTML = place.odds;
      if (place.moves.length > 0) parts.push(odds);
      const found = [...this.found].map(([letters, victim]) => `${letters} (${victim})`).join(', ');
      parts.push(make('p', { className: 'found' }, `Lost so far: ${found}. ${new Set(this.found.values()).size < this.wanted ? 'Now make the other one lose.' : ''}`));
    }
    if (this.misses && place.moves.length === 0 && place.victim) parts.push(make('p', { className: 'found' }, `That loses, but ${this.misses}.`));
    parts.push(make('p', { className: 'moves' }, ...moves, ...more), make('p', { className: 'path' }, 'schedule so far: ', make('code', {}, this.path.at(-1) || '–')));
    if (place.stuck.length > 0 && place.moves.length > 0) {
      parts.push(make('details', {}, make('summary', {}, "Why can't others move?"), make('ul', {}, ...place.stuck.map((why) => make('li', {}, why)))));
    }
    this.box.replaceChildren(...parts);
    if (focused) (this.box.querySelector(`[data-key="${CSS.escape(focused)}"]`) ?? this.box).focus();
  }
}

const exercises = [...document.querySelectorAll('.exercise')].map((article) => new Exercise(article));

function show(cut) {
  for (const node of document.querySelectorAll('[data-cuts]')) node.hidden = cut !== '' && !node.dataset.cuts.split(' ').includes(cut);
}
const root = document.documentElement;
let size = 100;
const resize = (by) => { size = Math.min(200, Math.max(70, size + by)); root.style.fontSize = `${size}%`; };
document.getElementById('cut').addEventListener('change', (event) => show(event.target.value));
document.getElementById('smaller').addEventListener('click', () => resize(-10));
document.getElementById('larger').addEventListener('click', () => resize(10));
document.getElementById('theme').addEventListener('click', () => {
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
});
document.getElementById('teacher').addEventListener('click', (event) => {
  const on = event.target.getAttribute('aria-pressed') !== 'true';
  event.target.setAttribute('aria-pressed', String(on));
  for (const notes of document.querySelectorAll('.notes')) notes.hidden = !on;
});
document.getElementById('forget').addEventListener('click', () => {
  try { localStorage.removeItem(KEY); } catch { /* nothing was kept */ }
  location.reload();
});
