// SPDX-License-Identifier: BSD-3-Clause
// The page: one picture at a time, from the file that was dropped to the files that are saved.

import { FlowzipWorker } from './flowzip/worker.js';
import { Chart, bytesText } from './chart.js';
import { startSamples } from './samples.js';
import { Viewer } from './viewer.js';

const $ = (id) => document.getElementById(id);
const EFFORTS = ['fast', 'standard', 'best'];
// An effort begins by itself if the one before it took less than so many seconds.
const PATIENCE = { fast: Infinity, standard: 15, best: 5 };
// Pixels above which the browser's encoders, which take several times a picture's memory, go first.
const LARGE = 8e6;
const EXAMPLE = 'example.png';

const worker = new FlowzipWorker();
const chart = new Chart($('chart'));
const viewer = new Viewer($('viewer'));
let current = null;  // the picture that is shown

const say = (text) => { $('status').textContent = text; };

function fail(message) {
  $('error').textContent = message;
  $('error').hidden = false;
}

const startsWith = (bytes, ...numbers) => numbers.every((number, i) => bytes[i] === number);
const isFlz = (bytes) => startsWith(bytes, 0x8f, 0x46, 0x4c, 0x5a);
const isPng = (bytes) => startsWith(bytes, 0x89, 0x50, 0x4e, 0x47);

function kindOf({ width, height, channels, bitDepth, indexed }) {
  const colours = indexed ? 'palette' : ['', 'gray', 'gray and alpha', 'RGB', 'RGB and alpha'][channels];
  return `${width} × ${height}, ${colours}, ${bitDepth} ${bitDepth === 1 ? 'bit' : 'bits'} a sample`;
}

// Everything about one file; `signal` ends what is still going on when another one is opened.
class Picture {
  #abort = new AbortController();
  files = new Map();  // by effort
  rivals = null;

  constructor(name) {
    this.name = name;
    this.stem = name.replace(/\.[^.]*$/, '') || 'picture';
  }

  get signal() {
    return this.#abort.signal;
  }

  close() {
    this.#abort.abort();
    this.rivals?.terminate();
  }

  // `onPreview` gets that of a .flz file, if it has one, before the rest is decoded.
  async read(file, onPreview) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    this.bytes = bytes.length;
    const { signal } = this;
    if (isFlz(bytes)) {
      this.format = 'flz';
      this.info = await worker.info(bytes, { signal });
      // What is wrong with it, if so, is nothing to the picture.
      if (this.info.preview !== null) worker.preview(bytes, { signal }).then(onPreview).catch(() => {});
      this.samples = await worker.decodeSamples(bytes, { signal, onProgress: (done, total) => say(`Decoding: ${Math.floor(100 * done / total)} %`) });
      this.files.set('opened', bytes);
    } else if (isPng(bytes)) {
      this.format = 'png';
      this.samples = await worker.readPng(bytes, { signal });
    } else {
      this.format = (file.type.split('/')[1] ?? 'file').replace('svg+xml', 'svg');
      this.samples = await worker.readImage(file, { signal });
    }
    this.pixelHash = await worker.hash(this.samples.data, { signal });
  }

  get smallest() {
    return [...this.files].reduce((best, one) => (best === null || one[1].length < best[1].length ? one : best), null);
  }
}

async function open(file) {
  $('error').hidden = true;
  const picture = new Picture(file.name ?? 'picture');
  current?.close();
  current = picture;
  $('busy').hidden = false;
  $('result').hidden = false;
  document.body.classList.add('has-picture');
  $('name').textContent = picture.name;
  $('kind').textContent = `Reading ${bytesText(file.size)} …`;
  reset();
  say(`Reading ${picture.name}`);
  try {
    await picture.read(file, async (preview) => {
      const bitmap = await createImageBitmap(preview, { premultiplyAlpha: 'none' });
      if (picture !== current || picture.samples !== undefined) return;
      viewer.show(bitmap, picture.info);
      $('kind').textContent = `${kindOf(picture.info)}: a preview, until all of it is decoded`;
    });
    viewer.show(await worker.toBitmap(picture.samples, { signal: picture.signal }));
  } catch (error) {
    if (error.code === 'cancelled' || picture !== current) return;
    closePicture();
    fail(`${picture.name}: ${error.message}`);
    return;
  }
  $('busy').hidden = true;
  $('kind').textContent = kindOf(picture.samples);
  plan(picture);
}

