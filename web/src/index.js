// SPDX-License-Identifier: BSD-3-Clause
// The package's main entry: everything, on the thread that calls. See index.d.ts.

import { entry } from './start.js';

export { FlowzipError } from './errors.js';
export { MODELS as models } from './models.js';
export { drawHeatmap } from './heat.js';
export { fromImageData, toImageData } from './pixels.js';

// (Addresses that bundlers see.)
export const {
  init, info, decode, decodeSamples, preview, previewSamples, encode, heatmap, sample, hash, simdTarget, threads,
  memoryBytes,
} = entry({
  simd: new URL('./flowzip.wasm', import.meta.url),
  scalar: new URL('./flowzip-scalar.wasm', import.meta.url),
  threads: new URL('./flowzip-threads.wasm', import.meta.url),
});
