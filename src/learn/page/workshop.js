// The workshop: a prediction first, then one step after the other. Everything that is said was
// computed beforehand; this script only shows what is due, and remembers it. The games are the race of
// every page: `playIn`.

const DATA = JSON.parse(document.getElementById('data').textContent);
const KEY = 'lostwrite-workshop';

// A page from a USB stick may not be allowed to remember anything; then it works until it is closed.
const memory = {
  read() { try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; } },
  write(all) { try { localStorage.setItem(KEY, JSON.stringify(all)); } catch { /* not kept */ } },
};
const progress = memory.read();
const keep = () => memory.write(progress);

const plain = (text) => text.trim().toLowerCase().replace(/\.$/, '').replace(/^step\s*/, '').replace(/^status\./, '');

// What is said is of the page itself, with its code marked up; nothing that was typed is in it.
function say(place, text, good) {
  place.hidden = false;
  place.className = `verdict ${good ? 'good' : 'notice'}`;
  place.innerHTML = text;
}

// What was chosen in a form or fieldset, and whether it is right.
function chosen(box) {
  const radio = box.querySelector('input[type=radio]:checked');
  if (!radio) return null;
  const label = radio.closest('label');
  return { letter: radio.value, right: 'right' in label.dataset, why: label.nextElementSibling.innerHTML };
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
    // Who has answered how many there are is told so by every game.
    queueMicrotask(() => boards.forEach((race) => race.draw()));
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

// The race, played for an exercise: which losses are asked for, and when it may tell how many there are.
class Board {
  constructor(step, exercise) {
    this.step = step;
    this.wanted = Number(step.dataset.victims);
    this.judged = step.dataset.reveals ? JSON.parse(step.dataset.reveals) : {};
    this.asked = step.querySelector('form input[type=text]');
    this.reply = step.querySelector('.reply');
    this.exercise = exercise;
    this.found = new Map();
    const counted = step.dataset.counted || exercise.name;
    const scene = DATA.games.find(({ name }) => name === step.dataset.scenario);
    const { race } = playIn(step.querySelector('.game'), scene, (letters, who) => this.ended(letters, who), {
      counts: () => Boolean(progress[counted]?.done),
      help: false,
    });
    boards.push(race);
  }

  ended(letters, who) {
    if (this.asked) {
      this.asked.value = letters;
      return;
    }
    const missed = who === null ? '' : this.judged[letters];
    this.reply.innerHTML = missed ? `That loses, but ${missed}.` : '';
    if (who === null || missed) return;
    this.found.set(letters, who);
    if (new Set(this.found.values()).size >= this.wanted) this.exercise.passed(this.step);
  }
}

const boards = [];
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
