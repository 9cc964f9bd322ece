// SPDX-License-Identifier: BSD-3-Clause
// What runs in the worker of worker.js.

import { FlowzipError } from './errors.js';
import { readPng, writePng } from './png.js';

let flowzip = null, options = {};

// The small module, until something else than decoding is asked for.
async function library(method) {
  if (options.only === 'decode' && ['info', 'decode', 'decodeSamples', 'preview', 'previewSamples', 'toPng'].includes(method)) {
    flowzip ??= await import('./decode.js');
  } else if (flowzip?.encode === undefined) {
    flowzip = await import('./index.js');
  }
  await flowzip.init(options);
  return flowzip;
}

// Any picture that the browser can show, as it would show it.
async function readImage(blob) {
  const { fromImageData } = await import('./pixels.js');
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
  } catch {
    throw new FlowzipError('unsupported', 'not a picture that this browser knows');
  }
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const image = context.getImageData(0, 0, bitmap.width, bitmap.height);
  bitmap.close();
  return { ...fromImageData(image), maxValue: 255, indexed: false, interlaced: false, chunks: [] };
}

// For a canvas: an ImageBitmap, of 8 bits.
async function toBitmap(samples) {
  const { toImageData } = await import('./pixels.js');
  let image = toImageData(samples);
  if (image.data instanceof Uint16Array) {
    image = new ImageData(Uint8ClampedArray.from(image.data, (value) => value >> 8), image.width, image.height);
  }
  return createImageBitmap(image, { premultiplyAlpha: 'none' });
}

const HERE = { readPng, writePng, readImage, toBitmap };

async function run(method, input, settings) {
  if (method in HERE) return HERE[method](input, settings);
  const { [method]: work, decodeSamples, previewSamples, drawHeatmap } = await library(method);
  if (method === 'toPng') {
    const samples = settings.preview ? await previewSamples(input) : await decodeSamples(input, settings);
    return writePng(samples, settings);
  }
  const result = await work(input, settings);
  if (method === 'heatmap' && settings.draw) result.bitmap = await createImageBitmap(drawHeatmap(result));
  return result;
}

// The buffers of a result, which go over without being copied.
function buffers(result) {
  if (result instanceof ImageBitmap) return [result];
  if (result === null || result instanceof ImageData || typeof result !== 'object') return [];
  const parts = [result, result.data, result.bits, result.file].map((part) => part?.buffer);
  return [...new Set(parts.filter((part) => part instanceof ArrayBuffer)), ...result.bitmap ? [result.bitmap] : []];
}

self.onmessage = async ({ data: { init, id, method, input, settings } }) => {
  if (init !== undefined) {
    options = init;
    return;
  }
  let last = 0;
  const onProgress = (...progress) => {
    const now = performance.now();
    if (now - last < 50 && progress[0] < progress[1]) return;
    last = now;
    self.postMessage({ id, progress });
  };
  try {
    const result = await run(method, input, { ...settings, onProgress });
    self.postMessage({ id, result }, buffers(result));
  } catch (error) {
    self.postMessage({ id, error: { code: error.code ?? 'internal', message: error.message } });
  }
};
