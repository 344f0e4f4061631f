// What the race shows of a scene: whose move it is, what the sheets say, who lost.

const still = matchMedia('(prefers-reduced-motion: reduce)');

// What each letter of an order stands for, wherever an order is spelled.
function lettersOf(scene) {
  const all = new Set([...scene.stories.flatMap(({ letters }) => letters), ...(scene.graph?.choices ?? []).map(([letter]) => letter)]);
  const has = (start) => [...all].some((letter) => letter.startsWith(start));
  return ['In an order, each letter is one step:', `${scene.workers.map(({ name, letter }) => `${letter} is ${name}`).join(', ')}.`,
    has('~') ? '~ before a letter: a change reaches that worker’s cache.' : '', has('!') ? '! begins a fault.' : ''].filter(Boolean).join(' ');
}

// What a worker writes with.
function ownMethods(scene) {
  const own = [...new Set(scene.workers.map(({ write }) => write))];
  const code = (name) => el('code', { title: scene.methods[name] }, name);
  if (own.length === 1) return ['Every worker here writes with ', code(own[0]), '.'];
  return scene.workers.flatMap(({ name, write }, at) => [at > 0 ? ', ' : '', `${name} writes with `, code(write)]).concat('.');
}

// How an order ends under another write method.
function endingOf(scene, tape) {
  const loss = lossAt(scene, tape);
  const codes = [...new Set(tape.steps.filter(({ flow }) => flow === 'refused').map(({ who, code }) => `${who} was told ${code}`))];
  if (loss && tape.verdict.role === 'notice') return `${codes.length > 0 ? codes.join(', ') : loss.who} and gave up`;
  if (loss) return `${loss.who} still loses its write`;
  return [...codes, scene.goal[2]].join('; ');
}

// The letters that a reader may ever press, in the order of the scene.
function slotsOf(scene, tape) {
  const own = scene.stories.filter(({ instead }) => !instead).flatMap(({ letters }) => letters);
  const game = scene.graph ? scene.graph.choices.map(([letters]) => letters) : own;
  return [...new Set([...scene.workers.map(({ letter }) => letter), ...game, ...(tape.instead ? tape.letters : [])])];
}

// What each letter would do now: { step } or { why }.
function movesAt(scene, tape, at) {
  const moves = new Map();
  const letters = tape.letters.slice(0, at);
  const state = tape.instead ? null : stateAfter(scene, letters);
  if (state) {
    for (const [choice, step] of state.w) moves.set(scene.graph.choices[choice][0], { step: scene.steps[step] });
    for (const [choice, reason] of state.s) moves.set(scene.graph.choices[choice][0], { why: scene.graph.reasons[reason] });
  } else if (tape.letters[at]) {
    moves.set(tape.letters[at], { step: tape.steps[at] });
  }
  return moves;
}

// Letters that lead from here to an end at which this worker loses, or any worker.
function wayToLose(scene, letters, victim = null) {
  const start = stateIndex(scene, letters);
  if (start === null) return null;
  const from = new Map([[start, null]]);
  const queue = [start];
  while (queue.length > 0) {
    const at = queue.shift();
    const { w, l } = scene.graph.states[at];
    if (w.length === 0 && l !== undefined && (victim === null || scene.losses[l].who === victim)) {
      const way = [];
      for (let back = at; from.get(back); [back] = from.get(back)) way.unshift(from.get(back)[1]);
      return way;
    }
    for (const [choice, , to] of w) {
      if (!from.has(to)) { from.set(to, [at, scene.graph.choices[choice][0]]); queue.push(to); }
    }
  }
  return null;
}

