// SPDX-License-Identifier: BSD-3-Clause
// The build with threads: its memory is shared with workers that wait for threads to run.
//
// A pool is started beforehand, since a worker cannot start while the thread that wants it waits.
// emscripten 3.1.6's pthreads ask for these imports; its own script does not run as a module.

import { Instance } from './wasm.js';

const EAGAIN = 6, IDLE = 0, BUSY = 1;
const PAGE = 65536, INITIAL_PAGES = 256, MAX_PAGES = 65536;
const STEP_PAGES = 256;  // memory grows by 16 MiB at least
const STACK_BYTES = 1 << 20;

export const isNode = typeof process === 'object' && process.versions?.node !== undefined;

// Whether memory can be shared here, and its threads waited for.
export const canThread = () => typeof SharedArrayBuffer !== 'undefined' && typeof document === 'undefined'
  && (isNode || globalThis.crossOriginIsolated === true);

async function startWorker(message) {
  const url = new URL('./thread-entry.js', import.meta.url);
  if (isNode) {
    const { Worker: NodeWorker } = await import('node:worker_threads');
    const worker = new NodeWorker(url, { execArgv: [] });  // --input-type is not for workers
    worker.unref();
    return new Promise((resolve, reject) => {
      worker.once('message', () => resolve(worker));
      worker.once('error', reject);
      worker.postMessage(message);
    });
  }
  const worker = new Worker(url, { type: 'module', name: 'flowzip thread' });
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve(worker);
    worker.onerror = (event) => reject(new Error(event.message || 'a thread could not be started'));
    worker.postMessage(message);
  });
}

// What the module calls on any thread; `memory` is the shared one.
export function threadImports(memory) {
  const now = () => performance.timeOrigin + performance.now();
  return {
    emscripten_get_now: now,
    clock_gettime(clock, at) {  // two words: seconds, nanoseconds
      const time = now();
      new Uint32Array(memory.buffer, at, 2).set([time / 1000, time % 1000 * 1e6]);
      return 0;
    },
    emscripten_check_blocking_allowed() {},
    emscripten_num_logical_cores: () => globalThis.navigator?.hardwareConcurrency ?? 1,
    emscripten_get_heap_max: () => MAX_PAGES * PAGE - PAGE,
    emscripten_memcpy_big(to, from, size) {
      new Uint8Array(memory.buffer).copyWithin(to >>> 0, from >>> 0, (from >>> 0) + (size >>> 0));
    },
    _emscripten_default_pthread_stack_size: () => STACK_BYTES,
    setTempRet0() {},
    emscripten_resize_heap(wanted) {
      const pages = Math.ceil(((wanted >>> 0) - memory.buffer.byteLength) / PAGE);
      for (const more of [Math.max(pages, STEP_PAGES), pages]) {
        try {
          memory.grow(more);
          return 1;
        } catch {
          // Less may be had.
        }
      }
      return 0;
    },
  };
}

// All imports of the module that nobody gives are functions that must not be called.
export function complete(module, imports) {
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (from !== 'env' || kind !== 'function' || name in imports) continue;
    imports[name] = () => { throw new Error(`the module called ${name}`); };
  }
  return imports;
}

// An instance whose work may use `count` threads, this one included.
export async function startThreads(module, count) {
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAX_PAGES, shared: true });
  const states = new Int32Array(new SharedArrayBuffer(4 * (count - 1)));
  const workers = await Promise.all(Array.from(states, (_, index) => startWorker({ module, memory, states, index })));
  const running = new Map();  // the worker's number, by thread
  let instance = null, exports = null;

  const imports = complete(module, {
    ...threadImports(memory),
    flw_progress: (done, total) => (instance?.onProgress?.(done, total) ? 1 : 0),
    __emscripten_init_main_thread_js(thread) {
      exports._emscripten_thread_init(thread, 0, 1, 1, 0);
      exports.emscripten_tls_init();
    },
    __pthread_create_js(thread, attributes, entry, argument) {
      const index = states.findIndex((_, i) => Atomics.compareExchange(states, i, IDLE, BUSY) === IDLE);
      if (index < 0) return EAGAIN;  // fewer threads do the same work
      const [, top, size] = instance.numbers(2, (out) => instance.call('thread_stack', thread, out));
      running.set(thread, index);
      workers[index].postMessage({ thread, entry, argument, top, size });
      return 0;
    },
    // Of a thread that was joined: it may still be leaving its stack.
    __emscripten_thread_cleanup(thread) {
      Atomics.wait(states, running.get(thread), BUSY);
      running.delete(thread);
      exports._emscripten_thread_free_data(thread);
    },
  });
  instance = await Instance.of(module, {
    memory, imports, close() { workers.forEach((worker) => worker.terminate()); },
  });
  ({ exports } = instance);
  exports.__wasm_call_ctors();
  instance.call('set_threads', count);
  return instance;
}
