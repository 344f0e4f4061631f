// The race on a page that is not the report: in the workshop and in the museum. Each has a tape of its own.

// Plays a scene in a box; `ended` is told the letters and who lost, `null` for none. Where how many lose
// is still to be answered, `counts` says so; without `help` nothing is played for the reader.
function playIn(box, scene, ended, { counts = () => true, help = true } = {}) {
  withGame(scene);
  const begin = () => (scene.graph ? walk(scene, []) : tapeOf(scene, scene.first));
  const at = { tape: begin(), step: 0 };
  const show = (tape, step) => {
    at.tape = tape;
    at.step = Math.max(0, Math.min(step, tape.steps.length));
    race.draw();
  };
  const model = {
    scene,
    get tape() { return at.tape; },
    get step() { return at.step; },
    go: (step) => show(at.tape, step),
    choose(letter) {
      const letters = at.tape.letters.slice(0, at.step);
      if (at.tape.letters[at.step] === letter) { show(at.tape, at.step + 1); return; }
      const tape = tapeOfLetters(scene, [...letters, letter]) ?? walk(scene, [...letters, letter]);
      if (tape) show(tape, letters.length + 1);
    },
    undo() {
      const letters = at.tape.letters.slice(0, at.step - 1);
      const tape = at.tape.instead || !scene.graph ? null : walk(scene, letters);
      show(tape ?? at.tape, at.step - 1);
    },
    restart: () => show(begin(), 0),
    variant: (index, step) => show(tapeOf(scene, index), step),
    ended,
    get counts() { return counts(); },
    help,
  };
  const race = new Race(box, model);
  race.draw();
  box.tabIndex = 0;
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', 'The race: letters move, b takes a step back, r starts again');
  box.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    // The letters of those who move come first.
    const other = { b: race.undo, r: race.again }[event.key];
    if (race.typed(event.key)) event.preventDefault();
    else if (other) { other.click(); event.preventDefault(); }
  });
  return { race, model };
}

// As much of these letters as fits this scene, played in it, and then on to an end.
function replayIn(model, letters) {
  const { scene } = model;
  if (!scene.graph) return false;
  const taken = [];
  for (const letter of letters) {
    if (walk(scene, [...taken, letter])) taken.push(letter);
  }
  for (let state = stateAfter(scene, taken); state.w.length > 0; state = stateAfter(scene, taken)) {
    taken.push(scene.graph.choices[state.w[0][0]][0]);
    if (taken.length > 400) return false;
  }
  model.restart();
  taken.forEach((letter) => model.choose(letter));
  return true;
}