// The lines of an object that say something, without what the server keeps of it.
function sheetLines(scene, lines) {
  const quiet = /^metadata:\n {2}(resourceVersion|generation|uid|creationTimestamp):/;
  const own = chains(lines.map(({ text }) => text));
  const everywhere = common(scene);
  const news = new Set();
  lines.forEach(({ mark }, at) => {
    if (quiet.test(own[at]) || (mark === ' ' && everywhere.has(own[at]))) return;
    for (let chain = own[at]; chain; chain = parentOf(chain)) news.add(chain);
  });
  const shown = lines.filter(({ mark }, at) => mark !== '-' && news.has(own[at]));
  // Where all of it is below one key, that key is in the title already.
  const [first, ...rest] = shown;
  if (first && /^(status|spec|data):$/.test(first.text) && rest.length > 0 && rest.every(({ text }) => text.startsWith(' ') || text.startsWith('- '))) {
    return rest.map((line) => ({ ...line, text: line.text.replace(/^ {2}/, '') }));
  }
  return shown.filter(({ text, mark }) => mark !== ' ' || !/^(status|spec|data|metadata):( \{\})?$/.test(text) || shown.length > 1);
}

const plainLines = (scene, index) => linesOf(scene, index).map((text) => ({ text, mark: ' ' }));

function paper(lines, empty) {
  if (lines.length === 0) return [el('p', { class: 'race-empty' }, empty)];
  return lines.map(({ text, mark }) => {
    const words = LINE_WORDS[mark] ? el('span', { class: 'sr' }, LINE_WORDS[mark]) : null;
    const inner = mark === 'x' ? el('s', {}, text.trimStart()) : text.trimStart();
    const indent = text.search(/[^ ]/);
    return el('div', { class: `race-line ${LINE_CLASS[mark]}`, style: `padding-left:${Math.max(0, indent) * 0.6}em` }, words, inner);
  });
}

// Inside a drawing.
const DRAWING = (() => {
  const parsed = document.createElement('template');
  parsed.innerHTML = '<svg></svg>';
  return parsed.content.firstChild.namespaceURI;
})();

