// Caches and memories in the timeline: each has a lane of its own, between the object and those who
// hold it.

// The stores that a tape shows.
function storesOf(scene, tape) {
  const shown = new Set(tape.places.flatMap(({ k }) => k ?? []).map((index) => scene.kept[index].store));
  return [...shown].sort((a, b) => a - b);
}

// Where their lanes are: on the side of most of their workers, next to the object.
function storeSides(scene, stores, left) {
  return stores.map((store) => {
    const { workers } = scene.stores[store];
    return workers.filter((worker) => worker < left).length * 2 >= workers.length ? -1 : 1;
  });
}

// What the store holds at each place: its revision, and whether the object is ahead of it.
function storeStates(scene, tape, store, limit) {
  return tape.places.slice(0, limit + 1).map((place) => {
    const index = (place.k ?? []).find((kept) => scene.kept[kept].store === store);
    if (index === undefined) return null;
    const { text, rv, lag } = scene.kept[index];
    const truth = place.o[scene.stores[store].view];
    return { text, rv, lag, stale: text !== null && text !== truth && !sameSheet(scene, text, truth) };
  });
}

// The lane of a store: a bar from each time that it changed, hatched where it is out of date.
function drawStore(layer, store, at, { scene, tape, list, cols, current, sizes, prefix, limit }) {
  const x = cols.stores[at];
  const states = storeStates(scene, tape, store, Math.min(tape.steps.length, limit));
  const { kind } = scene.stores[store];
  const same = (a, b) => a?.text === b?.text && a?.rv === b?.rv && a?.stale === b?.stale;
  const side = x < cols.centre ? -1 : 1;
  let from = 0;
  for (let to = 1; to <= states.length; to += 1) {
    if (to < states.length && same(states[from], states[to])) continue;
    const state = states[from];
    const [top, end] = [from === 0 ? list[0].mid : list[from].mid, to < states.length ? list[to].mid : list[states.length - 1].y + list[states.length - 1].height - 6];
    if (state && state.text !== null && end > top) {
      const dim = from > current ? ' ahead' : '';
      layer.append(svg('rect', { x: x - 6, y: top, width: 12, height: end - top, rx: 3, class: `kept ${kind}${state.stale ? ' stale' : ''}${dim}`, style: state.stale ? `fill: url(#${prefix}-stale)` : null }));
      if (state.rv !== null && cols.shelf > 50 && !(from > 0 && states[from - 1]?.rv === state.rv)) layer.append(svg('text', { x: x + side * 10, y: top + sizes.small * 1.9, 'text-anchor': side < 0 ? 'end' : 'start', class: `copy-rv${dim}`, 'font-size': sizes.small }, `rv ${state.rv}`));
    }
    from = to;
  }
}

// A delivery: from the object into the cache's lane.
function delivery(layer, row, at, { cols, sizes }, dim) {
  const { step, mid } = row;
  const x = cols.stores[at];
  const side = x < cols.centre ? -1 : 1;
  const edge = side < 0 ? cols.left : cols.right;
  const tip = x - side * 8;
  layer.append(svg('line', { x1: edge, x2: tip, y1: mid, y2: mid, class: `arrow watch${dim}` }));
  layer.append(svg('path', { d: `M ${tip} ${mid} l ${-side * 9} -5 l 0 10 z`, class: `tip watch${dim}` }));
  const room = (side < 0 ? x - cols.gutter : cols.width - x) - 18;
  layer.append(svg('text', { x: x + side * 12, y: mid + sizes.small * 0.36, 'text-anchor': side < 0 ? 'end' : 'start', class: `call${dim}`, 'font-size': sizes.small }, ...cutText(step.names, room, sizes.small)));
}

// A look into a cache, or a touch of memory: a string between its lane and the worker's.
function string(layer, row, worker, at, { cols }, dim) {
  layer.append(svg('line', { x1: cols.stores[at], x2: cols.workers[worker], y1: row.mid, y2: row.mid, class: `kept-string w${worker % 6}${dim}` }));
}
