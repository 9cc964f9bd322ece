// SPDX-License-Identifier: BSD-3-Clause
// Files to pictures and back, by one instance of a module; one call after another.

import { FlowzipError, cancelled, invalid } from './errors.js';
import { fetchModel } from './models.js';
import { fromImageData, isSamples, toImageData } from './pixels.js';
import { Instance } from './wasm.js';

const EFFORTS = { fast: 1, standard: 2, best: 3 };
// Chunks that say how colours are meant and which side is up.
const APPEARANCE = new Set(['iCCP', 'sRGB', 'gAMA', 'cHRM', 'cICP', 'eXIf']);
const END = 12, INDEXED = 1, INTERLACED = 2;
// Memory of WebAssembly only grows: an instance that grew beyond this makes way for a new one.
const KEPT_BYTES = 64 << 20;

function asBytes(file) {
  if (file instanceof Uint8Array) return file;
  if (file instanceof ArrayBuffer) return new Uint8Array(file);
  if (ArrayBuffer.isView(file)) return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  throw invalid('a file is an ArrayBuffer or a Uint8Array');
}

const hex = (number) => number.toString(16).padStart(8, '0');

// What the module says about a file.
function readInfo(instance) {
  const field = (index) => instance.call('info', index);
  const flags = field(8), hash = hex(field(11)) + hex(field(12));
  return {
    width: field(0), height: field(1), channels: field(2), bitDepth: field(3),
    maxValue: field(9) || 2 ** field(3) - 1,
    indexed: (flags & INDEXED) !== 0, interlaced: (flags & INTERLACED) !== 0,
    fileBytes: field(4), headerBytes: field(5), tiles: field(6), tileSize: field(7),
    formatVersion: field(10),
    model: /^0+$/.test(hash) ? null : hash,
    preview: field(13) === 0 ? null : { width: field(13), height: field(14), channels: field(15), bytes: field(16) },
  };
}

function readChunks(instance) {
  const chunks = [];
  for (;;) {
    const [status, type, data, size] = instance.numbers(3, (out) => instance.call('next_chunk', out));
    if (status === END) return chunks;
    instance.check(status);
    chunks.push({ type: String.fromCharCode(...instance.bytes(type, 4)), data: instance.copy(data, size) });
  }
}

function scaleLog2(scale = 1) {
  const log2 = -Math.log2(scale);
  if (![0, 1, 2, 3].includes(log2)) throw invalid('the scale is 1, 1/2, 1/4 or 1/8');
  return log2;
}

function effortNumber(effort = 'standard') {
  const number = EFFORTS[effort];
  if (number === undefined) throw invalid(`an effort is one of ${Object.keys(EFFORTS).join(', ')}`);
  return number;
}

