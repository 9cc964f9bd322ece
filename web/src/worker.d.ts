// SPDX-License-Identifier: BSD-3-Clause
// flowzip/worker: the same calls in a worker. What they are given is copied, unless it is in `transfer`.

import type { Bytes, DecodeOptions, Info, InitOptions, PlainImage, Samples, WorkOptions } from './decode.js';
import type { EncodeOptions, Heatmap, Rgba, SampleOptions } from './index.js';

export interface WorkerOptions extends Omit<InitOptions, 'module'> {
  /** Loads the small module while nothing but decoding is asked for. */
  only?: 'decode';
  /** Makes the worker, of worker-entry.js, where a bundler wants to see that. */
  worker?: () => Worker;
}

/** `signal` ends the work at once: the worker is stopped, and what else it was to do goes to a new one. */
export type CallOptions = WorkOptions & { transfer?: Transferable[] };

export class FlowzipWorker {
  constructor(options?: WorkerOptions);
  info(file: Bytes, options?: CallOptions): Promise<Info>;
  decode(file: Bytes, options?: DecodeOptions & CallOptions): Promise<ImageData | PlainImage>;
  decodeSamples(file: Bytes, options?: DecodeOptions & CallOptions): Promise<Required<Samples>>;
  preview(file: Bytes, options?: CallOptions): Promise<ImageData | PlainImage | null>;
  previewSamples(file: Bytes, options?: CallOptions): Promise<Required<Samples> | null>;
  encode(image: Rgba | Samples, options?: EncodeOptions & CallOptions): Promise<Uint8Array>;
  heatmap(image: Rgba | Samples, options: EncodeOptions & CallOptions & { draw: true }): Promise<Heatmap & { bitmap: ImageBitmap }>;
  heatmap(image: Rgba | Samples, options?: EncodeOptions & CallOptions): Promise<Heatmap>;
  sample(what?: SampleOptions, options?: CallOptions): Promise<ImageData | PlainImage>;
  hash(data: ArrayBufferView, options?: CallOptions): Promise<string>;
  readPng(file: Uint8Array | ArrayBuffer, options?: CallOptions): Promise<Required<Samples>>;
  writePng(samples: Samples, options?: CallOptions & { compress?: boolean }): Promise<Blob>;
  /** A PNG file of a .flz file, or of its preview, which must be there then. */
  toPng(file: Bytes, options?: DecodeOptions & CallOptions & { compress?: boolean; preview?: boolean }): Promise<Blob>;
  /** Any picture that the browser can show, as it would show it. */
  readImage(file: Blob, options?: CallOptions): Promise<Required<Samples>>;
  /** For a canvas, of 8 bits. */
  toBitmap(samples: Samples, options?: CallOptions): Promise<ImageBitmap>;
  /** Threads that a piece of work has: those asked for, or 1 where memory cannot be shared. */
  threads(): Promise<number>;
  /** Cancels all calls. A later call starts a new worker. */
  terminate(): void;
}
