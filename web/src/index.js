// SPDX-License-Identifier: BSD-3-Clause
// The package's main entry: everything, on the thread that calls. See index.d.ts.

import { startCodec } from './start.js';

export { FlowzipError } from './errors.js';
export { MODELS as models } from './models.js';
export { drawHeatmap } from './heat.js';
export { fromImageData, toImageData } from './pixels.js';

const URLS = {
  simd: new URL('./flowzip.wasm', import.meta.url),
  scalar: new URL('./flowzip-scalar.wasm', import.meta.url),
  threads: new URL('./flowzip-threads.wasm', import.meta.url),
};
let started = null;

// Optional: the first call does it. `options` may be a WebAssembly.Module.
export async function init(options = {}) {
  started ??= startCodec(URLS, options);
  try {
    await started;
  } catch (error) {
    started = null;  // may be tried again
    throw error;
  }
}

async function ready() {
  await init();
  return (await started).codec;
}

export const info = async (file) => (await ready()).info(file);
export const decode = async (file, options) => (await ready()).decode(file, options);
export const decodeSamples = async (file, options) => (await ready()).decodeSamples(file, options);
export const encode = async (image, options) => (await ready()).encode(image, options);
export const heatmap = async (file, options) => (await ready()).heatmap(file, options);
export const sample = async (what, options) => (await ready()).sample(what, options);
export const hash = async (data) => (await ready()).hash(data);
export const memoryBytes = async () => (await ready()).memoryBytes;
export const threads = async () => (await init(), (await started).threads);
export const simdTarget = async () => (await ready()).simdTarget();