function reset() {
  viewer.show(null);
  chart.clear();
  $('split').disabled = true;
  for (const id of ['legend', 'verdict', 'hash', 'spot']) $(id).hidden = true;
  for (const id of ['save-flz', 'save-png']) $(id).disabled = true;
  $('save-flz').textContent = 'Save .flz';
  $('note').textContent = '';
}

function closePicture() {
  current?.close();
  current = null;
  reset();
  $('result').hidden = true;
  document.body.classList.remove('has-picture');
}

// The rows, and the work that begins by itself.
function plan(picture) {
  const { format, samples } = picture;
  if (format === 'png') {
    chart.add('source', 'PNG, as it came', { reference: true });
    chart.size('source', picture.bytes);
  }
  const wide = samples.bitDepth > 8;
  chart.add('png', 'PNG, by the browser', { reference: format !== 'png' });
  chart.add('webp', 'WebP, lossless');
  if (format === 'flz') {
    chart.add('opened', 'flowzip, as it came');
    chart.size('opened', picture.bytes);
    verified(picture, 'opened');
  }
  for (const effort of EFFORTS) chart.add(effort, `flowzip, ${effort}`);
  let others = Promise.resolve();
  if (wide) {
    for (const rival of ['png', 'webp']) chart.none(rival, '8 bits only');
  } else {
    others = compare(picture);
  }
  if (!['png', 'flz'].includes(format)) {
    $('note').textContent = `The pixels of this ${format.toUpperCase()} file, ${bytesText(picture.bytes)}, as the browser shows them. `
      + 'A lossy file is smaller than any lossless one of what it decodes to.';
  }
  if (samples.width * samples.height > LARGE) {
    chart.none(EFFORTS[0], '…');
    others.then(() => encodeFrom(picture, 0));
  } else {
    encodeFrom(picture, 0);
  }
}

// The browser's own encoders, in a worker of their own. Fulfilled when they are done with the picture.
function compare(picture) {
  for (const rival of ['png', 'webp']) chart.none(rival, '…');
  picture.rivals = new Worker('rivals.js', { type: 'module' });
  let finish;
  const finished = new Promise((resolve) => { finish = resolve; });
  picture.rivals.onmessage = ({ data: { format, bytes } }) => {
    if (picture !== current) return;
    if (bytes === null) chart.none(format, 'not in this browser');
    else chart.size(format, bytes);
    if (format !== 'webp') return;
    picture.rivals.terminate();
    finish();
  };
  picture.rivals.onerror = finish;  // ours are not to wait for what does not come
  worker.toBitmap(picture.samples, { signal: picture.signal }).then(
    (bitmap) => picture.rivals.postMessage(bitmap, [bitmap]), finish);
  return finished;
}

async function encodeFrom(picture, index) {
  const effort = EFFORTS[index];
  if (effort === undefined || picture !== current) return;
  const begun = performance.now();
  if (!await encode(picture, effort)) {
    for (const later of EFFORTS.slice(index)) offer(picture, later);
    return;
  }
  const next = EFFORTS[index + 1], seconds = (performance.now() - begun) / 1000;
  if (next === undefined) return;
  if (seconds < PATIENCE[next]) await encodeFrom(picture, index + 1);
  else for (const later of EFFORTS.slice(index + 1)) offer(picture, later);
}

function offer(picture, effort) {
  if (picture === current && chart.bytes(effort) === null) chart.start(effort, 'Run', () => encode(picture, effort));
}

// True when it was done.
async function encode(picture, effort) {
  const cancel = new AbortController(), end = () => cancel.abort();
  const signal = AbortSignal.any([picture.signal, cancel.signal]);
  chart.progress(effort, 0, end);
  const begun = performance.now(), first = effort === 'fast';
  try {
    const settings = {
      effort, signal, draw: first,
      onProgress: (done, total) => {
        if (!signal.aborted && done < total) chart.progress(effort, done / total, end);
      },
    };
    const made = first ? await worker.heatmap(picture.samples, settings) : await worker.encode(picture.samples, settings);
    const seconds = (performance.now() - begun) / 1000, file = first ? made.file : made;
    const back = await worker.decodeSamples(file, { signal });
    const hash = await worker.hash(back.data, { signal });
    if (hash !== picture.pixelHash) throw new Error('decodes to other pixels: please report this picture');
    picture.files.set(effort, file);
    chart.size(effort, file.length, `${seconds.toFixed(1)} s`);
    if (first) showHeat(picture, made);
    verified(picture, effort);
    say(`flowzip ${effort}: ${bytesText(file.length)}`);
    return true;
  } catch (error) {
    if (picture !== current) return false;
    if (error.code === 'cancelled') {
      offer(picture, effort);
      say(`flowzip ${effort}: cancelled`);
    } else {
      chart.none(effort, 'failed');
      fail(`${picture.name}, ${effort}: ${error.message}`);
    }
    return false;
  }
}

