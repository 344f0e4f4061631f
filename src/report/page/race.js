// The race as one picture: a card per worker with its button, the object between them, what each
// holds as a sheet of paper, and a tray for what was dropped. The report, the workshop, the museum and the
// presenter show this one component. It is a view of a model: { scene, tape, step, choose, undo, … }.

const heldIn = (scene) => `${scene.goal[2][0].toUpperCase()}${scene.goal[2].slice(1)}.`;

class Race {
  constructor(box, model) {
    this.box = box;
    this.model = model;
    this.found = new Map();
    this.safe = new Set();
    this.timer = null;
    box.classList.add('race');
    box.addEventListener('keydown', (event) => this.key(event));
    addEventListener('resize', () => this.strings());
  }

  // What there is to do: it says what has been done already, and which write method is in use.
  heading() {
    const { scene, tape, step } = this.model;
    if (tape.instead) return `With ${tape.instead[0]}: ${step === tape.steps.length ? endingOf(scene, tape) : 'what is different?'}`.replace(/([^?])$/, '$1.');
    if (!this.aim || step === 0) this.aim = this.goal();
    return this.aim;
  }

  goal() {
    const { scene } = this.model;
    const [known, other] = [[...new Set(this.found.values())], this.otherVictim()];
    if (this.found.size === 0) return scene.task;
    if (other) return `${known.join(' and ')} lost a write already. Now make ${other} lose its write.`;
    const left = this.toGo();
    if (this.victims().length === 0) return scene.task;
    return left ? `${known.join(' and ')} lost a write already. Find another order: ${left} to go.` : 'You have found every losing order. Play one again: at its end, try another write method.';
  }

  // The parts that stay where they are while one plays.
  build() {
    const { scene, tape } = this.model;
    this.key_ = `${scene.name} ${tape.instead ?? ''}`;
    if (this.scene !== scene) { this.found = new Map(); this.safe = new Set(); this.aim = null; }
    this.scene = scene;
    this.slots = new Map();
    const make = (letter, className) => {
      const button = el('button', { type: 'button', class: className, 'data-letter': letter, on: { click: () => this.press(letter) } },
        el('kbd', {}, letter), el('span', { class: 'race-what' }));
      this.slots.set(letter, button);
      return button;
    };
    const letters = slotsOf(scene, tape);
    this.cards = scene.workers.map(({ name, letter, wants }, at) => {
      const holds = el('div', { class: 'race-sheet', role: 'group', 'aria-label': `What ${name} holds`, tabindex: '0' });
      const faults = letters.filter((other) => other === `!l${letter}`).map((other) => make(other, 'race-fault'));
      const stamp = el('span', { class: 'race-stamp' });
      const card = el('section', { class: `race-card w${at % 6}`, role: 'group', 'aria-label': name },
        el('h2', {}, name, stamp),
        el('p', { class: 'race-wants' }, wants.length > 0 ? 'wants ' : '', ...wants.map((want) => el('code', {}, want))),
        make(letter, 'race-move'), ...faults, el('p', { class: 'race-label' }, 'holds'), holds);
      return { card, holds, stamp };
    });
    this.objects = scene.views.map((title) => {
      const rv = el('span', { class: 'race-rv', title: 'its resourceVersion' });
      const lines = el('div', { class: 'race-lines', tabindex: '0', role: 'group', 'aria-label': title });
      const name = title.match(/^(.*?)( \..*)?$/)[1];
      return { box: el('section', { class: 'race-object', role: 'group', 'aria-label': name }, el('h2', {}, el('code', {}, title), rv), lines), rv, lines };
    });
    this.stores = (scene.stores ?? []).map(({ kind, process, workers, view }) => {
      const title = `${process}’s ${kind}${scene.views.length > 1 ? ` of ${scene.views[view].replace(/ \..*$/, '')}` : ''}`;
      const lines = el('div', { class: 'race-lines', tabindex: '0', role: 'group', 'aria-label': `What ${title} holds in the race` });
      const lag = el('span', { class: 'race-rv' });
      const owner = letters.filter((letter) => kind === 'cache' && letter.startsWith('~') && !this.slots.has(letter)
        && workers.some((worker) => scene.workers[worker].process === scene.workers.find((w) => w.letter === letter[1])?.process));
      return { box: el('section', { class: `race-store ${kind}`, role: 'group', 'aria-label': title }, el('h2', {}, title, lag), ...owner.map((letter) => make(letter, 'race-fault')), lines), lines, lag, workers };
    });
    const rest = letters.filter((letter) => !this.slots.has(letter));
    this.tray = el('div', { class: 'race-tray', role: 'group', 'aria-label': 'What is lost', tabindex: '0' });
    this.line = svg0('svg', { class: 'race-strings', 'aria-hidden': 'true' });
    const half = Math.ceil(scene.workers.length / 2);
    // Up to five cards stand in one row; more stand in two.
    const row = scene.workers.length <= 5 ? scene.workers.length : half;
    this.board = el('div', { class: `race-board${scene.workers.length > 2 ? ' many' : ''}`, style: `--cards: ${row}` },
      el('div', { class: 'race-side' }, ...this.cards.slice(0, half).map(({ card }) => card)),
      el('div', { class: 'race-middle' }, ...this.objects.map(({ box }) => box), ...this.stores.map(({ box }) => box),
        rest.length > 0 ? el('div', { class: 'race-events' }, ...rest.map((letter) => make(letter, 'race-fault'))) : null, this.tray),
      el('div', { class: 'race-side' }, ...this.cards.slice(half).map(({ card }) => card)), this.line);
    this.steps = el('span', { class: 'race-steps' });
    this.odds = el('span', { class: 'race-odds' });
    this.undo = el('button', { type: 'button', class: 'race-undo', on: { click: () => { this.halt(); this.model.undo(); } } }, 'Undo');
    this.again = el('button', { type: 'button', class: 'race-again', on: { click: () => this.startAgain() } }, 'Start again');
    this.show = el('button', { type: 'button', class: 'race-show', on: { click: () => this.showMe() } }, 'Show me');
    this.end = el('div', { class: 'race-end', role: 'group', 'aria-label': 'How it ended', tabindex: '-1' });
    this.live = el('p', { class: 'sr', 'aria-live': 'polite' });
    this.word = el('p', { class: 'race-word' });
    this.progress = el('div', { class: 'race-progress' });
    this.rules = el('p', { class: 'race-rules' });
    const marks = el('p', { class: 'race-letters race-marks' }, '≠ out of date, or a struck-out rv: the object has changed since this copy was read.');
    this.box.replaceChildren(this.rules, this.board, marks,
      el('div', { class: 'race-status' }, this.steps, this.odds, el('span', { class: 'race-tools' }, this.undo, this.again, this.show)), this.word, this.end, this.progress, this.live);
    this.reserve();
    this.last = null;
  }

