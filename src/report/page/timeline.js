// The timeline: one row per step, the object's lane between the workers' lanes.
//
// The line from each write goes back to the version that it was made of. In a lost write that line
// passes under another worker's write: that is the picture of the race.

const measurer = document.createElement('canvas').getContext('2d');

function textWidth(text, size, mono) {
  const family = getComputedStyle(document.body).getPropertyValue(mono ? '--mono' : '--sans');
  measurer.font = `${size}px ${family}`;
  // Names are drawn a little bolder than they are measured.
  return measurer.measureText(text).width * (mono ? 1 : 1.07);
}

// The longest of these names that is not wider; the shortest, cut, if none is.
function fitting(names, width, size, mono) {
  const found = names.find((name) => textWidth(name, size, mono) <= width);
  if (found) return found;
  let short = names[names.length - 1] ?? '';
  while (short.length > 1 && textWidth(`${short}…`, size, mono) > width) short = short.slice(0, -1);
  return `${short}…`;
}

// The same as the inside of a text in the drawing: what is cut has all of it as its title.
function cutText(names, width, size, mono) {
  return withTitle(fitting(names, width, size, mono), names[0]);
}

const withTitle = (shown, full) => (shown.endsWith('…') ? [svg('title', {}, full), shown] : [shown]);

// Words in lines that are not wider.
function wrapped(text, width, size, mono) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = lines[lines.length - 1] ? `${lines[lines.length - 1]} ${word}` : word;
    if (textWidth(longer, size, mono) <= width || !lines[lines.length - 1]) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => fitting([line], width, size, mono));
}

// Where the columns are, for this width and number of workers, and for the stores that have lanes.
function columns(scene, width, unit, stores) {
  const n = scene.workers.length;
  const gutter = 70 * unit;
  const left = Math.ceil(n / 2);
  const sides = storeSides(scene, stores, left);
  const shelf = Math.min(62 * unit, (width - gutter) * 0.3 / Math.max(1, stores.length));
  const room = width - gutter - shelf * stores.length;
  const share = width < 520 ? 0.42 : n > 2 ? 0.27 : 0.32;
  const object = Math.max(Math.min(room * share, 270 * unit), Math.min(120, room * 0.42));
  const lane = (room - object) / n;
  const onLeft = sides.filter((side) => side < 0).length;
  const start = gutter + left * lane + onLeft * shelf;
  const centre = start + object / 2;
  // The outer lanes are nearer to the edge: what crosses needs the room.
  const away = width < 520 ? 0.34 : n > 2 ? 0.1 : 0.17;
  const workers = scene.workers.map((_, at) => (at < left
    ? gutter + (at + 0.5 - away) * lane
    : gutter + object + shelf * stores.length + (at + 0.5 + away) * lane));
  const taken = { [-1]: 0, 1: 0 };
  const shelves = sides.map((side) => {
    taken[side] += 1;
    return side < 0 ? gutter + left * lane + (taken[side] - 0.5) * shelf : start + object + (taken[side] - 0.5) * shelf;
  });
  return { gutter, object, lane, width, centre, workers, stores: shelves, shelf, left: start, right: start + object };
}

// The state of the object's lane after a step, in lines that fit.
function stateLines(text, width, size) {
  return wrapped(text, width - 20, size, true);
}

// Rows with their heights; row 0 is the beginning.
function rows(scene, tape, cols, sizes, limit) {
  const list = [];
  let y = 8;
  const shown = [...scene.start];
  for (let at = 0; at <= tape.steps.length; at += 1) {
    const step = tape.steps[at - 1];
    const open = at > limit;
    const state = [];
    const full = [];
    const views = step ? [step.view] : scene.views.map((_, view) => view);
    for (const view of open ? [] : views) {
      const object = step ? step.object : scene.start[view];
      if (step && object === shown[view]) continue;
      shown[view] = object;
      const title = scene.views.length > 1 ? `${scene.views[view]}: ` : '';
      full.push(title + object);
      state.push(...stateLines(title + object, cols.object, sizes.mono));
    }
    const gone = step && !open ? step.gone.flatMap((line) => stateLines(line, cols.object - 12, sizes.mono)) : [];
    // In a narrow drawing a note takes two lines rather than crossing a lane.
    const said = step && !open ? step.notes.slice(0, 2) : [];
    const notes = cols.width < 520 ? said.flatMap((note) => wrapped(note, cols.lane * 0.72, sizes.small)) : said;
    const lines = Math.max(state.length, 1) + gone.length;
    const inLane = 2 + notes.length + (step && step.lanes.length === 0 ? 1 : 0);
    const height = at === 0
      ? Math.max(sizes.row * 0.72, (state.length + 0.9) * sizes.mono * 1.45 + 18)
      : Math.max(sizes.row, (lines + 0.9) * sizes.mono * 1.45 + 14, inLane * sizes.small * 1.4 + 18);
    list.push({ at, step, y, height, mid: y + Math.min(height, sizes.row) / 2, state, full, gone, notes, open, rv: step && step.kind === 'write' ? `rv ${step.rv}` : null });
    y += height;
  }
  return { list, height: y + 6 };
}

