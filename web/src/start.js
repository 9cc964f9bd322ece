// SPDX-License-Identifier: BSD-3-Clause
// Which module to load, and a codec of it.

import { Codec } from './codec.js';
import { compile } from './files.js';
import { canThread, startThreads } from './threads.js';
import { hasSimd } from './wasm.js';

const MAX_THREADS = 16;

// The number of threads that the codec has, and the codec.
export async function startCodec(urls, options) {
  const { module, simd = hasSimd(), models, threads = 1 } =
    options instanceof WebAssembly.Module ? { module: options } : options;
  const count = Math.min(Math.max(1, threads | 0), MAX_THREADS);
  if (count > 1 && module === undefined && simd && canThread()) {
    try {
      const codec = new Codec({ module: await compile(urls.threads), models, start: (compiled) => startThreads(compiled, count) });
      await codec.simdTarget();
      return { codec, threads: count };
    } catch (error) {
      console.warn(`flowzip: without threads (${error.message})`);
    }
  }
  const codec = new Codec({ module: module ?? compile(simd ? urls.simd : urls.scalar), models });
  await codec.simdTarget();
  return { codec, threads: 1 };
}
