// SPDX-License-Identifier: BSD-3-Clause
// flowzip/decode: .flz files to pictures; half of the bytes of the main entry.
//
// Every function that takes a file rejects with a FlowzipError. Work is done on the calling thread, one
// call after another; flowzip/worker keeps a page free.

/** What went wrong, for programs. */
export type ErrorCode =
  | 'invalid-argument' | 'unsupported' | 'truncated' | 'corrupt' | 'unknown-model' | 'limit' | 'io'
  | 'out-of-memory' | 'cancelled' | 'internal';

export class FlowzipError extends Error {
  readonly name: 'FlowzipError';
  readonly code: ErrorCode;
}

export type Bytes = ArrayBuffer | ArrayBufferView;

export interface InitOptions {
  /** Compiled already, or being compiled: for bundlers, and to share one between workers. */
  module?: WebAssembly.Module | Promise<WebAssembly.Module>;
  /** Whether to load the build with vectors. Default: whether the engine has them. */
  simd?: boolean;
  /** Address of a folder with HASH.flzm for every model; default: the package's own. Ends with "/". */
  models?: string | URL;
  /**
   * Threads of a piece of work, 1 to 16; default 1. More need a build with threads and memory that may be shared:
   * a page that is cross-origin isolated, or node; elsewhere it stays at 1. Not on a page's main thread.
   */
  threads?: number;
}

/** The first call decides; every function calls it if nobody has. */
export function init(options?: InitOptions | WebAssembly.Module): Promise<void>;

/** What a file's header says. */
export interface Info {
  width: number;
  height: number;
  /** 1 gray (or palette), 2 gray and alpha, 3 RGB, 4 RGBA. */
  channels: 1 | 2 | 3 | 4;
  /** Bits of a sample, 1 to 16. */
  bitDepth: number;
  maxValue: number;
  indexed: boolean;
  /** The PNG file that it came from was interlaced. */
  interlaced: boolean;
  fileBytes: number;
  headerBytes: number;
  tiles: number;
  tileSize: number;
  formatVersion: number;
  /** Hash of the model that decodes it, sixteen hexadecimal digits; null where it needs none. */
  model: string | null;
  /** A small picture beside large ones, in the first headerBytes + preview.bytes bytes of the file. */
  preview: { width: number; height: number; channels: 1 | 2 | 3 | 4; bytes: number } | null;
}

/** A PNG chunk: metadata, palette, transparency. An empty IDAT marks the samples' place among them. */
export interface Chunk {
  type: string;
  data: Uint8Array;
}

/** A picture exactly as a file has it: rows from top to bottom, the channels of a pixel side by side. */
export interface Samples {
  width: number;
  height: number;
  channels: number;
  bitDepth: number;
  /** Uint16Array above 8 bits. */
  data: Uint8Array | Uint8ClampedArray | Uint16Array;
  /** The largest sample allowed; default 2^bitDepth - 1. */
  maxValue?: number;
  indexed?: boolean;
  interlaced?: boolean;
  chunks?: Chunk[];
}

/** RGBA of 16 bits, and of 8 where there is no ImageData (node). */
export interface PlainImage {
  width: number;
  height: number;
  data: Uint8ClampedArray | Uint16Array;
  colorSpace: 'srgb';
}

export interface WorkOptions {
  /** Pixels done and in all; after each tile. */
  onProgress?: (done: number, total: number) => void;
  /** Looked at after each tile, and before the work begins. */
  signal?: AbortSignal;
}

export interface DecodeOptions extends WorkOptions {
  /** Only this part, and only the tiles that it needs. */
  region?: { x: number; y: number; width: number; height: number };
  /** Only the pixels whose column and row are multiples of 2, 4 or 8. */
  scale?: 1 | 0.5 | 0.25 | 0.125;
}

/** Reads the header; any beginning of the file that has all of it will do. */
export function info(file: Bytes): Promise<Info>;

/**
 * ImageData of RGBA: palettes looked up, small depths spread out, PNG's transparent colour as alpha; more than
 * 8 bits as a Uint16Array from 0 to 65535. Profiles (iCCP, gAMA) are not applied: decodeSamples() has them.
 */
export function decode(file: Bytes, options?: DecodeOptions): Promise<ImageData | PlainImage>;

/** The samples and chunks as they are. */
export function decodeSamples(file: Bytes, options?: DecodeOptions): Promise<Required<Samples>>;

/**
 * The stored preview, in some milliseconds, as decode() gives pictures; null if there is none. That beginning of the
 * file which info() names is enough, and no model is fetched.
 */
export function preview(file: Bytes): Promise<ImageData | PlainImage | null>;

/** The same as samples, with the chunks of the picture that it takes to show it (profile, orientation). */
export function previewSamples(file: Bytes): Promise<Required<Samples> | null>;

export function toImageData(samples: Samples): ImageData | PlainImage;

/** The instruction set: "WASM", or "SCALAR" without vectors. */
export function simdTarget(): Promise<string>;
/** How many there are: what init() was asked for, or 1. */
export function threads(): Promise<number>;
/** Of WebAssembly now; an instance that has grown beyond 64 MiB is given back after a call. */
export function memoryBytes(): Promise<number>;

/** The models of the package, which are fetched when a picture asks for one. */
export const models: ReadonlyArray<{ name: string; hash: string; bytes: number; url: URL }>;
