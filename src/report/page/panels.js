// The panels around the timeline: verdict, strip, why, swap of two steps, comparison, table, foot.

function verdictPanel() {
  const { scene } = now;
  const hidden = openQuestion('count') !== null;
  document.title = `${scene.name}: ${scene.headline.tag} · lostwrite`;
  $('name').textContent = scene.name;
  $('description').textContent = scene.description;
  const { role, tag, name, text } = scene.headline;
  const bad = /LOST|FAIL|violated/.test(tag) ? 'bad' : role;
  const pill = el('strong', { class: `pill ${bad}` }, `${GLYPHS[bad]} ${tag}`);
  $('headline').replaceChildren(...(hidden
    ? [el('strong', { class: 'pill covered' }, '? predict first'), el('span', {}, 'How many of the orders lose a write?')]
    : [pill, el('span', {}, text), name ? el('code', {}, name) : '']));
  const others = scene.verdicts.slice(1).map((verdict) => `${verdict.tag}: ${verdict.name}, ${verdict.text}`);
  $('headline').title = hidden ? '' : others.join('\n');
}

// One square per schedule, or per class of schedules.
function strip() {
  const { scene } = now;
  const hidden = openQuestion('count') !== null;
  const box = $('strip');
  const few = scene.strip.length <= 30;
  const squares = scene.strip.map(({ story: index, schedules }, at) => {
    const { letters, verdict } = scene.stories[index];
    const chosen = index === now.tape.story;
    const many = schedules === null ? '' : plural(schedules, 'schedule');
    const told = hidden ? 'covered' : verdict.tag;
    const label = scene.each ? `${letters.join('')}: ${told}` : `${many} like ${letters.join('')}: ${told}`;
    const spelled = letters.join('');
    const below = !scene.each ? `${schedules === null ? '?' : grouped(schedules)} ×` : few ? (spelled.length > 9 ? `${spelled.slice(0, 8)}…` : spelled) : null;
    return el('button', {
      type: 'button',
      role: 'radio',
      class: `square ${hidden ? 'covered' : verdict.role}`,
      'aria-checked': String(chosen),
      'aria-label': label,
      title: label,
      tabindex: chosen || (at === 0 && !scene.strip.some((s) => s.story === now.tape.story)) ? '0' : '-1',
      on: { click: () => showStory(index) },
    }, el('span', { class: 'mark', 'aria-hidden': 'true' }, hidden ? '?' : GLYPHS[verdict.role]),
    below ? el('span', { class: 'spelled', 'aria-hidden': 'true' }, below) : null);
  });
  const focused = box.contains(document.activeElement);
  box.replaceChildren(...squares);
  box.className = `strip ${few ? 'few' : 'many'}`;
  if (focused) box.querySelector('[tabindex="0"]')?.focus();
  const all = scene.schedules === null ? 'Some schedules' : `All ${plural(scene.schedules, 'schedule')}`;
  const what = scene.each ? 'one square each' : `one square for each way to end`;
  $('strip-title').textContent = `${all}, ${what}. ✓ nothing is lost  ✗ a write is lost  ▲ a worker gives up. Press one to see it. ${lettersOf(scene)}`;
}

function which() {
  const { tape, scene } = now;
  const told = story();
  const covered = openQuestion('count') || horizon() < lastStep();
  const { verdict } = tape;
  const parts = [el('code', { class: 'schedule' }, told ? told.schedule : tape.letters.join('') || '(nothing yet)')];
  if (tape.instead) parts.push(el('span', { class: 'instead' }, `${tape.instead[0]}, read ${tape.instead[1] === 'live' ? 'live' : 'from the cache'}`));
  if (verdict && !covered) parts.push(el('span', { class: `pill small ${verdict.role}` }, `${GLYPHS[verdict.role]} ${verdict.tag}`));
  if (!verdict) parts.push(el('span', { class: 'pill small notice' }, 'being played'));
  if (tape.story !== scene.first || tape.instead) {
    parts.push(el('button', { type: 'button', class: 'link', on: { click: () => showStory(scene.first) } }, 'back to the first one'));
  }
  $('which').replaceChildren(...parts);
}

function transport() {
  const { guilty } = horizon() < lastStep() ? NO_MARKS : marksOf(now.tape);
  $('where').textContent = `step ${now.step} of ${lastStep()}`;
  $('to-first').disabled = now.step === 0;
  $('to-back').disabled = now.step === 0;
  $('to-next').disabled = now.step >= horizon();
  $('to-last').disabled = now.step >= horizon();
  $('to-guilty').disabled = guilty === null || guilty === undefined;
  $('to-guilty').lastChild.textContent = now.tape.verdict?.name === 'converges' ? ' where it gives up' : ' guilty step';
  $('play-pause').textContent = now.timer === null ? 'Play' : 'Pause';
  $('speed').textContent = SPEEDS[now.speed][0];
  $('speed').setAttribute('aria-label', `Speed ${SPEEDS[now.speed][0]}`);
  const step = now.tape.steps[now.step - 1];
  $('live').textContent = step ? `Step ${now.step} of ${lastStep()}: ${sentenceOf(step)}` : 'Before the first step';
}