function verified(picture, effort) {
  const [smallest, file] = picture.smallest;
  $('verdict').hidden = false;
  $('verdict').textContent = '✓ Decoded again: every pixel is the same.';
  $('hash').hidden = false;
  $('hash').innerHTML = 'Pixels <code></code>';
  $('hash').querySelector('code').textContent = picture.pixelHash;
  $('save-flz').disabled = $('save-png').disabled = false;
  $('save-flz').textContent = `Save .flz, ${bytesText(file.length)}`;
  $('save-flz').title = `By effort ${smallest}`;
}

function showHeat(picture, map) {
  picture.heat = map;
  viewer.heat = map.bitmap;
  $('split').disabled = false;
  viewer.split = $('split').value / 100;
  $('legend').hidden = false;
  $('most').textContent = `${+map.max.toPrecision(3)} bits a pixel or more, by effort fast`;
  const context = $('legend').querySelector('canvas').getContext('2d'), strip = context.createImageData(256, 1);
  for (let i = 0; i < 256; ++i) strip.data.set([...map.colours.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  context.putImageData(strip, 0, 0);
}

function showSpot(spot) {
  const output = $('spot');
  output.hidden = spot === null || current?.samples === undefined;
  if (output.hidden) return;
  const { samples, heat } = current, { x, y } = spot, at = (y * samples.width + x) * samples.channels;
  const values = [...samples.data.subarray(at, at + samples.channels)].join(' ');
  const bits = heat === undefined ? '' : ` · ${heat.bits[y * samples.width + x].toFixed(1)} bits`;
  output.textContent = `${x}, ${y} · ${values}${bits}`;
}

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// The picture decoded from the smallest file, as PNG; read again to be sure.
async function savePng(picture) {
  const button = $('save-png');
  button.disabled = true;
  try {
    const { signal } = picture;
    const samples = await worker.decodeSamples(picture.smallest[1], { signal });
    const png = await worker.writePng(samples, { signal });
    const again = await worker.readPng(new Uint8Array(await png.arrayBuffer()), { signal });
    const hash = await worker.hash(again.data, { signal });
    if (hash !== picture.pixelHash) throw new Error('the PNG file has other pixels');
    $('hash').innerHTML = 'Pixels <code></code>, of the saved PNG <code></code>: the same';
    for (const code of $('hash').querySelectorAll('code')) code.textContent = hash;
    save(png, `${picture.stem}.png`);
  } catch (error) {
    if (error.code !== 'cancelled') fail(`${picture.name}: ${error.message}`);
  } finally {
    if (picture === current) button.disabled = false;
  }
}

async function openExample() {
  try {
    const response = await fetch(EXAMPLE);
    if (!response.ok) throw new Error(response.statusText);
    await open(new File([await response.blob()], EXAMPLE, { type: 'image/png' }));
  } catch (error) {
    fail(`The example: ${error.message}`);
  }
}

$('choose').addEventListener('click', () => $('file').click());
$('again').addEventListener('click', () => {
  closePicture();
  $('choose').focus();
});
$('example').addEventListener('click', openExample);
$('file').addEventListener('change', () => {
  if ($('file').files.length > 0) open($('file').files[0]);
  $('file').value = '';
});
$('split').addEventListener('input', () => { viewer.split = $('split').value / 100; });
viewer.onSplit = (share) => { $('split').value = 100 * share; };
viewer.onSpot = showSpot;
$('save-flz').addEventListener('click', () => save(new Blob([current.smallest[1]], { type: 'image/x-flowzip' }), `${current.stem}.flz`));
$('save-png').addEventListener('click', () => savePng(current));

let depth = 0;  // of elements that a dragged file is over
const over = (change) => {
  depth = Math.max(0, depth + change);
  document.body.classList.toggle('over', depth > 0);
};
addEventListener('dragenter', (event) => { event.preventDefault(); over(1); });
addEventListener('dragleave', () => over(-1));
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => {
  event.preventDefault();
  over(-Infinity);
  const [file] = event.dataTransfer.files;
  if (file !== undefined) open(file);
});
addEventListener('paste', (event) => {
  const [file] = event.clipboardData.files;
  if (file !== undefined) open(file);
});
startSamples();