  // Rows that hold the most that will ever be in them, so that nothing below them moves.
  reserve() {
    const { scene } = this;
    const most = (indices) => Math.max(1, ...[...new Set(indices)].map((index) => (index === null ? 1 : sheetLines(scene, plainLines(scene, index)).length)));
    const places = [...scene.stories.flatMap(({ places: all }) => all), ...(scene.graph?.states ?? []).map(({ p }) => p)];
    this.objects.forEach(({ lines }, view) => lines.style.setProperty('--rows', Math.min(9, most(places.map(({ o }) => o[view])) + 1)));
    const sheet = Math.min(6, most(scene.beliefs.map(({ text }) => text))) + 1;
    for (const { holds } of this.cards) holds.style.setProperty('--rows', Math.max(3, sheet));
    this.stores.forEach(({ lines }, at) => {
      const held = places.flatMap(({ k }) => k ?? []).map((index) => scene.kept[index]).filter(({ store }) => store === at);
      lines.style.setProperty('--rows', Math.min(7, most(held.map(({ text }) => text))));
    });
  }

  draw() {
    const { scene, tape, step } = this.model;
    if (this.key_ !== `${scene.name} ${tape.instead ?? ''}`) this.build();
    const place = tape.places[step];
    const moves = movesAt(scene, tape, step);
    const focused = this.box.contains(document.activeElement) ? document.activeElement : null;
    for (const [letter, button] of this.slots) this.slot(letter, button, moves.get(letter));
    this.objects.forEach(({ lines, rv }, view) => {
      const shown = sheetLines(scene, objectLines(scene, tape, view, step));
      lines.replaceChildren(...paper(shown, place.o[view] === null ? '(there is none)' : '(empty)'));
      rv.textContent = revisionOf(scene, place.o[view]);
    });
    this.cards.forEach((card, worker) => this.card(card, worker, place));
    this.store(place);
    this.dropped([...moves.values()].every(({ step: told }) => !told));
    this.status(place, moves);
    this.ending(moves);
    this.progress.replaceChildren(...(tape.instead ? [] : this.squares()));
    this.rules.textContent = [scene.cast, ...scene.rules[scene.stories[tape.story ?? scene.first].rules]].join(' ');
    // A button that can no longer be pressed hands the focus on.
    if (focused && (focused.disabled || !focused.isConnected)) (this.board.querySelector('button:not(:disabled)') ?? this.end.querySelector('button') ?? this.undo).focus({ preventScroll: true });
    const key = tape.letters.slice(0, step).join(' ');
    if (this.last && step === this.last.step + 1 && key.startsWith(this.last.key)) this.fly(tape.steps[step - 1]);
    if (this.last && this.last.key !== key) this.live.textContent = this.told();
    this.last = { step, key };
    this.strings();
  }

