// Keys, type size, light and dark, the presenter's screen.

const KEYS = [
  ['→ ←', 'one step forward, one back'],
  ['Home End', 'before the first step, the last step'],
  ['g', 'the guilty step'],
  ['space', 'play, pause'],
  ['s', 'three speeds'],
  ['a worker’s letter', 'that worker moves; also ~ and ! before it'],
  ['Backspace', 'undo'],
  ['q', 'predict first'],
  ['p', 'presenter: one step per screen'],
  ['b', 'blank the screen, while presenting'],
  ['+ −', 'larger, smaller type'],
  ['t', 'light, dark'],
  ['?', 'these keys'],
];

const ACTIONS = {
  ArrowRight: () => go(now.step + 1),
  ArrowLeft: () => go(now.step - 1),
  PageDown: () => (now.presenting ? go(now.step + 1) : true),
  PageUp: () => (now.presenting ? go(now.step - 1) : true),
  Home: () => go(0),
  End: () => go(lastStep()),
  g: guiltyStep,
  ' ': play,
  s: faster,
  Backspace: undo,
  q: () => setPredicting(!now.predicting),
  p: () => setPresenting(!now.presenting),
  b: () => (now.presenting ? setBlank(true) : true),
  Escape: () => (now.presenting ? setPresenting(false) : true),
  '+': () => resize(1),
  '=': () => resize(1),
  '-': () => resize(-1),
  t: toggleTheme,
  '?': () => $('keys').showModal(),
};

function guiltyStep() {
  const { guilty } = marksOf(now.tape);
  if (guilty) go(guilty);
}

// Where a key means something of its own, it is left alone.
function isTyping(event) {
  const { target } = event;
  const name = target.tagName;
  if (name === 'INPUT' || name === 'SELECT' || name === 'TEXTAREA') return true;
  if (event.key === ' ' && (name === 'BUTTON' || name === 'SUMMARY')) return true;
  const arrows = event.key.startsWith('Arrow');
  return arrows && (target.closest('[role=radiogroup]') || target.closest('.yaml, pre, .scroll') && target.scrollWidth > target.clientWidth);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $('keys').open) return;
  if (!$('blank').hidden) {
    setBlank(false);
    event.preventDefault();
    return;
  }
  if (isTyping(event)) {
    stripKeys(event);
    return;
  }
  const single = event.key.length === 1;
  if (single && !$('keys-enabled').checked) return;
  // The letters of those who move come before the page's own.
  if (single && !now.presenting && !now.predicting && race.typed(event.key)) {
    event.preventDefault();
    return;
  }
  const action = ACTIONS[event.key];
  if (!action) return;
  if (action() !== true) event.preventDefault();
}

// In the strip the arrows go from square to square.
function stripKeys(event) {
  const square = event.target.closest('.square');
  if (!square) return;
  const next = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!next) return;
  const all = [...$('strip').children];
  const at = (all.indexOf(square) + next + all.length) % all.length;
  event.preventDefault();
  showStory(now.scene.strip[at].story);
  $('strip').children[at].focus();
}

let size = 0;

function resize(by) {
  size = Math.max(-2, Math.min(8, size + by));
  document.documentElement.style.fontSize = `${100 + size * 12.5}%`;
  changed();
}

const dark = matchMedia('(prefers-color-scheme: dark)');

const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';

function toggleTheme() {
  document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
  changed();
}

function setPresenting(on) {
  now.presenting = on;
  document.body.classList.toggle('presenting', on);
  $('presenter').hidden = !on;
  $('main').inert = on;
  document.querySelector('.top').inert = on;
  if (on) {
    const told = now.tape.letters.length > 0 && now.tape.verdict ? now.tape : tapeOf(now.scene, now.scene.first);
    show(told, 0);
  } else changed();
  (on ? $('presenter-next') : $('present-on')).focus();
}

function setBlank(on) {
  $('blank').hidden = !on;
  if (on) $('blank').focus();
  else $('presenter-next').focus();
}

function presenter() {
  if (!now.presenting) return;
  onScreen.draw();
  const step = now.tape.steps[now.step - 1];
  const marks = horizon() < lastStep() ? NO_MARKS : marksOf(now.tape);
  $('presenter-where').textContent = `${now.scene.name} · step ${now.step} of ${lastStep()}`;
  $('presenter').classList.toggle('guilty', marks.guilty === now.step);
  const answer = step ? answerOf(step) : '';
  $('presenter-title').replaceChildren(...(step
    ? [`${now.step}. `, el('span', { class: `who w${(step.worker ?? 5) % 6}` }, step.who), ' ', el('code', {}, step.names[0]), answer ? ` ${answer}` : '']
    : [now.tape.instead ? onScreen.heading() : now.scene.task]));
  const notes = (story()?.sentences ?? []).filter((sentence) => sentence.step === now.step || (sentence.step === null && now.step === lastStep()));
  const last = horizon() < lastStep() && now.step === horizon() ? ['What does the object say after the next step?'] : [];
  $('presenter-notes').textContent = [...(step?.notes ?? []), ...notes.map(({ text }) => text), ...last].map((text) => `${text}.`).join('  ').replace('?.', '?');
  $('presenter-back').disabled = now.step === 0;
  $('presenter-next').disabled = now.step >= horizon();
}
