// Slides: arrows or space go on, `n` shows what is said to them, `b` makes the screen blank.
'use strict';

const slides = document.body.classList.contains('slides') ? [...document.querySelectorAll('section')] : [];

function show(at) {
  const now = Math.max(0, Math.min(slides.length - 1, at));
  slides.forEach((slide, index) => slide.classList.toggle('now', index === now));
  try { history.replaceState(null, '', `#${now + 1}`); } catch { location.hash = String(now + 1); }
}

const current = () => slides.findIndex((slide) => slide.classList.contains('now'));
if (slides.length > 0) {
  show((Number.parseInt(location.hash.slice(1), 10) || 1) - 1);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (['ArrowRight', 'ArrowDown', 'PageDown', ' '].includes(event.key)) show(current() + 1);
    else if (['ArrowLeft', 'ArrowUp', 'PageUp'].includes(event.key)) show(current() - 1);
    else if (event.key === 'n') document.body.classList.toggle('with-notes');
    else if (event.key === 'b') document.querySelector('main').hidden = !document.querySelector('main').hidden;
    else return;
    event.preventDefault();
  });
  document.addEventListener('click', ({ clientX }) => show(current() + (clientX < innerWidth / 3 ? -1 : 1)));
}