const LABELS = { lost: 'bad', guilty: 'bad', stale: 'notice', why: '', read: '', wrote: '', dropped: 'notice' };

function why() {
  const told = story();
  const covered = horizon() < lastStep();
  $('why').hidden = covered || (now.predicting && openQuestion('count') !== null);
  whenOpen('sentences', () => sentences(told));
}

function sentences(told) {
  const rows = [];
  for (const { label, step, text } of told?.sentences ?? []) {
    const jump = step === null ? null : el('button', { type: 'button', class: 'link', on: { click: () => go(step) } }, `step ${step}`);
    rows.push(el('dt', { class: LABELS[label] ?? '' }, label || 'and'), el('dd', {}, jump, jump ? ' ' : '', `${text}.`));
  }
  if (rows.length === 0) {
    const { verdict } = now.tape;
    const lost = now.tape.steps.flatMap((step, at) => step.gone.map((gone) => `Step ${at + 1}: ${gone}.`));
    const said = !verdict ? 'The schedule has not ended: nothing is judged yet.'
      : verdict.role === 'good' ? ['Every write that was answered 2xx is still there at the end.', keptBecause(now.scene, now.tape)].join(' ').trim()
        : [`${verdict.tag}.`, ...lost, 'The command below says why.'].join(' ');
    rows.push(el('dt', {}, 'so'), el('dd', {}, said));
  }
  for (const advice of now.scene.advice.slice(0, told?.instead ? 0 : 3)) {
    if (told && told.sentences.length > 0) rows.push(el('dt', { class: advice.startsWith('on the same') ? 'good' : '' }, advice.startsWith('on the same') ? 'safe' : ''), el('dd', {}, `${advice}.`));
  }
  $('sentences').replaceChildren(...rows);
  const argument = told?.explanation ?? [];
  $('argument').hidden = argument.length === 0;
  $('argument').textContent = argument.join('\n');
  $('replay').textContent = commandNow(told);
}

// The command that shows what is shown now: before the first step, all orders.
function commandNow(told) {
  const { scene, tape } = now;
  if (told) return told.command;
  const letters = tape.letters.join('');
  if (letters === '' || !scene.replay) return scene.commands[0];
  return scene.replay.replace('{}', /^[A-Za-z0-9]+$/.test(letters) || scene.replay.includes('"{}"') ? letters : `'${letters}'`);
}

// A losing schedule and the safe one beside it.
function swap() {
  const told = story();
  const pair = told?.swap ?? null;
  const covered = horizon() < lastStep() || (now.predicting && openQuestion('count') !== null);
  $('swap').hidden = pair === null || covered;
  if (pair !== null) whenOpen('swapped', () => swapped(told, pair));
}

function swapped(told, pair) {
  const safe = now.scene.stories[pair.with];
  const [a, b] = pair.steps;
  const side = (index, title, steps, marks, id) => {
    const drawing = svg('svg', { id, role: 'img', 'aria-label': `${title}: ${steps.letters.join(' ')}` });
    const letters = el('p', { class: 'letters' });
    steps.letters.forEach((letter, at) => letters.append(el('span', { class: at + 1 === a || at + 1 === b ? 'exchanged' : '' }, letter)));
    return el('div', { class: 'side-of-swap' },
      el('h3', {}, el('span', { class: `pill small ${steps.verdict.role}` }, `${GLYPHS[steps.verdict.role]} ${steps.verdict.tag}`), letters),
      el('div', { class: 'lanes' }, drawing),
      el('p', {}, el('button', { type: 'button', class: 'link', on: { click: () => showStory(index) } }, 'show this one above')));
  };
  const whoAt = (at) => tapeOf(now.scene, now.tape.story).steps[at - 1].who;
  $('swapped').replaceChildren(
    el('p', {}, `Exchange step ${a} (${whoAt(a)}) with step ${b} (${whoAt(b)}), and nothing is lost. What comes after follows from that. ${lettersOf(now.scene)}`),
    el('div', { class: 'sides' },
      side(now.tape.story, 'The losing schedule', told, told, 'swap-losing'),
      side(pair.with, 'The safe schedule', safe, NO_MARKS, 'swap-safe')));
  const draw = (id, index, marks) => {
    const tape = tapeOf(now.scene, index);
    drawTimeline($(id), { scene: now.scene, tape, step: Infinity, marks, compact: true, swap: [a, b] });
  };
  draw('swap-losing', now.tape.story, told);
  draw('swap-safe', pair.with, NO_MARKS);
}

function compared() {
  const { scene } = now;
  const covered = now.predicting && openQuestion('count') !== null;
  $('compare').hidden = covered || scene.compare.length === 0;
  whenOpen('compared', matrix);
}

