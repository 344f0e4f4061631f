// Everything is wired up here, and drawn again after each change.

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
wire('predict-on', () => setPredicting(!now.predicting));
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

for (const draw of [scenes, verdictPanel, strip, questionPanel, which, transport, timeline,
  () => truth($('truth'), now.step), () => beliefs($('beliefs'), now.step), game, why, swap, compared,
  stepTable, foot, presenter, () => { $('theme').textContent = isDark() ? 'Light' : 'Dark'; }]) {
  onChange(draw);
}

document.addEventListener('keydown', onKey);
addEventListener('hashchange', readAddress);
dark.addEventListener('change', changed);
let width = 0;
new ResizeObserver(([{ contentRect }]) => {
  if (Math.abs(contentRect.width - width) < 1) return;
  ({ width } = contentRect);
  if (now.tape) {
    timeline();
    swap();
  }
}).observe($('lanes'));
// On paper the drawing is as wide as the paper.
addEventListener('beforeprint', () => { timeline(); swap(); });

readAddress();
if (new URLSearchParams(location.search).has('predict')) setPredicting(true);