function checkSamples(samples) {
  const { width, height, channels, bitDepth, data } = samples;
  const wide = bitDepth > 8;
  if (!(wide ? data instanceof Uint16Array : data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw invalid(`samples of ${bitDepth} bits are a ${wide ? 'Uint16Array' : 'Uint8Array'}`);
  }
  if (data.length !== width * height * channels) {
    throw invalid(`${width} x ${height} x ${channels} samples are not ${data.length} numbers`);
  }
}

export class Codec {
  #module;
  #instance = null;
  #models = new Map();  // by hash
  #modelBase;
  #start;
  #last = Promise.resolve();

  // `module`: a WebAssembly.Module, or a promise of one. `models`: the address of a folder.
  // `start`: makes an instance of it.
  constructor({ module, models, start = (compiled) => Instance.of(compiled) }) {
    this.#module = module;
    this.#modelBase = models;
    this.#start = start;
  }

  // The work of one call, after that of earlier ones. `work` is begun again after a model that it
  // lacked was fetched.
  #run(work, { onProgress, signal } = {}) {
    const run = this.#last.then(async () => {
      for (;;) {
        if (signal?.aborted) throw cancelled();
        const instance = this.#instance ??= await this.#begin();
        instance.onProgress = (done, total) => {
          onProgress?.(done, total);
          return signal?.aborted ?? false;
        };
        try {
          return work(instance);
        } catch (error) {
          if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
            this.#drop();  // in what state nobody knows
            throw new FlowzipError('out-of-memory', `the module stopped: ${error.message}`);
          }
          const hash = /model ([0-9a-f]{16})/.exec(error.message)?.[1];
          if (error.code !== 'unknown-model' || hash === undefined || this.#models.has(hash)) throw error;
          await this.#addModel(hash);
        } finally {
          if (this.#instance?.memoryBytes > KEPT_BYTES) this.#drop();
        }
      }
    });
    this.#last = run.catch(() => {});
    return run;
  }

  #drop() {
    this.#instance.close();
    this.#instance = null;
  }

  async #begin() {
    const instance = await this.#start(await this.#module);
    for (const bytes of this.#models.values()) this.#give(instance, bytes);
    return instance;
  }

  #give(instance, bytes) {
    instance.lend(bytes, (at, size) => instance.check(instance.call('add_model', at, size)));
  }

  async #addModel(hash) {
    const bytes = await fetchModel(hash, this.#modelBase);
    if (this.#instance !== null) this.#give(this.#instance, bytes);
    this.#models.set(hash, bytes);
  }

  info(file) {
    return this.#run((instance) => instance.lend(asBytes(file), (at, size) => {
      instance.check(instance.call('probe', at, size));
      return readInfo(instance);
    }));
  }

  decodeSamples(file, options = {}) {
    const { region } = options, log2 = scaleLog2(options.scale);
    return this.#run((instance) => instance.lend(asBytes(file), (at, size) => {
      let pixels = 0;
      try {
        instance.check(instance.call('open', at, size));
        const info = readInfo(instance);
        const [status, width, height] = instance.numbers(2, (out) => instance.call('window',
          region?.x ?? 0, region?.y ?? 0, region?.width ?? 0, region?.height ?? 0, log2, out));
        instance.check(status);
        const bytes = width * height * info.channels * (info.bitDepth > 8 ? 2 : 1);
        pixels = instance.alloc(bytes);
        instance.check(instance.call('decode', pixels, bytes));
        const data = instance.copy(pixels, bytes);
        return {
          width, height, channels: info.channels, bitDepth: info.bitDepth, maxValue: info.maxValue,
          indexed: info.indexed, interlaced: info.interlaced,
          data: info.bitDepth > 8 ? new Uint16Array(data.buffer) : data,
          chunks: readChunks(instance),
        };
      } finally {
        if (pixels !== 0) instance.free(pixels);
        instance.call('close');
      }
    }), options);
  }

  async decode(file, options) {
    return toImageData(await this.decodeSamples(file, options));
  }

  // The stored preview, with what it takes to show it; null if there is none.
  previewSamples(file) {
    return this.#run((instance) => instance.lend(asBytes(file), (at, size) => {
      let pixels = 0;
      try {
        instance.check(instance.call('open', at, size));
        const { preview } = readInfo(instance);
        if (preview === null) return null;
        const { width, height, channels } = preview, bytes = width * height * channels;
        pixels = instance.alloc(bytes);
        instance.check(instance.call('preview', pixels, bytes));
        return {
          width, height, channels, bitDepth: 8, maxValue: 255, indexed: false, interlaced: false,
          data: instance.copy(pixels, bytes), chunks: readChunks(instance).filter(({ type }) => APPEARANCE.has(type)),
        };
      } finally {
        if (pixels !== 0) instance.free(pixels);
        instance.call('close');
      }
    }));
  }

  async preview(file) {
    const samples = await this.previewSamples(file);
    return samples && toImageData(samples);
  }

  async encode(image, options = {}) {
    const effort = effortNumber(options.effort);
    const samples = isSamples(image) ? image : fromImageData(image);
    checkSamples(samples);
    return this.#run((instance) => this.#encode(instance, samples, effort, options), options);
  }

  // The file; where the bits went too, if `heat`.
  #encode(instance, samples, effort, { recoverColour = true, heat = false }) {
    const { width, height } = samples;
    try {
      instance.check(instance.call('encoder_begin', effort, recoverColour ? 1 : 0));
      for (const chunk of samples.chunks ?? []) this.#addChunk(instance, chunk);
      if (heat) instance.check(instance.call('heat_begin', width, height));
      instance.lend(samples.data, (at) => instance.check(instance.call('encode', at, width, height,
        samples.channels, samples.bitDepth,
        (samples.indexed ? INDEXED : 0) | (samples.interlaced ? INTERLACED : 0),
        samples.maxValue ?? 0)));
      const file = instance.copy(instance.address('file'), instance.address('file_size'));
      if (!heat) return file;
      return {
        width, height, file,
        bits: new Float32Array(instance.copy(instance.address('heat_bits'), 4 * width * height).buffer),
        max: instance.call('heat_max'),
        colours: instance.copy(instance.address('heat_colours'), 3 * 256),
      };
    } finally {
      instance.call('encoder_end');
    }
  }

  #addChunk(instance, { type, data }) {
    const letters = new TextEncoder().encode(type);
    if (letters.length !== 4) throw invalid(`"${type}" is no chunk's type`);
    instance.lend(letters, (name) => instance.lend(data, (at, size) =>
      instance.check(instance.call('add_chunk', name, at, size))));
  }

  heatmap(image, options = {}) {
    return this.encode(image, { ...options, heat: true });
  }

  async sample({ width = 256, height = 256, seed = 0, temperature = 1, gray = false,
    effort = 'standard' } = {}, options = {}) {
    const channels = gray ? 1 : 3, size = width * height * channels;
    return this.#run((instance) => {
      let pixels = 0;
      try {
        instance.check(instance.call('encoder_begin', effortNumber(effort), 1));
        pixels = instance.alloc(size);
        instance.check(instance.call('sample', width, height, channels, seed, temperature, pixels, size));
        return toImageData({ width, height, channels, bitDepth: 8, data: instance.copy(pixels, size) });
      } finally {
        if (pixels !== 0) instance.free(pixels);
        instance.call('encoder_end');
      }
    }, options);
  }

  // Of the instance; 0 before there is one.
  get memoryBytes() {
    return this.#instance?.memoryBytes ?? 0;
  }

  // XXH3-64 of samples as golden files have it: sixteen hexadecimal digits.
  hash(data) {
    return this.#run((instance) => instance.lend(data, (at, size) => {
      const [, high, low] = instance.numbers(2, (out) => instance.call('hash', at, size, out));
      return hex(high) + hex(low);
    }));
  }

  // The instruction set, as "WASM".
  simdTarget() {
    return this.#run((instance) => instance.text(instance.address('simd_target')));
  }
}
