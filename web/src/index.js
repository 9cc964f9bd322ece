// SPDX-License-Identifier: BSD-3-Clause
// The package's main entry: everything, on the thread that calls. See index.d.ts.

import { Codec } from './codec.js';
import { compile } from './files.js';
import { hasSimd } from './wasm.js';

export { FlowzipError } from './errors.js';
export { MODELS as models } from './models.js';
export { drawHeatmap } from './heat.js';
export { fromImageData, toImageData } from './pixels.js';

let codec = null;

// Optional: the first call does it. `options` may be a WebAssembly.Module.
export async function init(options = {}) {
  if (codec !== null) return;
  const { module, simd = hasSimd(), models } =
    options instanceof WebAssembly.Module ? { module: options } : options;
  const made = new Codec({
    module: module ?? compile(simd ? new URL('./flowzip.wasm', import.meta.url)
      : new URL('./flowzip-scalar.wasm', import.meta.url)),
    models,
  });
  await made.simdTarget();
  codec = made;
}

async function ready() {
  await init();
  return codec;
}

export const info = async (file) => (await ready()).info(file);
export const decode = async (file, options) => (await ready()).decode(file, options);
export const decodeSamples = async (file, options) => (await ready()).decodeSamples(file, options);
export const encode = async (image, options) => (await ready()).encode(image, options);
export const heatmap = async (file, options) => (await ready()).heatmap(file, options);
export const sample = async (what, options) => (await ready()).sample(what, options);
export const hash = async (data) => (await ready()).hash(data);
export const memoryBytes = async () => (await ready()).memoryBytes;
export const simdTarget = async () => (await ready()).simdTarget();
