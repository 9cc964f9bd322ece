// SPDX-License-Identifier: BSD-3-Clause
// What runs in the worker of worker.js.

import { readPng, writePng } from './png.js';

let flowzip = null, options = {};

// The small module, until something else than decoding is asked for.
async function library(method) {
  if (options.only === 'decode' && ['info', 'decode', 'decodeSamples', 'toPng'].includes(method)) {
    flowzip ??= await import('./decode.js');
  } else if (flowzip?.encode === undefined) {
    flowzip = await import('./index.js');
  }
  await flowzip.init(options);
  return flowzip;
}

async function run(method, input, settings) {
  if (method === 'readPng') return readPng(input);
  if (method === 'writePng') return writePng(input, settings);
  const { [method]: work, decodeSamples } = await library(method);
  if (method === 'toPng') return writePng(await decodeSamples(input, settings), settings);
  return work(input, settings);
}

// The buffers of a result, which go over without being copied.
function buffers(result) {
  const parts = [result, result?.data, result?.bits, result?.file];
  return [...new Set(parts.map((part) => part?.buffer).filter((part) => part instanceof ArrayBuffer))];
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