  slot(letter, button, move) {
    const what = button.querySelector('.race-what');
    const told = move?.step;
    const worker = this.scene.workers.find((other) => other.letter === letter);
    // Where there is one object, its name says which kind it is.
    const kind = told && linesOf(this.scene, this.model.tape.places[this.model.step].o[told.view]).find((line) => line.startsWith('kind: '));
    const title = told ? (this.scene.views.length > 1 || !kind ? this.scene.views[told.view].replace(/ \..*$/, '') : `the ${kind.slice(6)}`) : '';
    const name = told ? (/^(GET|LIST)$/.test(told.names[0]) ? `${told.names[0]} ${title}` : told.names[0]) : null;
    const text = told ? (worker || letter.startsWith('!l') ? name : `${told.who}: ${name}`) : move?.why ?? this.idle(worker);
    what.textContent = letter.startsWith('!l') && told ? `${name}, and the answer is lost` : text;
    button.title = what.textContent;
    button.disabled = !told;
  }

  // Why a letter does nothing, where the game does not say it.
  idle(worker) {
    const { scene, tape, step } = this.model;
    if (!worker) return 'not now';
    const belief = scene.beliefs[tape.places[step].b[scene.workers.indexOf(worker)]];
    return belief.next.length === 0 ? `${worker.name} is done` : `${worker.name} waits`;
  }

  card({ card, holds, stamp }, worker, place) {
    const { scene, tape, step } = this.model;
    const belief = scene.beliefs[place.b[worker]];
    const all = [[belief.view, belief.text], ...(belief.others ?? [])].filter(([, text]) => text !== null);
    const stale = all.some(([view, text]) => view !== null && place.o[view] !== text && !sameSheet(scene, text, place.o[view]));
    // What is old matters while it will be written back, and to who lost by it.
    const loser = this.losers().includes(scene.workers[worker].name);
    const matters = stale && (belief.next.length > 0 || loser);
    holds.classList.toggle('stale', matters);
    const of = scene.views.length > 1;
    const parts = all.flatMap(([view, text]) => {
      const truth = view === null ? [] : linesOf(scene, place.o[view]);
      const lines = diff(linesOf(scene, text), truth).filter(([mark]) => mark !== '+').map(([mark, line]) => ({ text: line, mark: mark === '-' && (belief.next.length > 0 || loser) ? '≠' : ' ' }));
      const name = of && view !== null ? ` ${scene.views[view].replace(/ \..*$/, '').replace(/^.* /, '')}` : '';
      const rv = revisionOf(scene, text);
      const old = view !== null && rv !== revisionOf(scene, place.o[view]) && (belief.next.length > 0 || loser);
      return [el('span', { class: `race-tag${old ? ' torn' : ''}`, title: old ? 'read at this resourceVersion; the object has a later one' : 'read at this resourceVersion' }, `${rv}${name}`), ...paper(sheetLines(scene, lines), '(empty)')];
    });
    holds.replaceChildren(...(parts.length > 0 ? parts : [el('p', { class: 'race-empty' }, belief.from === 'nowhere' ? 'nothing yet' : 'no such object')]));
    if (matters) holds.append(el('span', { class: 'race-note' }, '≠ out of date'));
    const writes = tape.steps.slice(0, step).filter((told) => told.worker === worker && told.kind === 'write');
    const told = writes[writes.length - 1];
    // A 409 stays in sight when the retry is answered 200.
    const codes = writes.map((write) => (write.answered ? answerOf(write) : 'answer lost')).filter((code, at, all) => code && code !== all[at - 1]);
    stamp.textContent = codes.map((code, at) => (code === 'answer lost' ? code : at === 0 ? `told ${code}` : code)).join(' → ');
    stamp.title = stamp.textContent;
    stamp.className = `race-stamp ${!told ? '' : told.flow === 'refused' || !told.answered ? 'refused' : 'ok'}`;
    // Who knows that its write failed is not who lost it.
    const role = loser ? tape.verdict?.role : null;
    card.classList.toggle('lost', loser && role !== 'notice');
    card.classList.toggle('failed', role === 'notice');
  }

