// SPDX-License-Identifier: BSD-3-Clause
// The entry for pages that only show pictures: half of the bytes. See decode.d.ts.

import { startCodec } from './start.js';

export { FlowzipError } from './errors.js';
export { MODELS as models } from './models.js';
export { toImageData } from './pixels.js';

const URLS = {
  simd: new URL('./flowzip-decode.wasm', import.meta.url),
  scalar: new URL('./flowzip-decode-scalar.wasm', import.meta.url),
  threads: new URL('./flowzip-decode-threads.wasm', import.meta.url),
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
export const threads = async () => (await init(), (await started).threads);
export const simdTarget = async () => (await ready()).simdTarget();
export const memoryBytes = async () => (await ready()).memoryBytes;
