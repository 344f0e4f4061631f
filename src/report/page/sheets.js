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
