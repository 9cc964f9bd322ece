// SPDX-License-Identifier: BSD-3-Clause
// Pictures that the model makes up, by seed.

import { FlowzipWorker } from './flowzip/worker.js';

const SIDE = 256, KEPT = 8;

export function startSamples() {
  const form = document.getElementById('dream'), gallery = document.getElementById('gallery');
  const seed = document.getElementById('seed'), temperature = document.getElementById('temperature');
  const shown = document.getElementById('heat-value'), button = form.querySelector('.primary');
  let worker = null, abort = null;
  temperature.addEventListener('input', () => { shown.textContent = (+temperature.value).toFixed(2); });

  async function draw() {
    abort?.abort();
    const { signal } = abort = new AbortController();
    const number = Number(seed.value), heat = Number(temperature.value);
    const figure = document.createElement('figure');
    figure.innerHTML = `<canvas width="${SIDE}" height="${SIDE}" role="img"></canvas><figcaption><span></span><span></span></figcaption>`;
    const canvas = figure.querySelector('canvas'), [what, note] = figure.querySelectorAll('span');
    canvas.setAttribute('aria-label', `What the model draws with seed ${number}`);
    what.textContent = `Seed ${number}${heat === 1 ? '' : `, temperature ${heat.toFixed(2)}`}`;
    note.textContent = 'drawing …';
    gallery.prepend(figure);
    while (gallery.children.length > KEPT) gallery.lastChild.remove();
    button.setAttribute('aria-busy', 'true');
    try {
      worker ??= new FlowzipWorker();
      const image = await worker.sample({ width: SIDE, height: SIDE, seed: number, temperature: heat }, { signal });
      canvas.getContext('2d').putImageData(image, 0, 0);
      note.textContent = '';
    } catch (error) {
      if (error.code === 'cancelled') figure.remove();
      else note.textContent = error.message;
    } finally {
      button.removeAttribute('aria-busy');
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    draw();
  });
  document.getElementById('next').addEventListener('click', () => {
    seed.value = (Number(seed.value) + 1) % 2 ** 32;
    draw();
  });
}
