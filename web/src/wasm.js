// SPDX-License-Identifier: BSD-3-Clause
// An instance of a module: its memory, its functions, its few imports. Knows no pictures.

import { FlowzipError } from './errors.js';

// A module with one v128 in it.
const SIMD = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10,
  1, 8, 0, 65, 0, 253, 15, 253, 98, 11);

export const hasSimd = () => WebAssembly.validate(SIMD);

const NO_FILES = 52;  // ENOSYS of WASI

export class Instance {
  onProgress = null;  // (done, total) => true to end the work
  #exports;
  #memory;

  // `memory`, if the module takes its own; `imports`: more of what it calls; `close`: for whoever
  // gives the instance up.
  static async of(module, { memory, imports = {}, close = () => {} } = {}) {
    const instance = new Instance();
    const result = await WebAssembly.instantiate(module, {
      env: {
        memory,
        flw_progress: (done, total) => (instance.onProgress?.(done, total) ? 1 : 0),
        emscripten_notify_memory_growth() {},
        ...imports,
      },
      wasi_snapshot_preview1: {
        proc_exit(code) {
          throw new FlowzipError('internal', `the module ended with ${code}`);
        },
        fd_write: () => NO_FILES,
        clock_time_get(clock, precision, at) {  // in nanoseconds
          new DataView(instance.#memory.buffer).setBigUint64(at, BigInt(Math.round(1e6 * performance.now())), true);
          return 0;
        },
      },
    });
    instance.#exports = result.exports;
    instance.#memory = memory ?? result.exports.memory;
    instance.close = close;
    result.exports._initialize?.();
    return instance;
  }

  get exports() {
    return this.#exports;
  }

  get memoryBytes() {
    return this.#memory.buffer.byteLength;
  }

  // Calls flw_NAME; a number that is an address or a size is made unsigned by the caller.
  call(name, ...numbers) {
    return this.#exports[`flw_${name}`](...numbers);
  }

  has(name) {
    return `flw_${name}` in this.#exports;
  }

  address(name, ...numbers) {
    return this.call(name, ...numbers) >>> 0;
  }

  alloc(size) {
    const at = this.address('alloc', Math.max(size, 1));
    if (at === 0) throw new FlowzipError('out-of-memory', 'out of memory');
    return at;
  }

  free(at) {
    this.call('free', at);
  }

  // A view, gone as soon as the module allocates.
  bytes(at, size) {
    return new Uint8Array(this.#memory.buffer, at, size);
  }

  copy(at, size) {
    return this.bytes(at, size).slice();
  }

  // `work` with the address of a copy of `data`, which is freed afterwards.
  lend(data, work) {
    const at = this.alloc(data.byteLength);
    try {
      this.bytes(at, data.byteLength)
        .set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      return work(at, data.byteLength);
    } finally {
      this.free(at);
    }
  }

  // Copies of 32-bit numbers that `work` has put at the address that it is given.
  numbers(count, work) {
    const at = this.alloc(4 * count);
    try {
      const result = work(at);
      return [result, ...new Uint32Array(this.copy(at, 4 * count).buffer)];
    } finally {
      this.free(at);
    }
  }

  text(at) {
    const memory = new Uint8Array(this.#memory.buffer);
    return new TextDecoder().decode(memory.slice(at, memory.indexOf(0, at)));
  }

  message() {
    return this.text(this.address('message'));
  }

  // Throws unless `status` is 0.
  check(status) {
    if (status !== 0) throw FlowzipError.of(status, this.message());
  }
}
