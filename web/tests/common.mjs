// SPDX-License-Identifier: BSD-3-Clause
// What the tests share: where things are, and pictures of every kind that PNG has.
//
// FLOWZIP_BUILD names the build folder, FLOWZIP_CLI the native command.

import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = resolve(fileURLToPath(import.meta.url), '../../..');
export const build = resolve(process.env.FLOWZIP_BUILD ?? join(root, 'build'));
export const cli = resolve(process.env.FLOWZIP_CLI ?? join(build, 'flowzip'));
export const packageFolder = join(build, 'web/flowzip');
export const site = join(build, 'web/site');

export const load = (name) => import(pathToFileURL(join(packageFolder, name)).href);

export const read = (path) => new Uint8Array(readFileSync(join(root, path)));

const hashOf = (bytes) => Buffer.from(bytes.slice(-8)).reverse().toString('hex');

// All models, the tests' too, by hash.
export function allModels() {
  const files = [];
  for (const folder of ['model/data', 'tests/golden']) {
    for (const name of readdirSync(join(root, folder))) {
      if (name.endsWith('.flzm')) files.push(join(root, folder, name));
    }
  }
  return new Map(files.map((path) => [hashOf(readFileSync(path)), path]));
}

// A folder with all of them under the names that the package asks for, as an address.
export function modelFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'flowzip-models-'));
  for (const [hash, path] of allModels()) writeFileSync(join(folder, `${hash}.flzm`), readFileSync(path));
  return `${pathToFileURL(folder).href}/`;
}

// The lines of a manifest, split at spaces.
export const manifest = (path) => readFileSync(join(root, path), 'utf8').trim().split('\n')
  .map((line) => line.split(' '));

// Something like a photograph: smooth, edged and noisy parts, of every kind of PNG.
export function picture({ width = 45, height = 37, channels = 3, bitDepth = 8, indexed = false, interlaced = false, seed = 1 }) {
  const max = 2 ** bitDepth - 1;
  const data = new (bitDepth > 8 ? Uint16Array : Uint8Array)(width * height * channels);
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let y = 0, i = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) {
      for (let c = 0; c < channels; ++c, ++i) {
        const wave = 0.5 + 0.3 * Math.sin(x / 7 + c) * Math.cos(y / 5) + (x > width / 2 ? 0.15 : 0);
        data[i] = Math.max(0, Math.min(max, Math.round(max * (wave + 0.05 * (random() - 0.5)))));
      }
    }
  }
  const chunks = [{ type: 'gAMA', data: Uint8Array.of(0, 0, 0xb1, 0x8f) }];
  if (indexed) chunks.push({ type: 'PLTE', data: Uint8Array.from({ length: 3 * (max + 1) }, () => 255 * random()) });
  if (indexed) chunks.push({ type: 'tRNS', data: Uint8Array.of(0, 128) });
  if (!indexed && channels === 3 && bitDepth === 8) {
    chunks.push({ type: 'tRNS', data: Uint8Array.of(0, data[0], 0, data[1], 0, data[2]) });
  }
  chunks.push({ type: 'IDAT', data: new Uint8Array() }, { type: 'tEXt', data: new TextEncoder().encode('Title\0test') });
  return { width, height, channels, bitDepth, indexed, interlaced, maxValue: max, data, chunks };
}

export const kinds = [
  { channels: 1, bitDepth: 1 }, { channels: 1, bitDepth: 2 }, { channels: 1, bitDepth: 4 },
  { channels: 1, bitDepth: 8 }, { channels: 1, bitDepth: 16 },
  { channels: 1, bitDepth: 1, indexed: true }, { channels: 1, bitDepth: 4, indexed: true },
  { channels: 1, bitDepth: 8, indexed: true },
  { channels: 2, bitDepth: 8 }, { channels: 2, bitDepth: 16 }, { channels: 3, bitDepth: 8 },
  { channels: 3, bitDepth: 16 }, { channels: 4, bitDepth: 8 }, { channels: 4, bitDepth: 16 },
].flatMap((kind) => [kind, { ...kind, interlaced: true }, { ...kind, width: 3, height: 2, interlaced: true }]);

export const nameOf = (kind) => `${kind.indexed ? 'palette' : ['', 'gray', 'gray-alpha', 'rgb', 'rgba'][kind.channels]}`
  + `${kind.bitDepth}${kind.interlaced ? '-interlaced' : ''}${kind.width ? `-${kind.width}x${kind.height}` : ''}`;
