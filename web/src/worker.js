// SPDX-License-Identifier: BSD-3-Clause
// The package in a worker: the page stays free, and work can be cancelled. See worker.d.ts.

import { FlowzipError, cancelled } from './errors.js';

const METHODS = ['info', 'decode', 'decodeSamples', 'preview', 'previewSamples', 'encode', 'heatmap', 'sample', 'hash', 'readPng',
  'writePng', 'toPng', 'readImage', 'toBitmap', 'threads'];

export class FlowzipWorker {
  #url;
  #options;
  #worker = null;
  #calls = new Map();  // by number
  #next = 0;

  // `options`: as for init(), but `module`; `worker`: makes the Worker, where a bundler wants to.
  constructor(options = {}) {
    const { worker, ...rest } = options;
    this.#url = worker;
    this.#options = rest;
    for (const method of METHODS) {
      this[method] = (input, settings = {}) => this.#call(method, input, settings);
    }
  }

  #start() {
    const worker = this.#url?.()
      ?? new Worker(new URL('./worker-entry.js', import.meta.url), { type: 'module', name: 'flowzip' });
    worker.onmessage = ({ data }) => this.#answer(data);
    worker.onerror = (event) => {
      event.preventDefault?.();
      this.#end(new FlowzipError('internal', event.message || 'the worker could not be started'));
    };
    worker.postMessage({ init: this.#options });
    return worker;
  }

  #answer({ id, progress, result, error }) {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    if (progress !== undefined) {
      call.onProgress?.(...progress);
      return;
    }
    this.#calls.delete(id);
    call.release();
    if (error !== undefined) call.reject(new FlowzipError(error.code, error.message));
    else call.resolve(result);
  }

  #call(method, input, { signal, onProgress, transfer = [], ...settings }) {
    if (signal?.aborted) return Promise.reject(cancelled());
    this.#worker ??= this.#start();
    return new Promise((resolve, reject) => {
      const id = ++this.#next, cancel = () => this.#cancel(id);
      signal?.addEventListener('abort', cancel, { once: true });
      const release = () => signal?.removeEventListener('abort', cancel);
      const call = { method, input, settings, resolve, reject, onProgress, release };
      this.#calls.set(id, call);
      try {
        this.#post(id, call, transfer);
      } catch (error) {
        this.#calls.delete(id);
        release();
        reject(error);
      }
    });
  }

  #post(id, { method, input, settings }, transfer = []) {
    this.#worker.postMessage({ id, method, input, settings }, transfer);
  }

  // A worker in the middle of its work hears nothing: it is ended, and what else was asked of it
  // is asked of a new one. (What was transferred is gone: such calls fail.)
  #cancel(id) {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    call.release();
    call.reject(cancelled());
    this.#worker.terminate();
    this.#worker = null;
    if (this.#calls.size === 0) return;
    this.#worker = this.#start();
    for (const [other, { ...rest }] of this.#calls) this.#post(other, rest);
  }

  #end(error) {
    this.#worker?.terminate();
    this.#worker = null;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) {
      call.release();
      call.reject(error);
    }
  }

  // Ends the worker; calls under way are cancelled. A later call starts a new one.
  terminate() {
    this.#end(cancelled());
  }
}
