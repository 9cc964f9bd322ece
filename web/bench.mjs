// SPDX-License-Identifier: BSD-3-Clause
// Speed in node, beside the command on one thread and beside libjxl in WebAssembly:
//
//   npm install --no-save @jsquash/jxl; node web/bench.mjs [--rounds N] PNG...
//
// Each round measures every way on every picture, one after another, so that a slow minute of the machine
// meets all of them; the least time of a way counts. Times are the processor's, all of one thread (and of the
// engine's compiler, in the first round). jSquash's build for node has neither threads nor
// vectors; browsers get one with both. PNG reading is in nobody's time but the command's.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { cli, load, packageFolder } from './tests/common.mjs';

const { values, positionals } = parseArgs({ options: { rounds: { type: 'string', default: '3' } }, allowPositionals: true });
const { Codec } = await load('codec.js');
const { readPng } = await load('png.js');
const { toImageData } = await load('pixels.js');
const scratch = mkdtempSync(join(tmpdir(), 'flowzip-bench-'));

async function jsquash() {
  try {
    const folder = join(createRequire(import.meta.url).resolve('@jsquash/jxl'), '..');
    const [encoder, decoder] = [await import(join(folder, 'encode.js')), await import(join(folder, 'decode.js'))];
    const module = (name) => WebAssembly.compile(readFileSync(join(folder, 'codec', name)));
    globalThis.ImageData ??= class { constructor(data, width, height) { Object.assign(this, { data, width, height }); } };
    await encoder.init(await module('enc/jxl_enc.wasm'));
    await decoder.init(await module('dec/jxl_dec.wasm'));
    return {
      encode: (effort) => (picture) => encoder.default(picture.rgba, { lossless: true, effort }),
      decode: (file) => decoder.default(file),
    };
  } catch (error) {
    console.error(`without jSquash: ${error.message}`);
    return null;
  }
}

// Runs the command; its processor time in milliseconds is added to `spent`.
let spent = 0;
function command(...args) {
  const said = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@"', 'bash', cli, ...args], { encoding: 'utf8' });
  if (said.status !== 0) throw new Error(said.stderr);
  spent += said.stderr.trim().split('\n').at(-1).split(' ').reduce((sum, seconds) => sum + 1000 * seconds, 0);
}
const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 + spent;
};

// Ways of encoding and decoding: { encode(picture), decode(file, picture) }; files are bytes.
const ways = new Map();
for (const effort of ['fast', 'standard', 'best']) {
  for (const build of ['flowzip', 'flowzip-scalar']) {
    if (build === 'flowzip-scalar' && effort !== 'fast') continue;  // minutes
    const codec = new Codec({ module: WebAssembly.compile(readFileSync(join(packageFolder, `${build}.wasm`))) });
    ways.set(`${effort}, wasm${build === 'flowzip' ? '' : ' without vectors'}`, {
      encode: ({ samples }) => codec.encode(samples, { effort }), decode: (file) => codec.decodeSamples(file),
    });
  }
  ways.set(`${effort}, native`, {
    encode: ({ path }) => {
      command('encode', '-q', '-f', '-j', '1', '--no-verify', '-e', effort, path, '-o', join(scratch, 'a.flz'));
      return { byteLength: statSync(join(scratch, 'a.flz')).size };
    },
    decode: () => command('decode', '-q', '-f', '-j', '1', join(scratch, 'a.flz'), '-o', join(scratch, 'a.ppm')),
  });
}
const rival = await jsquash();
if (rival !== null) {
  for (const effort of [3, 7]) ways.set(`libjxl -e ${effort}, wasm`, { encode: rival.encode(effort), decode: rival.decode });
}

const pictures = await Promise.all(positionals.map(async (path) => {
  const samples = await readPng(new Uint8Array(readFileSync(path)));
  return { path, samples, rgba: toImageData(samples) };
}));
const pixels = pictures.reduce((sum, { samples }) => sum + samples.width * samples.height, 0);
const results = new Map([...ways.keys()].map((name) => [name, pictures.map(() => ({ encode: Infinity, decode: Infinity, bytes: 0 }))]));

for (let round = 0; round < Number(values.rounds); ++round) {
  for (const [i, picture] of pictures.entries()) {
    for (const [name, way] of ways) {
      const result = results.get(name)[i], begun = processorTime();
      const file = await way.encode(picture), middle = processorTime();
      await way.decode(file, picture);
      result.bytes = file.byteLength;
      result.encode = Math.min(result.encode, middle - begun);
      result.decode = Math.min(result.decode, processorTime() - middle);
    }
  }
}
console.log(`| ${pictures.length} pictures, ${(pixels / 1e6).toFixed(1)} megapixels | bytes | encode, MP/s | decode, MP/s |\n|---|--:|--:|--:|`);
for (const [name, all] of results) {
  const sum = (key) => all.reduce((total, one) => total + one[key], 0);
  const speed = (key) => (pixels / sum(key) / 1000).toFixed(2);
  console.log(`| ${name} | ${sum('bytes')} | ${speed('encode')} | ${speed('decode')} |`);
}