function svg0(name, attributes, ...children) {
  const element = document.createElementNS(DRAWING, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function revisionOf(scene, index) {
  const line = linesOf(scene, index).find((text) => /^ {2}resourceVersion:/.test(text));
  return line ? `rv ${line.replace(/^.*: "?([^"]*)"?$/, '$1')}` : '';
}

// Whether two objects say the same, whatever the server keeps of them.
function sameSheet(scene, a, b) {
  const text = (index) => sheetLines(scene, plainLines(scene, index)).map((line) => line.text).join('\n');
  return b !== null && b !== undefined && text(a) === text(b);
}

// Who loses at this end, and how that is said.
function lossAt(scene, tape) {
  if (tape.story !== null) return scene.losses[scene.stories[tape.story].loss] ?? null;
  const { l } = stateAfter(scene, tape.letters) ?? {};
  return l === undefined ? null : scene.losses[l];
}

// Why an order loses nothing: which writes were refused, what a late one left alone, or that none came
// between a read and its write. From what was read, sent and answered, step by step.
function keptBecause(scene, tape) {
  if (!/^nothing is lost/.test(tape.verdict?.tag ?? '') || !/write|order|giving up/.test(scene.goal[0])) return '';
  const stepsAt = (steps) => `${steps.length > 1 ? 'steps' : 'step'} ${steps.join(', ')}`;
  const stands = ({ at, view, wrote }, later) => {
    const there = new Set(chains(linesOf(scene, tape.places[later].o[view])));
    const own = chains(linesOf(scene, tape.places[at + 1].o[view]));
    return wrote.every((line) => there.has(own[line]));
  };
  const writes = tape.steps.map((step, at) => ({ ...step, at, verb: step.names[0].split(' ')[0] })).filter(({ kind }) => kind === 'write');
  const stored = writes.filter(({ flow, verb }) => flow === 'writes' && /^(PUT|PATCH|APPLY)$/.test(verb));
  const said = scene.workers.flatMap(({ name }, worker) => {
    const refused = writes.filter((write) => write.worker === worker && write.flow === 'refused');
    if (refused.length === 0) return [];
    const { at, verb, code } = refused.at(-1);
    const read = tape.steps.findIndex((step, later) => later > at && step.worker === worker && step.takes);
    const wrote = stored.find((write) => write.worker === worker && read >= 0 && write.at > read);
    return [[at, `${name} was answered ${code} (${stepsAt(refused.map((write) => write.at + 1))}): its ${verb} changed nothing.${wrote ? ` It read again (step ${read + 1}), and computed what it wrote (step ${wrote.at + 1}) from that.` : ''}`]];
  });
  let fresh = '';
  // Nothing came between where each stored write was computed from all that others had stored before it.
  let between = false;
  for (const { at, worker, who, view, verb, names } of stored) {
    const { text, rv, view: of, sends } = scene.beliefs[tape.places[at].b[worker]];
    const base = of === view && text !== null ? rv : null;
    const others = writes.filter((other) => other.flow === 'writes' && other.at < at && other.view === view && other.worker !== worker);
    const known = (other) => base !== null && other.rv !== null && other.rv <= base;
    between ||= !others.every(known);
    const late = others.filter((other) => stored.includes(other) && !known(other) && stands(other, at));
    if (others.length > 0 && others.every(known)) fresh = `${others.at(-1).who} had written (step ${others.at(-1).at + 1}) before ${who} read. `;
    if (late.length === 0) continue;
    if (/order/.test(scene.goal[0])) return '';
    const steps = (whose) => late.filter((other) => other.who === whose).map((other) => other.at + 1);
    const whose = [...new Set(late.map((other) => other.who))].map((whose) => `${whose} changed (${stepsAt(steps(whose))})`).join(' and ');
    if (!late.every((other) => stands(other, at + 1))) {
      const again = stored.findLast((write) => write.at > at && late.every((other) => other.worker === write.worker && stands(other, write.at + 1)));
      if (!again && scene.goal[0] !== 'lose a write') return '';
      said.push([at, `${who} replaced (step ${at + 1}) what ${whose}${again ? `, but ${again.who} wrote it again (step ${again.at + 1}).` : '. It meant to: a newer value of the same field is not a lost write.'}`]);
      continue;
    }
    const sent = names[0].slice(verb.length + 1);
    const from = `${who} ${base === null ? `sent a ${verb} (step ${at + 1}) without reading` : `computed its ${verb} (step ${at + 1}) from rv ${base}`}, but `;
    // Of a JSON patch, a list of operations, its name says what was meant, not what was sent.
    const whole = verb === 'PUT' || / removed/.test(sent) || scene.texts[sends]?.[0].startsWith('- ');
    said.push([at, whole ? `${from}it did not touch what ${whose}.` : `${from}sent ${sent === '{}' ? 'nothing' : `only ${sent}`}. What ${whose} stays as it is.`]);
  }
  return said.length > 0 ? said.sort(([a], [b]) => a - b).slice(0, 3).map(([, text]) => text).join(' ') : between ? '' : `${fresh}No other write came between a read and the write that was computed from it.`;
}

// The orders that are possible from here, as squares where there are few.
function oddsOf(place, goal) {
  if (!place.n) return [];
  const [all, losing] = place.n;
  const [many, one] = goal;
  const words = losing === '0' ? (all === '1' ? 'and it ends well' : `none of them ${one}`) : losing === all ? (all === '1' ? `and it ${one}` : `all of them ${many}`) : `${grouped(losing)} of them ${losing === '1' ? one : many}`;
  const few = all.length < 3 && Number(all) <= 24;
  const boxes = few ? '■'.repeat(Number(losing)) + '□'.repeat(Number(all) - Number(losing)) : '';
  return [el('span', {}, `${plural(all, 'order')} ${all === '1' ? 'is' : 'are'} possible from here, ${words} `), few ? el('span', { class: 'race-boxes', 'aria-hidden': 'true' }, boxes) : ''];
}