  store(place) {
    const { scene } = this.model;
    for (const { box } of this.stores) box.hidden = true;
    this.board.classList.toggle('stored', (place.k ?? []).length > 0);
    for (const index of place.k ?? []) {
      const { store: at, text, rv, lag } = scene.kept[index];
      const { box, lines, lag: note } = this.stores[at];
      box.hidden = false;
      const truth = place.o[scene.stores[at].view];
      box.classList.toggle('stale', text !== null && text !== truth && !sameSheet(scene, text, truth));
      lines.replaceChildren(...paper(text === null ? [] : sheetLines(scene, plainLines(scene, text)), text === null ? '(nothing yet)' : '(empty)'));
      note.textContent = [rv === null ? '' : `rv ${rv}`, lag > 0 ? `${lag} on the way` : ''].filter(Boolean).join(' · ');
    }
  }

  losers() {
    const { scene, tape, step } = this.model;
    if (step < tape.steps.length) return [];
    return [lossAt(scene, tape)?.who].filter(Boolean);
  }

  dropped(over) {
    const { tape, step } = this.model;
    const lost = tape.steps.slice(0, step).flatMap(({ gone, flow }) => gone.map((text) => [text, flow === 'refused']));
    this.tray.replaceChildren(...(lost.length > 0 ? lost.map(([text, told]) => el('strong', { class: told ? 'gone told' : 'gone', title: text }, text)) : [over ? 'Nothing was lost.' : 'Nothing is lost so far.']));
    this.tray.classList.toggle('full', lost.some(([, told]) => !told));
    this.tray.classList.toggle('failed', lost.length > 0 && lost.every(([, told]) => told));
  }

  status(place, moves) {
    const { scene, tape, step } = this.model;
    const over = [...moves.values()].every(({ step: told }) => !told);
    const total = over ? step : Math.max(tape.steps.length, ...scene.stories.slice(0, scene.strip.length).map(({ steps }) => steps.length));
    this.steps.replaceChildren(`step ${step} `, el('span', { class: 'race-dots' }, total <= 16 ? '●'.repeat(step) + '○'.repeat(total - step) : ''));
    this.steps.title = `step ${step}`;
    this.steps.setAttribute('aria-label', `step ${step}`);
    this.steps.setAttribute('role', 'img');
    this.odds.replaceChildren(...(this.counts() && !over ? oddsOf(place, scene.goal) : []));
    this.undo.disabled = step === 0;
    this.again.disabled = step === 0;
    // Where the orders are counted, no way has to be looked for.
    const loses = () => (place.n ? place.n[1] !== '0' : wayToLose(scene, tape.letters.slice(0, step)) !== null);
    this.show.hidden = this.model.help === false || !scene.graph || scene.violating === null || scene.violating === '0' || Boolean(tape.instead);
    this.show.disabled = over || Boolean(tape.instead) || !scene.graph || !loses();
    this.word.replaceChildren(...(tape.instead ? ['The order ', ...this.repeated(), ', and every worker writes with ', el('code', {}, tape.instead[0]),
      ` (${scene.methods[tape.instead[0]]}), instead of `, ...scene.workers.map(({ write }) => write).filter((write, at, all) => all.indexOf(write) === at).flatMap((write, at) => [at > 0 ? ' and ' : '', el('code', { title: scene.methods[write] }, write)]), '. ',
      el('button', { type: 'button', on: { click: () => { this.halt(); this.model.restart(); } } }, 'Back to the scenario as it is written')] : []));
    this.word.hidden = !tape.instead;
  }

