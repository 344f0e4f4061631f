// The object at this step, and beside it what each worker believes.

// Lost lines that stand there again, all of them, are lost no more.
function withoutWhatIsBack(shown, after) {
  const lost = shown.filter(({ mark }) => mark === 'x').map(({ text }) => text);
  const back = lost.length > 0 && after.join('\n').includes(lost.join('\n'));
  return back ? shown.filter(({ mark }) => mark !== 'x') : shown;
}

// The lines of the object after a step, with what became of them. What was lost stays in sight,
// struck out, until a worker brings it back.
function objectLines(scene, tape, view, upto) {
  let shown = linesOf(scene, tape.places[0].o[view]).map((text) => ({ text, mark: ' ' }));
  for (let at = 1; at <= upto; at += 1) {
    const step = tape.steps[at - 1];
    const before = shown.filter(({ mark }) => mark !== '-');
    const real = before.map((line, n) => [line, n]).filter(([line]) => line.mark !== 'x');
    const lost = new Set(step.view === view ? step.lost.map((n) => real[n]?.[1]) : []);
    const gone = before.map((line, n) => line.mark === 'x' || lost.has(n));
    const after = linesOf(scene, tape.places[at].o[view]);
    // What is lost is no line of what is there now, even where it reads like one.
    const known = before.map(({ text }, n) => (gone[n] ? `\0${text}` : text));
    shown = diff(known, after).map(([mark, text, n]) => {
      if (mark !== '-') return { text, mark };
      return { text: before[n].text, mark: gone[n] ? 'x' : '-' };
    });
    shown = withoutWhatIsBack(shown, after);
  }
  return shown;
}

const LINE_WORDS = { '+': 'new: ', '-': 'was: ', x: 'lost: ', '?': 'does not know: ', '≠': 'out of date: ' };
const LINE_SIGNS = { ' ': ' ', '+': '+', '-': '−', x: '✗', '?': '?', '≠': '≠' };
const LINE_CLASS = { ' ': '', '+': 'new', '-': 'was', x: 'lost', '?': 'unseen', '≠': 'stale' };

// Lines of YAML, each with a sign in the margin and a word for those who hear it.
function yamlLines(lines, label) {
  const block = el('div', { class: 'yaml', tabindex: '0', role: 'region', 'aria-label': label });
  lines.forEach(({ text, mark, fold, tight }, at) => {
    if (fold && !tight && !lines[at - 1]?.fold) {
      let n = 1;
      while (lines[at + n]?.fold) n += 1;
      const all = () => { now.whole = true; changed(); };
      block.append(el('button', { type: 'button', class: 'more', on: { click: all } }, `⋯ ${plural(n, 'unchanged line')}`));
    }
    const words = LINE_WORDS[mark] ? el('span', { class: 'sr' }, LINE_WORDS[mark]) : null;
    const indent = text.search(/[^ ]/);
    const inner = mark === 'x' ? [text.slice(0, indent), el('s', {}, text.slice(indent))] : [text];
    block.append(el('div', { class: `line ${LINE_CLASS[mark]}${fold ? ' fold' : ''}` },
      el('span', { class: 'sign', 'aria-hidden': 'true' }, LINE_SIGNS[mark]), words, el('code', {}, ...inner)));
  });
  return block;
}

function truth(target, upto, tight = false) {
  const parts = now.scene.views.map((title, view) => {
    const lines = objectLines(now.scene, now.tape, view, upto);
    const name = title.replace(/ \..*$/, '');
    const known = lines.length > 0 ? yamlLines(folded(lines, tight), `${name} after step ${upto}`) : el('p', { class: 'none' }, 'There is no such object now.');
    const head = el('p', { class: 'object-title' }, el('code', {}, name), el('span', {}, upto === 0 ? 'before the first step' : `after step ${upto}`));
    return el('div', { class: 'object' }, head, known);
  });
  if (!tight && now.whole) parts.push(el('button', { type: 'button', class: 'link', on: { click: () => { now.whole = false; changed(); } } }, 'fold unchanged lines'));
  target.replaceChildren(...parts);
}

