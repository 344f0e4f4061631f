// The game: at every step the reader may choose another worker to move.

// The part of the schedules from here that violate, as a bar and as words.
function odds(place) {
  if (!place.n) return el('p', { class: 'odds' }, 'How many schedules are left is not known: there are too many states.');
  const [all, losing] = place.n;
  const share = Number((BigInt(losing) * 1000n) / (BigInt(all) || 1n)) / 10;
  const lose = losing === '0' ? (all === '1' ? 'and it ends well' : 'none of them loses') : losing === all
    ? (all === '1' ? 'and it loses' : 'and all of them lose')
    : `${grouped(losing)} of them ${losing === '1' ? 'loses' : 'lose'}`;
  return el('div', { class: 'odds' },
    el('p', {}, 'still possible from here: ', el('strong', {}, plural(all, 'schedule')), `, ${lose}`),
    el('div', { class: 'meter', role: 'img', 'aria-label': `${share} percent of them lose` }, el('span', { style: `width: ${share}%` })));
}

function game() {
  const { scene, tape } = now;
  const box = $('game');
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const covered = horizon() < lastStep() || openQuestion('count') !== null;
  $('scheduler').hidden = covered;
  if (covered) return;
  if (tape.instead) {
    box.replaceChildren(el('p', {}, 'This schedule is of another write method. ',
      el('button', { type: 'button', class: 'link', on: { click: () => showStory(scene.first) } }, 'Play the scenario as it is written.')));
    return;
  }
  const letters = tape.letters.slice(0, now.step);
  const state = stateAfter(scene, letters);
  const place = tape.places[now.step];
  if (!state) {
    box.replaceChildren(odds(place), el('p', {}, 'The game of this scenario is too large for a page: ', el('code', {}, `lostwrite play ${scene.source}`), ' plays it in a terminal.'));
    return;
  }
  const parts = [];
  const over = state.w.length === 0;
  if (over) parts.push(ending(state));
  const buttons = state.w.map(([choice, step], at) => {
    const [letter, who] = scene.graph.choices[choice];
    const told = scene.steps[step];
    const worker = told.worker ?? told.lanes[0] ?? 5;
    const recorded = tape.letters[now.step] === letter;
    return el('button', {
      type: 'button', class: `move w${worker % 6}${recorded ? ' recorded' : ''}`, 'data-key': letter, 'data-letter': letter,
      on: { click: () => choose(letter) },
    }, el('kbd', {}, String(at + 1)), el('span', { class: 'letter', 'aria-hidden': 'true' }, letter), el('span', { class: 'who' }, who),
    el('span', { class: 'what' }, told.names[0]));
  });
  if (!over) parts.push(el('div', { class: 'moves', role: 'group', 'aria-label': 'Who moves next' }, ...buttons));
  if (!over) parts.push(odds(place));
  parts.push(el('p', { class: 'played' },
    el('span', {}, 'schedule so far: '), el('code', { id: 'so-far' }, letters.join('') || '–'), ' ',
    el('button', { type: 'button', id: 'undo', 'data-key': 'undo', disabled: now.step === 0, on: { click: undo } }, 'Undo'),
    el('button', { type: 'button', id: 'restart', 'data-key': 'restart', disabled: now.step === 0, on: { click: () => show(walk(scene, []), 0) } }, 'Restart')));
  if (state.s.length > 0) {
    const open = box.querySelector('details')?.open ?? false;
    parts.push(el('details', { open }, el('summary', {}, 'Why can’t a worker move?'),
      el('ul', {}, ...state.s.map(([choice, reason]) => el('li', {}, el('code', {}, scene.graph.choices[choice][0]), ` ${scene.graph.reasons[reason]}`)))));
  }
  box.replaceChildren(...parts);
  if (focused) (box.querySelector(`[data-key="${CSS.escape(focused)}"]:not(:disabled)`) ?? box.querySelector('button:not(:disabled)'))?.focus();
}

// What became of it, and how it compares with the rest.
function ending(state) {
  const { scene } = now;
  const verdict = scene.graph.verdicts[state.e];
  const lost = now.tape.steps.flatMap((step) => step.gone);
  const all = scene.schedules;
  const bad = scene.violating;
  const rest = all !== null && bad !== null ? (BigInt(all) - BigInt(bad)).toString() : null;
  const share = all === null ? '' : verdict.role === 'good'
    ? (rest === null ? '' : ` ${grouped(rest)} of the ${plural(all, 'schedule')} end well.`)
    : (bad === null ? '' : ` You found ${bad === '1' ? 'the only one' : `one of the ${grouped(bad)}`}, of ${plural(all, 'schedule')}.`);
  return el('p', { class: 'ending' }, el('span', { class: `pill small ${verdict.role}` }, `${GLYPHS[verdict.role]} ${verdict.tag}`),
    lost.length > 0 ? ` ${lost.join(', ')}.` : verdict.role === 'good' ? ' Every acknowledged write is still there.' : '', share);
}