  // The order that is played again, and the steps that retries add to it.
  repeated() {
    const letters = this.model.tape.letters.join('');
    const from = this.from?.letters.join('') ?? letters;
    const more = letters.startsWith(from) ? this.model.tape.letters.slice(this.from?.letters.length ?? letters.length) : [];
    return more.length === 0 ? [el('code', {}, letters), ' again'] : [el('code', {}, from), ` again, with ${plural(String(more.length), 'more step')} at its end (`, el('code', {}, more.join('')), ')'];
  }

  // A replay stays the same replay; the way back to the scenario is a button of its own.
  startAgain() {
    this.halt();
    if (this.model.tape.instead || !this.scene.graph) this.model.go(0);
    else this.model.restart();
  }

  // How it ended, and what there is to do now.
  ending(moves) {
    const { scene, tape, step, name } = this.model;
    const over = step > 0 && step === tape.steps.length && tape.verdict && [...moves.values()].every(({ step: told }) => !told);
    this.end.hidden = !over;
    if (!over) { this.end.replaceChildren(); return; }
    const loss = lossAt(scene, tape);
    const letters = tape.letters.join('');
    if (loss && !tape.instead) this.found.set(letters, loss.who);
    if (!loss && !tape.instead) this.safe.add(letters);
    const again = (text, act, main) => el('button', { type: 'button', class: main ? 'race-next' : '', on: { click: act } }, text);
    const says = [el('p', { class: `race-says ${tape.verdict.role}` }, el('span', { 'aria-hidden': 'true' }, `${GLYPHS[tape.verdict.role]} `), this.sentence(loss))];
    const buttons = [];
    if (loss && !tape.instead) {
      const other = this.otherVictim();
      const left = this.toGo();
      buttons.push(again(other ? `Next: make ${other} lose its write` : left ? `Find another (${left} to go)` : this.counts() ? 'Play again' : 'Find another', () => this.model.restart(), true));
    } else if (!tape.instead) {
      buttons.push(again('Again', () => this.model.restart(), true));
    }
    const why = loss ? loss.why.map((at) => scene.reasons[at]).join(' ') : keptBecause(scene, tape);
    if (why) {
      const text = el('p', { class: 'race-why', hidden: true }, why);
      const toggle = el('button', { type: 'button', 'aria-expanded': 'false', on: { click: () => { text.hidden = !text.hidden; toggle.setAttribute('aria-expanded', String(!text.hidden)); } } }, 'How did this happen?');
      buttons.push(toggle);
      says.push(text);
    }
    says.splice(1, 0, el('div', { class: 'race-buttons' }, ...buttons));
    if (tape.instead || loss) says.push(...this.otherWords());
    this.end.replaceChildren(...says);
    // Drawn again where nothing has moved, it says nothing new.
    if (this.last?.key === tape.letters.join(' ')) return;
    if (this.last && this.end.offsetParent) this.end.scrollIntoView({ block: 'nearest', behavior: still.matches ? 'auto' : 'smooth' });
    this.model.ended?.(letters, loss?.who ?? null, name);
  }

  sentence(loss) {
    const { scene, tape } = this.model;
    if (tape.instead) {
      const end = loss ? loss.says : heldIn(scene);
      const refused = tape.steps.filter(({ flow }) => flow === 'refused').map(({ who, code }) => `${who} was told ${code}`).filter((told) => !end.includes(told));
      return [end, ...new Set(refused)].map((text) => `${text.replace(/\.$/, '')}.`).join(' ');
    }
    if (loss) return loss.says;
    const all = scene.schedules;
    const bad = scene.violating ?? '0';
    if (tape.verdict.role === 'bad') return `${tape.verdict.tag}.`;
    const rest = all === null || !this.counts() ? null : (BigInt(all) - BigInt(bad)).toString();
    return `${heldIn(scene)}${rest === null ? '' : bad === '0' ? ` All ${plural(all, 'order')} end like this: that is what safe means.` : ` ${grouped(rest)} of the ${plural(all, 'order')} end like this.`}`;
  }