function drawTimeline(drawing, { scene, tape, step: current, marks, limit = Infinity, compact = false, onStep = null, swap = [] }) {
  const box = drawing.parentElement.getBoundingClientRect();
  const type = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const width = Math.max(box.width, 280);
  const tight = width < 520 * type;
  const sizes = {
    sans: (compact || tight ? 12 : 13.5) * type,
    mono: (compact || tight ? 11 : 12.5) * type,
    small: (compact || tight ? 10.5 : 11.5) * type,
    row: (compact ? 46 : 62) * type,
  };
  const stores = storesOf(scene, tape);
  const cols = columns(scene, width, (tight ? 0.72 : 1) * type, stores);
  const { list, height: body } = rows(scene, tape, cols, sizes, limit);
  const head = 46 * type;
  const height = body + head;
  drawing.replaceChildren();
  drawing.setAttribute('viewBox', `0 0 ${width} ${height}`);
  drawing.setAttribute('width', width);
  drawing.setAttribute('height', height);
  const prefix = drawing.id;
  drawing.append(svg('defs', {},
    svg('pattern', { id: `${prefix}-stale`, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      svg('rect', { width: 6, height: 6, class: 'stale-ground' }), svg('rect', { width: 2.2, height: 6, class: 'stale-stripe' }))));
  const heading = (x, name, className, room) => {
    const told = cutText([name].flat(), room, sizes.sans * 1.08, className === 'object-name');
    // At the edge of the drawing it moves in, all of it in sight.
    const inside = Math.min(x, width - textWidth(told.at(-1), sizes.sans * 1.08) / 2 - 3);
    return svg('text', { x: inside, y: 20 * type, class: `lane-name ${className}`, 'text-anchor': 'middle', 'font-size': sizes.sans * 1.08 }, ...told);
  };
  const layers = {};
  for (const layer of ['lanes', 'bands', 'copies', 'bases', 'pills', 'arrows', 'front']) layers[layer] = drawing.appendChild(svg('g', { class: layer }));
  for (const row of list) row.y += head;
  for (const row of list) row.mid += head;
  const end = height - 4;

  // The lanes.
  layers.lanes.append(svg('rect', { x: cols.left, y: head - 8 * type, width: cols.object, height: end - head + 8 * type, rx: 8, class: 'object-lane' }));
  const [title] = scene.views.length === 1 ? scene.views : ['API server'];
  const titles = [title, title.replace(/ \..*$/, ''), title.replace(/^.*\/| \..*$/g, ''), 'object'];
  layers.front.append(heading(cols.centre, titles, 'object-name', cols.object + (tight ? 0 : cols.lane * 0.3)));
  scene.workers.forEach((worker, at) => {
    const x = cols.workers[at];
    layers.lanes.append(svg('line', { x1: x, x2: x, y1: head - 8 * type, y2: end, class: `life w${at % 6}` }));
    layers.front.append(heading(x, worker.name, `w${at % 6}`, cols.lane - 6));
  });

  stores.forEach((store, at) => {
    const { kind, process } = scene.stores[store];
    layers.lanes.append(svg('line', { x1: cols.stores[at], x2: cols.stores[at], y1: head - 8 * type, y2: end, class: 'life kept-life' }));
    layers.front.append(svg('text', { x: cols.stores[at], y: 34 * type, class: 'lane-name store-name', 'text-anchor': 'middle', 'font-size': sizes.small },
      svg('title', {}, `${process}’s ${kind}`), fitting([kind], cols.shelf * 1.5, sizes.small)));
    drawStore(layers.copies, store, at, { scene, tape, list, cols, current, sizes, prefix, limit });
  });
  copies(layers.copies, { scene, tape, list, cols, width, current, sizes, prefix, limit });
  for (const row of list) {
    if (row.at === 0) continue;
    const shelf = row.step ? storeOfStep(scene, stores, row.step) : -1;
    drawRow(layers, row, { cols, sizes, current, marks, width, onStep, swap, shelf });
  }
  for (const row of list) drawState(layers.pills, row, { cols, sizes, current, marks });
  bases(layers.bases, { list, tape, cols, marks, current, limit });
}

// What each worker holds: a bar down its lane, hatched from where it is out of date.
function copies(layer, { scene, tape, list, cols, width, current, sizes, prefix, limit }) {
  scene.workers.forEach((_, worker) => {
    for (let at = 1; at <= Math.min(tape.steps.length, limit); at += 1) {
      const step = tape.steps[at - 1];
      if (step.worker !== worker || !step.takes) continue;
      const belief = scene.beliefs[tape.places[at].b[worker]];
      let to = at;
      let stale = null;
      for (let later = at; later <= Math.min(tape.steps.length, limit); later += 1) {
        const next = tape.steps[later - 1];
        if (later > at && next.worker === worker && (next.takes || next.kind === 'write')) {
          to = later;
          break;
        }
        const theirs = next.view === step.view && next.rv > (belief.rv ?? 0);
        if (stale === null && theirs) stale = later;
        to = later;
      }
      const x = cols.workers[worker];
      const dim = at > current ? ' ahead' : '';
      const from = list[at].mid;
      const until = list[to].mid;
      const turn = stale === null ? until : Math.max(from, Math.min(until, list[stale].mid));
      if (turn > from) layer.append(svg('rect', { x: x - 5, y: from, width: 10, height: turn - from, class: `copy w${worker % 6}${dim}` }));
      if (until > turn) layer.append(svg('rect', { x: x - 5, y: turn, width: 10, height: until - turn, class: `copy stale${dim}`, style: `fill: url(#${prefix}-stale)` }));
      if (belief.rv !== null && until > from) {
        // At the edge of a narrow drawing there is no room outside.
        const room = 10 + sizes.small * 0.62 * `rv ${belief.rv}`.length;
        const left = x < cols.centre ? x - room > (width < 520 ? 46 : 0) : x + room > width;
        const outside = left ? [-10, 'end'] : [10, 'start'];
        layer.append(svg('text', { x: x + outside[0], y: Math.min(until - 4, from + sizes.small * (left === x < cols.centre ? 1.9 : 3)), 'text-anchor': outside[1], class: `copy-rv${dim}`, 'font-size': sizes.small }, `rv ${belief.rv}`));
      }
    }
  });
}

// From each write back to the version that it was made of; the guilty one's in red, below the
// state that its victim made.
function bases(layer, { list, tape, cols, marks, current, limit }) {
  for (let at = 1; at <= Math.min(tape.steps.length, limit); at += 1) {
    const step = tape.steps[at - 1];
    if (step.kind !== 'write' || step.worker === null) continue;
    const base = baseOf(tape.steps, at);
    if (base === null) continue;
    const belief = now.scene.beliefs[tape.places[base].b[step.worker]];
    let made = base;
    while (made > 0 && tape.steps[made - 1].rv !== belief.rv) made -= 1;
    const guilty = marks.guilty === at;
    const side = cols.workers[step.worker] < cols.centre ? -1 : 1;
    const edge = side < 0 ? cols.left : cols.right;
    const x = edge - side * (guilty ? 15 : 9);
    const [from, to] = [list[made].mid, list[at].mid];
    const path = `M ${edge} ${from} C ${x} ${from}, ${x} ${from}, ${x} ${from + 12} L ${x} ${to - 12} C ${x} ${to}, ${x} ${to}, ${edge} ${to}`;
    const dim = at > current ? ' ahead' : '';
    layer.append(svg('path', { d: path, class: `base${guilty ? ' guilty' : ''}${dim}` }));
    layer.append(svg('circle', { cx: edge, cy: from, r: guilty ? 4 : 2.5, class: `base-end${guilty ? ' guilty' : ''}${dim}` }));
  }
}

function drawState(layer, row, { cols, sizes, current, marks }) {
  const { at, state, gone } = row;
  const dim = at > current ? ' ahead' : '';
  const line = sizes.mono * 1.45;
  if (state.length > 0) {
    const height = state.length * line + 10;
    const top = row.mid - line / 2 - 5;
    const mark = marks.guilty === at ? ' guilty' : marks.victim === at ? ' victim' : '';
    layer.append(svg('rect', { x: cols.left + 6, y: top, width: cols.object - 12, height, rx: 6, class: `state${mark}${dim}` }));
    state.forEach((text, n) => layer.append(svg('text', { x: cols.centre, y: top + 5 + line * (n + 0.72), 'text-anchor': 'middle', class: `state-text${mark}${dim}`, 'font-size': sizes.mono }, ...withTitle(text, row.full.join('; ')))));
    if (row.rv) layer.append(svg('text', { x: cols.right - 12, y: top - 3, 'text-anchor': 'end', class: `version${dim}`, 'font-size': sizes.small }, row.rv));
    goneLines(layer, gone, cols, top + height + line * 0.85, sizes, dim, row.step?.gone ?? []);
  } else if (gone.length > 0) {
    goneLines(layer, gone, cols, row.mid + line, sizes, dim, row.step?.gone ?? []);
  }
}

function goneLines(layer, gone, cols, y, sizes, dim, full) {
  gone.forEach((text, n) => {
    const at = text.search(/ (is|became|was) /);
    const [what, fate] = at < 0 ? ['', text] : [text.slice(0, at), text.slice(at)];
    const line = svg('text', { x: cols.centre, y: y + n * sizes.mono * 1.45, 'text-anchor': 'middle', class: `gone${dim}`, 'font-size': sizes.mono });
    if (what) line.append(svg('tspan', { class: 'struck' }, what));
    line.append(svg('tspan', {}, fate));
    if (text.endsWith('…')) line.prepend(svg('title', {}, full.join('; ')));
    layer.append(line);
  });
}

function drawRow(layers, row, context) {
  const { cols, sizes, current, marks, width, onStep, swap, shelf } = context;
  const { at, step, y, mid, open } = row;
  const dim = at > current ? ' ahead' : '';
  const guilty = marks.guilty === at;
  const band = ['band'];
  if (at === current) band.push('current');
  if (guilty && !open) band.push('guilty');
  if (swap.includes(at)) band.push('swapped');
  layers.bands.append(svg('rect', { x: 1, y: y + 1, width: width - 2, height: row.height - 2, rx: 8, class: band.join(' ') }));
  const label = svg('g', { class: `step${at === current ? ' current' : ''}${dim}` },
    svg('circle', { cx: 32, cy: mid, r: sizes.sans * 0.95, class: guilty && !open ? 'guilty' : '' }),
    svg('text', { x: 32, y: mid + sizes.sans * 0.36, 'text-anchor': 'middle', 'font-size': sizes.sans }, String(at)));
  layers.front.append(label);
  const tag = open ? null : guilty ? (marks.verdict?.name === 'converges' ? '▲ gives up' : '✗ guilty') : marks.victim === at ? 'lost' : marks.stale === at ? 'stale' : swap.includes(at) ? '⇅' : null;
  if (tag) layers.front.append(svg('text', { x: 32, y: mid + sizes.sans * 2.05, 'text-anchor': 'middle', class: `tag ${guilty ? 'guilty' : ''}${dim}`, 'font-size': sizes.small }, tag));
  if (open) {
    layers.front.append(svg('text', { x: cols.centre, y: mid + 5, 'text-anchor': 'middle', class: 'covered', 'font-size': sizes.sans * 1.3 }, '?'));
  } else if (step.lanes.length === 0) {
    layers.front.append(svg('text', { x: cols.centre, y: mid - sizes.mono * 1.4, 'text-anchor': 'middle', class: `fault${dim}`, 'font-size': sizes.small }, ...cutText(step.names.map((name) => `⚡ ${step.who} ${name}`), cols.object, sizes.small)));
  } else if (step.kind === 'watch' && shelf >= 0) {
    delivery(layers.arrows, row, shelf, context, dim);
  } else {
    if (shelf >= 0) string(layers.copies, row, step.worker, shelf, context, dim);
    for (const worker of step.lanes) arrow(layers.arrows, row, worker, context, dim);
  }
  if (onStep) {
    const hit = svg('rect', { x: 0, y, width, height: row.height, class: 'hit' });
    hit.addEventListener('click', () => onStep(at));
    layers.front.append(hit);
  }
}

// What crosses between a worker's lane and the object's, or stays in the worker's.
function arrow(layer, row, worker, { cols, sizes, marks }, dim) {
  const { step, mid, at } = row;
  const x = cols.workers[worker];
  const side = x < cols.centre ? -1 : 1;
  const edge = side < 0 ? cols.left : cols.right;
  const guilty = marks.guilty === at ? ' guilty' : '';
  const colour = `w${worker % 6}`;
  const local = step.flow === 'local';
  // In a narrow drawing a name ends before the next lane.
  const tight = cols.width < 520;
  const lanes = tight ? [...cols.workers, ...cols.stores].filter((other) => (other - x) * (edge - other) > 0) : [];
  const near = lanes.reduce((a, b) => (Math.abs(a - x) < Math.abs(b - x) ? a : b), edge);
  const room = Math.abs(near - x) - (tight ? 8 : 16);
  const lane = Math.min(cols.lane - 8, Math.abs(edge - x) * 2 - 8);
  const size = sizes.sans;
  if (local) {
    const between = side < 0 ? [cols.gutter, edge - 6] : [edge + 6, cols.width - 4];
    const beside = Math.min(cols.lane, between[1] - between[0]);
    const names = step.kind === 'fault' ? step.names.map((n) => `⚡ ${n}`) : step.names;
    const name = fitting(names, beside - 20, sizes.small);
    const w = Math.min(beside, textWidth(name, sizes.small) + 20);
    const within = (size) => Math.max(between[0] + size / 2, Math.min(x, between[1] - size / 2));
    const cx = within(w);
    layer.append(svg('rect', { x: cx - w / 2, y: mid - sizes.small * 0.95, width: w, height: sizes.small * 1.9, rx: sizes.small, class: `local ${step.kind} ${colour}${dim}` }));
    layer.append(svg('text', { x: cx, y: mid + sizes.small * 0.36, 'text-anchor': 'middle', class: `local-name${dim}`, 'font-size': sizes.small }, ...cutText(names, beside - 20, sizes.small)));
    const longest = Math.max(0, ...row.notes.map((note) => Math.min(beside, textWidth(note, sizes.small))));
    notesOf(layer, row, within(longest), mid + sizes.small * 2.2, beside, sizes, dim);
    return;
  }
  const reads = step.flow === 'reads';
  const [from, to] = reads ? [edge, x + 7 * Math.sign(edge - x)] : [x, edge];
  const refused = step.flow === 'refused';
  const y = mid;
  layer.append(svg('line', { x1: from, x2: to, y1: y, y2: y, class: `arrow ${step.kind} ${step.flow} ${colour}${guilty}${dim}` }));
  const tip = Math.sign(to - from);
  if (refused) {
    const c = to - tip * 5;
    layer.append(svg('path', { d: `M ${c - 5} ${y - 5} L ${c + 5} ${y + 5} M ${c + 5} ${y - 5} L ${c - 5} ${y + 5}`, class: `refusal${dim}` }));
  } else {
    layer.append(svg('path', { d: `M ${to} ${y} l ${-tip * 9} -5 l 0 10 z`, class: `tip ${step.kind} ${colour}${guilty}${dim}` }));
  }
  const middle = (x + near) / 2;
  // A longer name may cross its own lane, as far as there is room beyond it.
  const outer = tight ? 0 : Math.min(Math.abs(edge - x) + cols.lane * 0.45, side < 0 ? edge - cols.gutter : cols.width - edge) - 14;
  const name = fitting(step.names, Math.max(room, outer), size);
  const anchored = !tight && textWidth(name, size) > room ? [edge + side * 8, side < 0 ? 'end' : 'start'] : [middle, 'middle'];
  layer.append(svg('text', { x: anchored[0], y: y - 7, 'text-anchor': anchored[1], class: `call${guilty}${dim}`, 'font-size': size }, ...cutText(step.names, Math.max(room, outer), size)));
  const answer = reads ? (step.code === null ? '' : `${step.code}`) : answerOf(step);
  if (answer) layer.append(svg('text', { x: middle, y: y + sizes.small * 1.3, 'text-anchor': 'middle', class: `answer ${refused ? 'refused' : ''}${dim}`, 'font-size': sizes.small }, answer));
  notesOf(layer, row, middle, y + sizes.small * 2.6, tight ? room : lane, sizes, dim);
}

function notesOf(layer, row, x, y, room, sizes, dim) {
  row.notes.forEach((note, n) => {
    layer.append(svg('text', { x, y: y + n * sizes.small * 1.3, 'text-anchor': 'middle', class: `note${dim}`, 'font-size': sizes.small }, ...cutText([note], room, sizes.small)));
  });
}

const NO_MARKS = { guilty: null, victim: null, stale: null };

// The marks of what is shown; a schedule that is played has its own from what was lost.
function marksOf(tape) {
  if (tape.story !== null) return now.scene.stories[tape.story];
  const guilty = tape.steps.findIndex((step) => step.gone.length > 0);
  return { ...NO_MARKS, guilty: guilty < 0 ? null : guilty + 1 };
}

function timeline() {
  const limit = horizon();
  const marks = limit < lastStep() ? NO_MARKS : marksOf(now.tape);
  drawTimeline($('drawing'), { scene: now.scene, tape: now.tape, step: now.step, marks, limit, onStep: go });
  const told = now.tape.steps.slice(0, limit).map((step, at) => `Step ${at + 1}: ${sentenceOf(step)}.`);
  $('drawing-title').textContent = `The timeline. ${told.join(' ')}`;
}
