// Predict first: the ends of the strip and of the timeline stay covered until an answer is
// chosen; the answer then stays beside the truth.

function setPredicting(on) {
  now.predicting = on;
  now.answers = {};
  const first = now.scene.stories[now.scene.first];
  const asked = now.scene.questions.find(({ id }) => id === 'outcome');
  if (on) $('fold-stage').open = true;
  if (on) show(tapeOf(now.scene, now.scene.first), asked ? asked.step - 1 : first.steps.length);
  else begin();
}

function answer(question, choice) {
  now.answers[question.id] = choice;
  if (question.step !== null) show(tapeOf(now.scene, now.scene.first), question.step);
  else changed();
  document.querySelector(`[data-question="${question.id}"] .reply`)?.focus();
}

function questionPanel() {
  const { scene } = now;
  $('questions').hidden = !now.predicting;
  $('predict-on').setAttribute('aria-pressed', String(now.predicting));
  if (!now.predicting) return;
  const asked = scene.questions.map((question) => {
    const given = now.answers[question.id];
    const open = given === undefined;
    const choices = question.choices.map(({ text }, at) => el('button', {
      type: 'button',
      class: `choice${!open && at === question.answer ? ' right' : ''}${given === at ? ' given' : ''}`,
      disabled: !open,
      on: { click: () => answer(question, at) },
    }, text, given === at ? el('span', { class: 'yours' }, ' you said') : null, !open && at === question.answer ? el('span', { class: 'yours' }, ' ✓ so it is') : null));
    const right = given === question.answer;
    const reply = open ? null : el('p', { class: `reply ${right ? 'good' : 'notice'}`, tabindex: '-1' }, el('strong', {}, right ? 'Right. ' : 'Not so. '), question.choices[given].reply);
    return el('fieldset', { 'data-question': question.id }, el('legend', {}, question.text), el('div', { class: 'choices' }, ...choices), reply);
  });
  if (asked.length === 0) asked.push(el('p', {}, 'There is nothing to predict about this scenario.'));
  $('question-list').replaceChildren(...asked);
  const given = scene.questions.filter(({ id }) => now.answers[id] !== undefined);
  $('answers').hidden = given.length === 0;
  $('answers-line').value = [scene.name, ...given.map(({ id, choices, answer: right }) => {
    const mine = choices[now.answers[id]].text;
    return `${id}: ${mine}${now.answers[id] === right ? ' (right)' : ` (it is ${choices[right].text})`}`;
  })].join(' | ');
}

async function copyAnswers() {
  const line = $('answers-line');
  line.select();
  try {
    await navigator.clipboard.writeText(line.value);
  } catch {
    document.execCommand('copy');
  }
  $('answers-copy').textContent = 'Copied';
  setTimeout(() => { $('answers-copy').textContent = 'Copy'; }, 1500);
}