  // Who has not lost yet, where losing is what it is about.
  otherVictim() {
    const known = new Set(this.found.values());
    return this.victims().find((who) => !known.has(who)) ?? null;
  }

  // Who can lose, where losing is what it is about.
  victims() {
    const { losses, graph } = this.scene;
    const ends = [...new Set((graph?.states ?? []).flatMap(({ l }) => (l === undefined ? [] : [l])))].map((l) => losses[l]);
    return [...new Set(ends.filter(({ who, says }) => says.startsWith(`${who} lost its write`)).map(({ who }) => who))];
  }

  // Whether it may be told how many orders there are, and how many lose.
  counts() {
    return this.model.counts !== false;
  }

  toGo() {
    const { violating } = this.scene;
    if (!this.counts() || violating === null || violating === undefined) return null;
    const left = BigInt(violating) - BigInt(this.found.size);
    return left > 0n ? grouped(left.toString()) : null;
  }

  otherWords() {
    const { scene, tape } = this.model;
    const story = tape.instead ? this.from : scene.stories[tape.story];
    if (!story?.same?.length) return [];
    if (!tape.instead) this.from = story;
    const all = story.same.filter(([word]) => word !== tape.instead?.[0]);
    const named = [...new Set([...scene.workers.map(({ write }) => write), ...story.same.map(([word]) => word)])];
    const told = el('details', {}, el('summary', {}, 'What each method does'), el('dl', { class: 'race-methods' }, ...named.flatMap((word) => [el('dt', {}, el('code', {}, word)), el('dd', {}, scene.methods[word])])));
    return [el('span', { class: 'race-words' }, el('span', {}, ...(tape.instead ? [] : ownMethods(scene)), ' Play the same order with: '), ...all.map(([word, index]) => el('button', { type: 'button', title: scene.methods[word], on: { click: () => this.play(index) } }, el('code', {}, word)))), told];
  }

  squares() {
    const { scene } = this.model;
    const { violating, schedules } = scene;
    if (this.found.size === 0 && (violating === '0' || this.end.hidden)) return [];
    if (!this.counts()) {
      const known = [...this.found.keys()].map((letters) => el('span', { class: 'race-square bad' }, letters));
      return known.length === 0 ? [] : [el('p', { class: 'race-found' }, el('strong', {}, `${plural(known.length, 'losing order')} found: `), ...known), el('p', { class: 'race-letters' }, lettersOf(scene))];
    }
    const count = violating === null || violating === undefined ? '' : `You have found ${this.found.size} of the ${plural(violating, 'order')} that ${scene.goal[violating === '1' ? 1 : 0]}${this.toGo() ? `, ${this.toGo()} to go` : ': you have them all'}.`;
    const losers = new Set(this.found.values());
    const victims = this.victims();
    const done = victims.length > 1 ? ` ${victims.map((who) => `${who}: ${losers.has(who) ? 'lost ✓' : 'not yet'}`).join(', ')}.` : '';
    const few = scene.each && scene.strip.length <= 30;
    const boxes = few ? scene.strip.map(({ story }) => {
      const letters = scene.stories[story].letters.join('');
      const bad = this.found.has(letters);
      const known = bad || this.safe.has(letters);
      return el('span', { class: `race-square${bad ? ' bad' : ''}`, title: known ? letters : 'not found yet' }, known ? letters : '?');
    }) : [];
    return [el('p', { class: 'race-found' }, el('strong', {}, count), done, schedules ? ` ${plural(schedules, 'order')} in all: ` : ' ', ...boxes),
      el('p', { class: 'race-letters' }, lettersOf(scene))];
  }

  press(letter) {
    this.halt();
    this.model.choose(letter);
  }

  halt() {
    clearTimeout(this.timer);
    this.timer = null;
  }

  // One order that loses from here, or the tape of this story, step by step.
  showMe() {
    const { scene, tape, step } = this.model;
    const way = wayToLose(scene, tape.letters.slice(0, step), this.otherVictim()) ?? wayToLose(scene, tape.letters.slice(0, step));
    this.run(way ?? [], (letter) => this.model.choose(letter));
  }

  play(story) {
    this.model.variant(story, still.matches ? Infinity : 0);
    const { tape } = this.model;
    if (!still.matches) this.run(tape.letters, () => this.model.go(this.model.step + 1));
  }

