// Everything is wired up here, and drawn again after each change.

const model = {
  get scene() { return now.scene; },
  get tape() { return now.tape; },
  get step() { return now.step; },
  choose,
  undo,
  go,
  restart: begin,
  variant: (index, step) => show(tapeOf(now.scene, index), step),
};
const race = new Race($('race'), model);
const onScreen = new Race($('presenter-race'), Object.create(model, { counts: { value: false } }));

const HOW = $('race-how').textContent;
const REPLAYED = 'The same order is played again with another write method. Watch what is answered.';

// As high as the longest of its texts, so that nothing below moves when it changes.
function reserve(part, texts) {
  const shown = part.textContent;
  const heights = texts.map((text) => { part.style.minHeight = ''; part.textContent = text; return part.offsetHeight; });
  part.textContent = shown;
  part.style.minHeight = `${Math.max(...heights)}px`;
}

let reserved = '';
function reserveHead() {
  const key = [now.scene.name, innerWidth, getComputedStyle(document.documentElement).fontSize].join(' ');
  if ($('play').hidden || key === reserved) return;
  reserved = key;
  const { task, workers, violating, stories } = now.scene;
  const all = workers.map(({ name }) => name).join(' and ');
  const replays = stories.flatMap((story, at) => (story.instead ? [`With ${story.instead[0]}: ${endingOf(now.scene, tapeOf(now.scene, at))}.`] : []));
  reserve($('race-task'), [task, `${all} lost a write already. Find another order: ${violating} to go.`, ...new Set(replays)]);
  reserve($('race-how'), [HOW, REPLAYED]);
}

// The first screen: what there is to do, and the race.
function opening() {
  $('play').hidden = now.predicting;
  if (!now.predicting) race.draw();
  $('race-how').textContent = now.tape?.instead ? REPLAYED : HOW;
  $('race-task').textContent = race.scene ? race.heading() : now.scene.task;
  reserveHead();
}

// A link to a part of the report opens it.
function unfold(id) {
  const part = document.getElementById(id);
  const fold = part?.closest('details.fold') ?? part?.querySelector('details.fold');
  if (fold) fold.open = true;
  part?.scrollIntoView({ block: 'start' });
}

let folded_ = [];
function openAll() {
  folded_ = [...document.querySelectorAll('details:not([open])')];
  for (const fold of folded_) fold.open = true;
  drawOpened();
}

function wire(id, action) {
  $(id).addEventListener('click', action);
}

wire('to-first', () => go(0));
wire('to-back', () => go(now.step - 1));
wire('to-next', () => go(now.step + 1));
wire('to-last', () => go(lastStep()));
wire('to-guilty', guiltyStep);
wire('play-pause', play);
wire('speed', faster);
wire('report-on', () => unfold('fold-verdict'));
wire('predict-on', () => setPredicting(!now.predicting));
wire('predict-off', () => { setPredicting(false); $('predict-on').focus(); });
wire('present-on', () => setPresenting(true));
wire('presenter-off', () => setPresenting(false));
wire('presenter-back', () => go(now.step - 1));
wire('presenter-next', () => go(now.step + 1));
wire('blank', () => setBlank(false));
wire('smaller', () => resize(-1));
wire('larger', () => resize(1));
wire('theme', toggleTheme);
wire('keys-on', () => $('keys').showModal());
wire('answers-copy', copyAnswers);
$('key-table').querySelector('tbody').append(...KEYS.map(([key, what]) => el('tr', {}, el('th', { scope: 'row' }, el('kbd', {}, key)), el('td', {}, what))));

for (const draw of [scenes, opening, verdictPanel, () => whenOpen('strip', strip), questionPanel,
  () => whenOpen('which', which), () => whenOpen('where', transport),
  () => whenOpen('lanes', timeline), () => whenOpen('truth', () => truth($('truth'), now.step)),
  () => whenOpen('beliefs', () => beliefs($('beliefs'), now.step)), why, swap, compared,
  () => whenOpen('steps', stepTable), () => whenOpen('rests', foot), presenter, () => { $('theme').textContent = isDark() ? 'Light' : 'Dark'; }]) {
  onChange(draw);
}

document.addEventListener('keydown', onKey);
addEventListener('resize', reserveHead);
addEventListener('hashchange', readAddress);
dark.addEventListener('change', changed);
let width = 0;
new ResizeObserver(([{ contentRect }]) => {
  if (Math.abs(contentRect.width - width) < 1) return;
  ({ width } = contentRect);
  if (now.tape) {
    whenOpen('lanes', timeline);
    swap();
  }
}).observe($('lanes'));
// On paper the drawing is as wide as the paper.
addEventListener('beforeprint', () => { openAll(); timeline(); swap(); });
addEventListener('afterprint', () => { for (const fold of folded_) fold.open = false; });

readAddress();
if (new URLSearchParams(location.search).has('predict')) setPredicting(true);