const HEARD = {
  nowhere: 'knows nothing yet',
  live: 'read it',
  cache: 'has it from its cache',
  memory: 'holds it in memory, shared',
  answer: 'has it from the answer to its write',
};

// Each line with the keys above it: `status: > nodeInfo: > architecture: ""`.
function chains(lines) {
  const above = [];
  return lines.map((text) => {
    const indent = text.search(/[^ -]/);
    while (above.length > 0 && above[above.length - 1].indent >= indent) above.pop();
    const chain = [...above.map((line) => line.text), text].join('\n');
    above.push({ indent, text });
    return chain;
  });
}

const parentOf = (chain) => chain.slice(0, Math.max(0, chain.lastIndexOf('\n')));

// Each line that some worker means to write, with the keys above it.
function writtenLines(scene) {
  const written = new Set();
  const note = (index, place) => {
    const { wrote, view } = scene.steps[index];
    if (wrote.length === 0) return;
    const own = chains(linesOf(scene, place.o[view]));
    wrote.forEach((line) => written.add(own[line]));
  };
  for (const told of scene.stories) told.steps.forEach((index, at) => note(index, told.places[at + 1]));
  for (const { w } of scene.graph?.states ?? []) w.forEach(([, step, to]) => note(step, scene.graph.states[to].p));
  return written;
}

// The lines that are in every object of every story: they carry no news. A line that a worker writes is
// never one of them.
function common(scene) {
  if (scene.common) return scene.common;
  const counts = new Map();
  const places = [...scene.stories.flatMap((told) => told.places), ...(scene.graph?.states ?? []).map(({ p }) => p)];
  const objects = new Set(places.flatMap(({ o }) => o).filter((index) => index !== null));
  const whole = [...objects].map((index) => scene.texts[index]);
  for (const lines of whole) {
    for (const chain of new Set(chains(lines))) counts.set(chain, (counts.get(chain) ?? 0) + 1);
  }
  const written = writtenLines(scene);
  const always = [...counts.keys()].filter((chain) => counts.get(chain) === whole.length && !written.has(chain));
  scene.common = new Set(always);
  return scene.common;
}

// The lines that say something: what is marked, what is not everywhere, and the keys above these.
// `tight` folds single lines too, and says nothing of them.
function folded(lines, tight = false) {
  const everywhere = common(now.scene);
  const own = chains(lines.map(({ text }) => text));
  const news = new Set();
  lines.forEach(({ mark }, at) => {
    if (mark === ' ' && everywhere.has(own[at])) return;
    for (let chain = own[at]; chain; chain = parentOf(chain)) news.add(chain);
  });
  const quiet = lines.map((_, at) => !now.whole && !news.has(own[at]));
  // One or two lines take no more room than the words for them.
  const run = (at, by) => { let n = 0; while (quiet[at + n * by]) n += 1; return n; };
  return lines.map((line, at) => ({ ...line, fold: quiet[at] && (tight || run(at, 1) + run(at, -1) > 3), tight }));
}

// One worker's belief beside the truth: its lines that are no longer so, and the lines it does not
// know.
function believed(belief, truthLines) {
  const held = linesOf(now.scene, belief.text);
  return diff(held, truthLines).map(([mark, text]) => ({ text, mark: { ' ': ' ', '-': '≠', '+': '?' }[mark] }));
}

