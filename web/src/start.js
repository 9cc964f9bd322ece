// SPDX-License-Identifier: BSD-3-Clause
// What an entry of the package is: a module, loaded by init() or the first call, and functions that
// call its codec.

import { Codec } from './codec.js';
import { compile } from './files.js';
import { canThread, startThreads } from './threads.js';
import { hasSimd } from './wasm.js';

const MAX_THREADS = 16;
// Of the codec, and of the package by the same name.
const CALLS = ['info', 'decode', 'decodeSamples', 'preview', 'previewSamples', 'simdTarget', 'encode', 'heatmap', 'sample', 'hash'];

// Which module to load; a codec of it, and the number of threads that it has.
async function startCodec(urls, options) {
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

// The functions of an entry; `urls` names its modules: { simd, scalar, threads }.
export function entry(urls) {
  let started = null;
  // The first caller decides; `options` may be a WebAssembly.Module.
  const start = async (options = {}) => {
    started ??= startCodec(urls, options);
    try {
      return await started;
    } catch (error) {
      started = null;  // may be tried again
      throw error;
    }
  };
  const calls = CALLS.map((name) => [name, async (...given) => (await start()).codec[name](...given)]);
  return {
    init: async (options) => { await start(options); },
    threads: async () => (await start()).threads,
    memoryBytes: async () => (await start()).codec.memoryBytes,
    ...Object.fromEntries(calls),
  };
}
