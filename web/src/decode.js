// SPDX-License-Identifier: BSD-3-Clause
// The entry for pages that only show pictures: half of the bytes. See decode.d.ts.

import { entry } from './start.js';

export { FlowzipError } from './errors.js';
export { MODELS as models } from './models.js';
export { toImageData } from './pixels.js';

// (Addresses that bundlers see.)
export const {
  init, info, decode, decodeSamples, preview, previewSamples, simdTarget, threads, memoryBytes,
} = entry({
  simd: new URL('./flowzip-decode.wasm', import.meta.url),
  scalar: new URL('./flowzip-decode-scalar.wasm', import.meta.url),
  threads: new URL('./flowzip-decode-threads.wasm', import.meta.url),
});