function matrix() {
  const { scene } = now;
  const cell = ({ role, text, story: index }, write, read) => {
    if (index === null) return el('td', { class: role }, text || '–');
    const chosen = now.tape.story === index;
    const label = `${write}, ${read}: ${text}. Show its worst schedule`;
    return el('td', { class: role }, el('button', { type: 'button', class: 'cell', 'aria-pressed': String(chosen), title: 'Show its worst schedule', on: { click: () => { showStory(index); unfold('fold-stage'); } } },
      text, el('span', { class: 'sr' }, `: ${label}`)));
  };
  const rows = scene.compare.map((row) => el('tr', { class: row.own ? 'own' : '' },
    el('th', { scope: 'row' }, el('code', {}, row.write), row.own ? el('span', { class: 'own-mark' }, ' this scenario') : null),
    cell(row.cells[0], row.write, 'read live'), cell(row.cells[1], row.write, 'read from the cache'),
    el('td', {}, row.conflicts), el('td', {}, row.calls),
    el('td', { class: row.verdict.role, title: row.refused }, `${GLYPHS[row.verdict.role]} ${row.verdict.tag}`)));
  const head = ['write method', 'live read', 'informer cache', 'conflicts', 'API calls', 'verdict'];
  const table = el('table', { class: 'matrix' },
    el('thead', {}, el('tr', {}, ...head.map((name) => el('th', { scope: 'col' }, name)))), el('tbody', {}, ...rows));
  $('compared').replaceChildren(
    el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'The write methods compared' }, table),
    ...scene.closing.map((sentence) => el('p', {}, sentence)),
    el('p', { class: 'legend' }, 'Losing schedules of all, with every worker writing so. Press a losing cell to see its worst schedule. Conflicts and calls are of the live read.'));
}

function stepTable() {
  const limit = horizon();
  const marks = limit < lastStep() ? NO_MARKS : marksOf(now.tape);
  const rows = now.tape.steps.map((step, at) => {
    if (at >= limit) return el('tr', {}, el('td', {}, String(at + 1)), el('td', { colspan: '5' }, 'covered until you predict'));
    const word = marks.guilty === at + 1 ? (marks.verdict?.name === 'converges' ? '▲ gives up' : '✗ guilty') : marks.victim === at + 1 ? 'lost ' : marks.stale === at + 1 ? 'stale ' : '';
    const notes = step.notes.length > 0 ? ` (${step.notes.join(', ')})` : '';
    const gone = step.gone.length > 0 ? el('span', { class: 'gone' }, `; ${step.gone.join(', ')}`) : null;
    return el('tr', { class: marks.guilty === at + 1 ? 'guilty' : '', 'aria-current': now.step === at + 1 ? 'step' : null },
      el('td', {}, el('button', { type: 'button', class: 'link', on: { click: () => go(at + 1) }, 'aria-label': `Go to step ${at + 1}` }, String(at + 1)), ' ', el('strong', {}, word.trim())),
      el('td', {}, step.who), el('td', {}, step.names[0] + notes), el('td', {}, answerOf(step)), el('td', {}, String(step.rv)), el('td', {}, step.object, gone));
  });
  const head = ['Step', 'Who', 'What', 'Answer', 'rv', 'The object after it'];
  $('steps').replaceChildren(el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'The steps' },
    el('table', { class: 'steps' }, el('thead', {}, el('tr', {}, ...head.map((name) => el('th', { scope: 'col' }, name)))), el('tbody', {}, ...rows))));
}

function foot() {
  const { scene } = now;
  const told = story();
  const item = (name, ...value) => [el('dt', {}, name), el('dd', {}, ...value)];
  const code = (text) => el('code', {}, text);
  const covered = openQuestion('count') || horizon() < lastStep();
  const { tape } = now;
  const method = tape.instead ? `, with ${tape.instead[0]}, read ${tape.instead[1] === 'live' ? 'live' : 'from the cache'}` : '';
  $('rests').replaceChildren(el('h3', {}, 'The order shown now'), el('dl', { class: 'facts' },
    ...item('order', code(told ? told.schedule : tape.letters.join('') || '(nothing yet)'), `${method}. ${lettersOf(scene)}`),
    ...item('verdict', covered ? 'covered until you predict' : tape.verdict ? tape.verdict.tag : 'it has not ended'),
    ...(tape.letters.length > 0 ? item('replay it', code(commandNow(told))) : [])),
  el('h3', {}, 'Every order of the scenario, as it is written'), el('dl', { class: 'facts' },
    ...item('verdict', scene.summary),
    ...(scene.notes ?? []).flatMap((note) => item('note', note)),
    ...item('made of', scene.facts.join(' · ')),
    ...item('bounds', scene.bounds.join('; ')),
    ...item('check it', code(scene.commands[0])),
    ...item('this page', code(scene.commands[2])),
    ...item('scenario', `${scene.source}, fingerprint ${scene.fingerprint}`),
    ...item('made by', `lostwrite ${PAGE.version}`)));
  $('scenario').textContent = scene.text;
}

function scenes() {
  const box = $('scenes');
  box.hidden = PAGE.scenes.length < 2;
  if (box.hidden || box.childElementCount > 0) return;
  const select = el('select', { id: 'scene', on: { change: (event) => showScene(Number(event.target.value)) } },
    ...PAGE.scenes.map(({ name }, at) => el('option', { value: at }, name)));
  box.append(el('label', { for: 'scene' }, 'Scenario '), select);
}
