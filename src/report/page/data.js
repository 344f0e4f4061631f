// Small helpers to look things up in a scene.

const $ = (id) => document.getElementById(id);

// An element with attributes and children; text is text, never markup.
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'on') {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else if (value === true) {
      element.setAttribute(key, '');
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(key, value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// The same inside the drawing.
function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS($('drawing').namespaceURI, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const plural = (n, word) => (String(n) === '1' ? `1 ${word}` : `${grouped(n)} ${word}s`);

// 63063000 as 63,063,000; what has more than fifteen digits as 8.8e16.
function grouped(n) {
  const digits = String(n);
  if (digits.length > 15) return `${digits[0]}.${digits[1]}e${digits.length - 1}`;
  return digits.length < 5 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

const GLYPHS = { good: '✓', bad: '✗', notice: '▲' };

// The lines of a text, or none.
const linesOf = (scene, index) => (index === null || index === undefined ? [] : scene.texts[index]);

// A story as a tape: what the page plays.
function tapeOf(scene, index) {
  const story = scene.stories[index];
  return {
    story: index,
    letters: story.letters,
    steps: story.steps.map((step) => scene.steps[step]),
    places: story.places,
    verdict: story.verdict,
    instead: story.instead,
  };
}

// The schedule that these letters are: a story if it is told, else a way through the game.
function tapeOfLetters(scene, letters, instead = null) {
  const same = (story) => story.letters.join('') === letters.join('')
    && String(story.instead) === String(instead);
  const known = scene.stories.findIndex(same);
  if (known >= 0) return tapeOf(scene, known);
  if (!scene.graph || instead) return null;
  return walk(scene, letters);
}

// A way through the game, as far as it goes.
function walk(scene, letters) {
  const { graph } = scene;
  const tape = { story: null, letters: [], steps: [], places: [graph.states[0].p], verdict: null, instead: null };
  let state = 0;
  for (const letter of letters) {
    const way = graph.states[state].w.find(([choice]) => graph.choices[choice][0] === letter);
    if (!way) return null;
    state = way[2];
    tape.letters.push(letter);
    tape.steps.push(scene.steps[way[1]]);
    tape.places.push(graph.states[state].p);
  }
  const { e } = graph.states[state];
  tape.verdict = e === null ? null : graph.verdicts[e];
  return tape;
}

// The state of the game after these letters, by its number; null where there is no game.
function stateIndex(scene, letters) {
  if (!scene.graph) return null;
  let state = 0;
  for (const letter of letters) {
    const way = scene.graph.states[state].w.find(([choice]) => scene.graph.choices[choice][0] === letter);
    if (!way) return null;
    [, , state] = way;
  }
  return state;
}

// The same state itself.
function stateAfter(scene, letters) {
  const at = stateIndex(scene, letters);
  return at === null ? null : scene.graph.states[at];
}

// A schedule's letters, one per step: `~h` is one, `!lh` is one, `h3` is three.
function spell(text) {
  const letters = [];
  for (const [, letter, times] of text.matchAll(/(~[a-zA-Z]|!r|![lcw][a-zA-Z]|[a-zA-Z])(\d*)/g)) {
    for (let n = Number(times || 1); n > 0 && letters.length < 10000; n -= 1) letters.push(letter);
  }
  return letters;
}

// The step, from 1, in which this step's worker took the object that its write was made of.
function baseOf(steps, at) {
  const { worker } = steps[at - 1];
  for (let earlier = at - 1; earlier >= 1; earlier -= 1) {
    const step = steps[earlier - 1];
    if (step.worker === worker && step.takes) return earlier;
    if (step.kind === 'fault' && step.lanes.includes(worker)) return null;
  }
  return null;
}

// The store that a step goes to or comes from, by its place among the lanes; -1 for none.
function storeOfStep(scene, stores, step) {
  const kind = { watch: 'cache', cache: 'cache', memory: 'memory' }[step.kind];
  const who = step.worker ?? step.lanes[0];
  return stores.findIndex((store) => {
    const { kind: own, view, workers } = scene.stores[store];
    return own === kind && view === step.view && workers.includes(who);
  });
}

// What is said of a write that is refused, or the code alone.
function answerOf(step) {
  if (step.code === null) return '';
  if (!step.answered) return `${step.code}, and the answer is lost`;
  return String(step.code);
}

// Line by line, what became of `before`: [' ', line], ['+', line] or ['-', line, number].
function diff(before, after) {
  const n = before.length;
  const m = after.length;
  const longest = Array.from({ length: n + 1 }, () => new Uint16Array(m + 1));
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let j = m - 1; j >= 0; j -= 1) {
      longest[i][j] = before[i] === after[j]
        ? longest[i + 1][j + 1] + 1
        : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const lines = [];
  let [i, j] = [0, 0];
  while (i < n || j < m) {
    if (i < n && j < m && before[i] === after[j]) {
      lines.push([' ', after[j], i]);
      i += 1;
      j += 1;
    } else if (i < n && (j === m || longest[i + 1][j] >= longest[i][j + 1])) {
      lines.push(['-', before[i], i]);
      i += 1;
    } else {
      lines.push(['+', after[j], null]);
      j += 1;
    }
  }
  return lines;
}

// One step as a sentence.
function sentenceOf(step) {
  const answer = answerOf(step);
  const gone = step.gone.length > 0 ? `; ${step.gone.join(', ')}` : '';
  const notes = step.notes.length > 0 ? ` (${step.notes.join(', ')})` : '';
  return `${step.who} ${step.names[0]}${notes}${answer ? `, answered ${answer}` : ''}${gone}`;
}

// Where every schedule is told and the game had no room, the told schedules are the game.
function gameOfStories(scene) {
  const { stories } = scene;
  const graph = { choices: [], reasons: [], verdicts: [], states: [{ p: stories[0].places[0], w: [], s: [], e: null }] };
  const numbered = (list, thing, same) => {
    const at = list.findIndex(same);
    return at < 0 ? list.push(thing) - 1 : at;
  };
  for (const { story } of scene.strip) {
    const told = stories[story];
    let state = graph.states[0];
    told.letters.forEach((letter, at) => {
      const choice = numbered(graph.choices, [letter, scene.steps[told.steps[at]].who], ([known]) => known === letter);
      let way = state.w.find(([known]) => known === choice);
      if (!way) {
        way = [choice, told.steps[at], graph.states.push({ p: told.places[at + 1], w: [], s: [], e: null }) - 1];
        state.w.push(way);
      }
      state = graph.states[way[2]];
    });
    state.e = graph.verdicts.push(told.verdict) - 1;
    if (told.loss !== null) state.l = told.loss;
  }
  return graph;
}

// A scene with its game, where there is one.
function withGame(scene) {
  if (!scene.graph && scene.each && scene.strip.length > 0 && scene.strip.length <= 100) scene.graph = gameOfStories(scene);
  return scene;
}