  run(letters, take) {
    this.halt();
    const next = () => {
      const [letter, ...rest] = letters;
      if (letter === undefined) return;
      letters = rest;
      take(letter);
      if (still.matches) next();
      else this.timer = setTimeout(next, 650);
    };
    next();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Backspace' && this.model.step > 0) this.undo.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Typed letters; those of a move of several are put together. Whether it meant something.
  typed(key) {
    const text = (this.begun ?? '') + key;
    this.begun = undefined;
    const button = this.slots.get(text);
    if (button) { button.click(); return true; }
    if ([...this.slots.keys()].some((letters) => letters.startsWith(text))) { this.begun = text; return true; }
    return false;
  }

  told() {
    const { tape, step } = this.model;
    const told = tape.steps[step - 1];
    if (!told) return 'Before the first step.';
    const old = this.cards.flatMap(({ holds }, at) => (holds.classList.contains('stale') ? [this.scene.workers[at].name] : []));
    const end = this.end.hidden ? '' : ` ${this.end.querySelector('.race-says')?.textContent ?? ''}`;
    return `Step ${step}: ${sentenceOf(told)}.${old.length > 0 ? ` Out of date: what ${old.join(' and ')} holds.` : ''}${end}`;
  }

  // A sheet on its way: from the object to who reads, from who writes to the object.
  fly(step) {
    if (still.matches || !this.board.animate || document.hidden) return;
    const object = this.objects[step.view]?.box;
    const at = storeOfStep(this.scene, this.stores.map((_, store) => store), step);
    const store = at < 0 || this.stores[at].box.hidden ? null : this.stores[at].box;
    const sheet = this.cards[step.worker]?.holds;
    const local = step.kind === 'cache' || step.kind === 'memory';
    const [from, to] = step.kind === 'watch' ? [object, store] : local ? [store ?? object, sheet] : step.kind === 'write' ? [sheet, object] : step.kind === 'read' ? [object, sheet] : [];
    if (from && to) this.move(from, to, step.kind === 'write' ? `rv ${step.rv}` : 'copy', step.flow === 'refused');
    if (step.gone.length > 0) {
      object?.animate([{ boxShadow: `0 0 0 .35em var(--${step.flow === 'refused' ? 'notice' : 'bad'})` }, { boxShadow: '0 0 0 0 transparent' }], 900);
      this.move(object, this.tray, '✗', false, 380);
    }
  }

  move(from, to, text, back, delay = 0) {
    const base = this.board.getBoundingClientRect();
    const middle = (rect) => [rect.left + rect.width / 2 - base.left, rect.top + rect.height / 2 - base.top];
    const [x1, y1] = middle(from.getBoundingClientRect());
    const [x2, y2] = middle(to.getBoundingClientRect());
    const sheet = el('div', { class: 'race-flying', 'aria-hidden': 'true' }, text);
    this.board.append(sheet);
    const at = (x, y) => `translate(${x}px, ${y}px) translate(-50%, -50%)`;
    const path = [at(x1, y1), at(x2, y2), ...(back ? [at(x1, y1)] : [])];
    const flight = sheet.animate(path.map((transform) => ({ transform })), { duration: back ? 620 : 420, delay, easing: 'ease-in-out', fill: 'both' });
    flight.onfinish = () => sheet.remove();
    flight.oncancel = () => sheet.remove();
  }

  // The strings from a process's memory or cache to those who hold it.
  strings() {
    if (!this.board || this.stores.length === 0) return;
    const base = this.board.getBoundingClientRect();
    const paths = this.stores.filter(({ box }) => !box.hidden).flatMap(({ box, workers }) => workers.map((worker) => {
      const [a, b] = [box.getBoundingClientRect(), this.cards[worker].holds.getBoundingClientRect()];
      const left = b.left < a.left;
      const below = b.left < a.right && b.right > a.left;
      const [x1, y1] = below ? [a.left + a.width / 2, a.bottom] : [left ? a.left : a.right, a.top + a.height / 2];
      const [x2, y2] = below ? [b.left + b.width / 2, b.top] : [left ? b.right : b.left, b.top + b.height / 2];
      return svg0('path', { d: `M${x1 - base.left} ${y1 - base.top} L${x2 - base.left} ${y2 - base.top}` });
    }));
    this.line.replaceChildren(...paths);
  }
}
