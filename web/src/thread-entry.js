// SPDX-License-Identifier: BSD-3-Clause
// A worker of threads.js: one thread after another, in the shared memory.

import { complete, isNode, threadImports } from './threads.js';

let exports = null, states = null, index = 0;

const port = isNode ? (await import('node:worker_threads')).parentPort : globalThis;
const listen = (listener) => {
  if (isNode) port.on('message', listener);
  else port.onmessage = ({ data }) => listener(data);
};

async function start({ module, memory, states: shared, index: number }) {
  states = shared;
  index = number;
  const imports = complete(module, {
    ...threadImports(memory), memory,
  });
  const instance = await WebAssembly.instantiate(module, { env: imports, wasi_snapshot_preview1: { fd_write: () => 52 } });
  ({ exports } = instance);
  port.postMessage('ready');
}

function run({ thread, entry, argument, top, size }) {
  exports._emscripten_thread_init(thread, 0, 0, 1, 0);
  exports.emscripten_stack_set_limits?.(top, top - size);
  exports.stackRestore(top);
  exports.emscripten_tls_init();
  const result = exports.__indirect_function_table.get(entry)(argument);
  exports._emscripten_thread_exit(result);
  Atomics.store(states, index, 0);
  Atomics.notify(states, index);
}

listen((message) => (message.module === undefined ? run(message) : start(message)));
