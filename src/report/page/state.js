// What is shown now: the scenario, the schedule, the step, the mode. Everything on the page is
// drawn from this, and the address holds it, so that a link is a place.

const PAGE = JSON.parse(document.getElementById('data').textContent);

PAGE.scenes.forEach(withGame);

const now = {
  scene: PAGE.scenes[0],
  tape: null,
  step: 0,
  predicting: false,
  answers: {},
  presenting: false,
  whole: false,
  timer: null,
  speed: 0,
};

const listeners = [];

// Called after each change.
const onChange = (listener) => listeners.push(listener);

// What stands in a closed fold is drawn when it is opened: on a slow phone a step is to be quick.
const waiting = new Map();

function whenOpen(id, draw) {
  if ($(id).closest('details.fold').open) draw();
  else waiting.set(id, draw);
}

function drawOpened() {
  for (const [id, draw] of waiting) {
    if (!$(id).closest('details.fold').open) continue;
    waiting.delete(id);
    draw();
  }
}

const unfolding = new MutationObserver(drawOpened);
for (const fold of document.querySelectorAll('details.fold')) unfolding.observe(fold, { attributeFilter: ['open'] });

function changed() {
  writeAddress();
  for (const listener of listeners) listener();
}

const lastStep = () => now.tape.steps.length;
const story = () => (now.tape.story === null ? null : now.scene.stories[now.tape.story]);
const place = () => now.tape.places[now.step];

// Question that is not answered yet, by its id.
function openQuestion(id) {
  if (!now.predicting) return null;
  const question = now.scene.questions.find((asked) => asked.id === id);
  return question && now.answers[id] === undefined ? question : null;
}

// The last step that may be seen: while its outcome is to be predicted, the one before.
function horizon() {
  const question = openQuestion('outcome');
  const covered = question && now.tape.story === now.scene.first;
  return covered ? question.step - 1 : lastStep();
}

function go(step) {
  now.step = Math.max(0, Math.min(step, horizon()));
  changed();
}

function show(tape, step) {
  pause();
  now.tape = tape;
  now.step = Math.max(0, Math.min(step, horizon()));
  changed();
}

// A story from its guilty step, or its end.
function showStory(index) {
  const { guilty, steps } = now.scene.stories[index];
  show(tapeOf(now.scene, index), guilty ?? steps.length);
}

// Before the first step: of the game, or of the recorded schedule where the game is too large.
function begin() {
  show(now.scene.graph ? walk(now.scene, []) : tapeOf(now.scene, now.scene.first), 0);
}

function showScene(index) {
  now.scene = PAGE.scenes[index];
  now.answers = {};
  begin();
}

// Makes a choice at this step. On the schedule's own path it is a step forward; else the
// schedule is left, and goes on from here as the reader wills.
function choose(letter) {
  const letters = now.tape.letters.slice(0, now.step);
  if (now.tape.letters[now.step] === letter) {
    go(now.step + 1);
    return;
  }
  letters.push(letter);
  const tape = tapeOfLetters(now.scene, letters) ?? walk(now.scene, letters);
  if (tape) show(tape, letters.length);
}

// Takes the last choice back.
function undo() {
  if (now.step === 0) return;
  const letters = now.tape.letters.slice(0, now.step - 1);
  const tape = now.tape.instead ? null : walkIfPossible(letters);
  if (tape) show(tape, letters.length);
  else go(now.step - 1);
}

function walkIfPossible(letters) {
  return now.scene.graph ? walk(now.scene, letters) : null;
}

const SPEEDS = [['1×', 1600], ['2×', 800], ['½×', 3200]];

function pause() {
  if (now.timer !== null) clearInterval(now.timer);
  now.timer = null;
}

function play() {
  if (now.timer !== null) {
    pause();
    changed();
    return;
  }
  if (now.step >= horizon()) now.step = 0;
  now.timer = setInterval(() => {
    if (now.step >= horizon()) pause();
    go(now.step + 1);
  }, SPEEDS[now.speed][1]);
  changed();
}

function faster() {
  now.speed = (now.speed + 1) % SPEEDS.length;
  const playing = now.timer !== null;
  pause();
  if (playing) play();
  else changed();
}

// #s=huhu&step=4, with &write= and &read= for a schedule of the comparison, and &scene= where
// there are several.
function writeAddress() {
  if (!location.hash && now.tape.letters.length === 0) return;
  const parts = [`s=${now.tape.letters.join('')}`, `step=${now.step}`];
  if (now.tape.instead) parts.push(`write=${now.tape.instead[0]}`, `read=${now.tape.instead[1]}`);
  if (PAGE.scenes.length > 1) parts.unshift(`scene=${encodeURIComponent(now.scene.name)}`);
  const address = `#${parts.join('&')}`;
  if (location.hash === address) return;
  try {
    history.replaceState(null, '', address);
  } catch {
    location.hash = address;
  }
}

// Reads the address; without a schedule nothing has happened yet.
function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const scene = PAGE.scenes.find(({ name }) => name === wanted.get('scene'));
  if (scene && scene !== now.scene) {
    now.scene = scene;
    now.answers = {};
  }
  const instead = wanted.has('write') ? [wanted.get('write'), wanted.get('read') ?? 'live'] : null;
  const letters = spell(wanted.get('s') ?? '');
  const tape = wanted.has('s') ? tapeOfLetters(now.scene, letters, instead) : null;
  if (!tape) {
    begin();
    return;
  }
  $('fold-stage').open = true;
  const step = wanted.has('step') ? Number.parseInt(wanted.get('step'), 10) : tape.steps.length;
  show(tape, Number.isNaN(step) ? tape.steps.length : step);
}