function beliefCard(worker, upto) {
  const { scene, tape } = now;
  const place = tape.places[upto];
  const belief = scene.beliefs[place.b[worker]];
  const { name, letter } = scene.workers[worker];
  const all = [[belief.view, belief.text], ...(belief.others ?? [])].filter(([, text]) => text !== null);
  const copies = all.map(([view, text]) => {
    const held = { ...belief, text };
    return { view, lines: view === null ? plainLines(scene, text) : believed(held, linesOf(scene, place.o[view])) };
  });
  const stale = copies.some(({ lines }) => lines.some(({ mark }) => mark !== ' '));
  const done = belief.next.length === 0;
  const state = belief.dropped ? 'gave up' : done ? 'done' : null;
  const heard = belief.text === null
    ? (belief.from === 'nowhere' ? HEARD.nowhere : 'found no object')
    : `${HEARD[belief.from]}, at rv ${belief.rv}`;
  const badge = belief.text === null ? null : stale
    ? el('span', { class: 'badge stale' }, '≠ out of date')
    : el('span', { class: 'badge fresh' }, '= up to date');
  if (badge && stale && done) { badge.className = 'badge done'; badge.textContent = '≠ older, and not used again'; }
  const card = el('div', { class: `card belief w${worker % 6}`, role: 'group', 'aria-label': `What ${name} believes` },
    el('h3', {}, el('span', { class: 'letter', 'aria-hidden': 'true' }, letter), `${name} believes`, badge),
    el('p', { class: 'heard' }, heard, state ? el('span', { class: `state ${belief.dropped ? 'dropped' : ''}` }, state) : null));
  for (const { view, lines } of copies) {
    if (scene.views.length > 1 && view !== null) card.append(el('p', { class: 'object-title' }, el('code', {}, scene.views[view].replace(/ \..*$/, ''))));
    card.append(yamlLines(folded(lines, true), `What ${name} believes`));
  }
  if (!done) {
    const next = el('p', { class: 'next' }, el('span', {}, 'next '), el('code', {}, belief.next[0]));
    card.append(next);
    if (belief.sends !== null) {
      const body = linesOf(scene, belief.sends).map((text) => ({ text, mark: ' ' }));
      card.append(el('details', {}, el('summary', {}, 'what it will send'), yamlLines(body, `What ${name} will send`)));
    }
  }
  return card;
}

// A cache, or what a process shares in memory: a box of its own.
function storeCard(kept, upto) {
  const { scene, tape } = now;
  const { store, text, rv, lag } = scene.kept[kept];
  const { kind, process, view, workers } = scene.stores[store];
  const lines = text === null ? [] : believed({ text }, linesOf(scene, tape.places[upto].o[view]));
  const stale = lines.some(({ mark }) => mark !== ' ');
  const badge = text === null ? null : stale ? el('span', { class: 'badge stale' }, '≠ out of date') : el('span', { class: 'badge fresh' }, '= up to date');
  const readers = workers.map((worker) => scene.workers[worker].name).join(' and ');
  const heard = [text === null ? 'holds nothing' : `holds rv ${rv}`, kind === 'cache' ? `${plural(lag, 'change')} on the way to it` : `shared by ${readers}`];
  return el('div', { class: 'card belief store', role: 'group', 'aria-label': `${process}’s ${kind}` },
    el('h3', {}, `${process}’s ${kind}`, badge),
    el('p', { class: 'heard' }, heard.join(', ')),
    lines.length > 0 ? yamlLines(folded(lines, true), `What ${process}’s ${kind} holds`) : null);
}

function beliefs(target, upto) {
  const open = new Set([...target.querySelectorAll('details[open]')].map((d) => d.closest('.belief')?.getAttribute('aria-label')));
  const cards = now.scene.workers.map((_, worker) => beliefCard(worker, upto));
  for (const card of cards) {
    if (open.has(card.getAttribute('aria-label'))) card.querySelector('details')?.setAttribute('open', '');
  }
  target.replaceChildren(...cards, ...(now.tape.places[upto].k ?? []).map((kept) => storeCard(kept, upto)),
    el('p', { class: 'legend' }, '≠ out of date: the object has changed since this copy was read, and no longer says this. ? The copy does not have this line.'));
}
