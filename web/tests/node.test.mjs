// SPDX-License-Identifier: BSD-3-Clause
// The package in node: golden and bad files, the native command's bytes, every kind of PNG, sizes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { cli, kinds, load, manifest, modelFolder, nameOf, packageFolder, picture, read, root } from './common.mjs';

const { Codec } = await load('codec.js');
const { MODELS } = await load('models.js');
const { FlowzipError } = await load('errors.js');
const { readPng, writePng } = await load('png.js');
const { fromImageData, toImageData } = await load('pixels.js');
const flowzip = await load('index.js');

// Every build; those with threads have three.
const modules = ['flowzip', 'flowzip-scalar', 'flowzip-decode', 'flowzip-decode-scalar'];
const codec = (name, models) =>
  new Codec({ module: WebAssembly.compile(readFileSync(join(packageFolder, `${name}.wasm`))), models });
const full = codec('flowzip');
const scratch = mkdtempSync(join(tmpdir(), 'flowzip-web-'));
const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());
const code = (wanted) => (error) => error instanceof FlowzipError && error.code === wanted;

const photos = ['dome', 'moon-gray'].map((name) => [name, `data/photos/${name}.png`]);

for (const name of modules) {
  test(`${name}.wasm decodes the golden files`, async () => {
    const one = codec(name, modelFolder());
    const files = manifest('tests/golden/manifest.txt');
    assert.ok(files.length > 20);
    for (const [file, width, height, channels, hash] of files) {
      const samples = await one.decodeSamples(read(`tests/golden/${file}`));
      assert.deepEqual([samples.width, samples.height, samples.channels], [+width, +height, +channels], file);
      assert.equal(await full.hash(samples.data), hash, file);
    }
  });

  test(`${name}.wasm refuses the bad files as the library does`, async () => {
    const one = codec(name, modelFolder());
    const codes = { 1: 'invalid-argument', 2: 'unsupported', 3: 'truncated', 4: 'corrupt', 5: 'unknown-model', 6: 'limit' };
    for (const [file, status, ...said] of manifest('tests/bad/manifest.txt')) {
      await assert.rejects(one.decodeSamples(read(`tests/bad/${file}`)), (error) => {
        assert.equal(error.code, codes[status], `${file}: ${error.message}`);
        if (error.code !== 'unknown-model') assert.equal(error.message, said.join(' '), file);
        return true;
      });
    }
  });
}

test('vectors and scalars are what they say', async () => {
  assert.match(await full.simdTarget(), /^WASM/);
  assert.doesNotMatch(await codec('flowzip-scalar').simdTarget(), /^WASM/);
});

// The command's file of a PNG file.
function native(png, effort) {
  const out = join(scratch, 'native.flz');
  execFileSync(cli, ['encode', '-q', '-f', '-e', effort, resolve(root, png), '-o', out]);
  return new Uint8Array(readFileSync(out));
}

for (const [name, path] of photos) {
  for (const effort of ['fast', 'standard', 'best']) {
    test(`${name}, ${effort}: the command's bytes, and back`, async () => {
      const samples = await readPng(read(path));
      const file = await full.encode(samples, { effort });
      assert.deepEqual(file, native(path, effort));
      const back = await full.decodeSamples(file);
      assert.deepEqual(back.data, samples.data);
      if (effort !== 'best') assert.deepEqual(await codec('flowzip-scalar').encode(samples, { effort }), file);
    });
  }
}

for (const kind of kinds) {
  test(`PNG of ${nameOf(kind)}: read, written, the command's bytes`, async () => {
    const samples = picture(kind), path = join(scratch, `${nameOf(kind)}.png`);
    for (const compress of [false, true]) {
      const png = await bytesOf(await writePng(samples, { compress }));
      const back = await readPng(png);
      assert.deepEqual(back.data, samples.data);
      assert.deepEqual(back.chunks, samples.chunks);
      writeFileSync(path, png);
    }
    const file = await full.encode(samples, { effort: 'fast' });
    assert.deepEqual(file, native(path, 'fast'));
    const back = await full.decodeSamples(file);
    for (const part of ['width', 'height', 'channels', 'bitDepth', 'indexed', 'interlaced', 'maxValue', 'data', 'chunks']) {
      assert.deepEqual(back[part], samples[part] ?? false, part);
    }
    // libpng reads what writePng wrote, and the command's PNG has the same samples.
    execFileSync(cli, ['decode', '-q', '-f', join(scratch, 'native.flz'), '-o', join(scratch, 'back.png')]);
    assert.deepEqual((await readPng(new Uint8Array(readFileSync(join(scratch, 'back.png'))))).data, samples.data);
  });
}

test('damaged PNG files', async () => {
  const png = await bytesOf(await writePng(picture({})));
  await assert.rejects(readPng(new Uint8Array()), code('truncated'));
  await assert.rejects(readPng(png.slice(0, 60)), code('truncated'));
  await assert.rejects(readPng(png.slice(0, -12)), code('truncated'));
  await assert.rejects(readPng(Uint8Array.of(1, 2, 3, 4)), code('corrupt'));
  const flipped = png.slice();
  flipped[80] ^= 1;
  await assert.rejects(readPng(flipped), code('corrupt'));
});

test('ImageData: opaque, gray and transparent pictures come back', async () => {
  for (const channels of [1, 2, 3, 4]) {
    for (const bitDepth of [8, 16]) {
      const samples = { ...picture({ channels, bitDepth }), chunks: [] };
      const image = toImageData(samples);
      const reduced = fromImageData(image);
      assert.equal(reduced.channels, channels);
      assert.deepEqual(reduced.data, samples.data);
      const back = await full.decode(await full.encode(image, { effort: 'fast' }));
      assert.deepEqual(back.data, image.data);
      assert.equal(back.data.constructor, bitDepth > 8 ? Uint16Array : Uint8ClampedArray);
    }
  }
});

test('palettes, small depths and transparent colours become RGBA', () => {
  const indexed = toImageData({ width: 2, height: 1, channels: 1, bitDepth: 1, indexed: true, data: Uint8Array.of(1, 0),
    chunks: [{ type: 'PLTE', data: Uint8Array.of(1, 2, 3, 4, 5, 6) }, { type: 'tRNS', data: Uint8Array.of(7) }] });
  assert.deepEqual([...indexed.data], [4, 5, 6, 255, 1, 2, 3, 7]);
  const two = toImageData({ width: 4, height: 1, channels: 1, bitDepth: 2, data: Uint8Array.of(0, 1, 2, 3),
    chunks: [{ type: 'tRNS', data: Uint8Array.of(0, 2) }] });
  assert.deepEqual([...two.data], [0, 0, 0, 255, 85, 85, 85, 255, 170, 170, 170, 0, 255, 255, 255, 255]);
});

test('regions and scales are parts of the whole', async () => {
  const samples = await readPng(read(photos[0][1]));
  const file = await full.encode(samples, { effort: 'fast' });
  const region = { x: 17, y: 9, width: 50, height: 31 };
  const part = await full.decodeSamples(file, { region });
  const small = await full.decodeSamples(file, { scale: 1 / 4 });
  assert.deepEqual([part.width, part.height, small.width, small.height],
    [50, 31, Math.ceil(samples.width / 4), Math.ceil(samples.height / 4)]);
  const at = (picture, x, y) => [...picture.data.subarray(3 * (y * picture.width + x), 3 * (y * picture.width + x) + 3)];
  for (const [x, y] of [[0, 0], [49, 30], [20, 5]]) assert.deepEqual(at(part, x, y), at(samples, x + 17, y + 9));
  for (const [x, y] of [[0, 0], [small.width - 1, small.height - 1]]) assert.deepEqual(at(small, x, y), at(samples, 4 * x, 4 * y));
  await assert.rejects(full.decode(file, { region: { ...region, width: 5000 } }), code('invalid-argument'));
  await assert.rejects(full.decode(file, { scale: 3 }), code('invalid-argument'));
});

test('previews: the command\'s, from the beginning of a file', async () => {
  const samples = { ...picture({ width: 1500, height: 1030 }), chunks: [{ type: 'gAMA', data: Uint8Array.of(0, 0, 0xb1, 0x8f) },
    { type: 'tEXt', data: new TextEncoder().encode('Title\0test') }] };
  const file = await full.encode(samples, { effort: 'fast' }), { headerBytes, preview } = await full.info(file);
  assert.ok(preview.width <= 256 && preview.bytes < file.length / 200, JSON.stringify(preview));
  const begin = file.slice(0, headerBytes + preview.bytes), side = Math.max(preview.width, preview.height);
  writeFileSync(join(scratch, 'preview.flz'), file);
  execFileSync(cli, ['decode', '-q', '-f', '--fit', String(side), join(scratch, 'preview.flz'), '-o', join(scratch, 'preview.png')]);
  const wanted = await readPng(new Uint8Array(readFileSync(join(scratch, 'preview.png'))));
  for (const name of modules) {
    const small = await codec(name, 'https://models.invalid/').previewSamples(begin);
    assert.deepEqual([small.width, small.height, small.channels], [preview.width, preview.height, preview.channels]);
    assert.deepEqual(small.data, wanted.data);
    assert.deepEqual(small.chunks, samples.chunks.slice(0, 1));
  }
  assert.equal((await full.preview(file)).data.length, 4 * preview.width * preview.height);
  await assert.rejects(full.previewSamples(begin.slice(0, -1)), code('truncated'));
  assert.equal(await full.preview(await full.encode(picture({}), { effort: 'fast' })), null);
});

test('the heat map adds up to the file', async () => {
  const samples = await readPng(read(photos[1][1]));
  const map = await full.heatmap(samples, { effort: 'fast' });
  assert.deepEqual(map.file, await full.encode(samples, { effort: 'fast' }));
  const bits = map.bits.reduce((sum, value) => sum + value, 0);
  assert.ok(bits <= 8 * map.file.length && bits > 0.8 * 8 * map.file.length, `${bits} bits, ${map.file.length} bytes`);
  const drawn = flowzip.drawHeatmap(map);
  assert.equal(drawn.data.length, 4 * map.bits.length);
  const brightest = map.bits.indexOf(Math.max(...map.bits.subarray(0, 100000)));
  assert.deepEqual([...drawn.data.subarray(4 * brightest, 4 * brightest + 3)], [...map.colours.subarray(-3)]);
});

test('samples: the same by seed, the command\'s', async () => {
  const one = await full.sample({ width: 48, height: 32, seed: 7 });
  assert.deepEqual((await codec('flowzip-scalar').sample({ width: 48, height: 32, seed: 7 })).data, one.data);
  assert.notDeepEqual((await full.sample({ width: 48, height: 32, seed: 8 })).data, one.data);
  const out = join(scratch, 'sample.png');
  execFileSync(cli, ['sample', '-q', '-f', '--size', '48x32', '--seed', '7', '-o', out]);
  assert.deepEqual(toImageData(await readPng(new Uint8Array(readFileSync(out)))).data, one.data);
});

test('models are fetched when asked for, and an unknown one is an error', async () => {
  const asked = [];
  const { fetch } = globalThis;
  globalThis.fetch = async (url) => {
    asked.push(String(url).split('/').at(-1));
    return new Response(null, { status: 404, statusText: 'Not Found' });
  };
  try {
    const one = codec('flowzip', 'https://models.invalid/');
    const samples = await readPng(read(photos[1][1]));
    await one.encode(samples, { effort: 'fast' });
    assert.deepEqual(asked, []);
    await assert.rejects(one.encode(samples, { effort: 'standard' }), code('unknown-model'));
    assert.ok(asked.length === 1 && MODELS.some(({ hash }) => asked[0] === `${hash}.flzm`), asked.join());
  } finally {
    globalThis.fetch = fetch;
  }
});

test('progress, and an end by a signal', async () => {
  const samples = picture({ width: 2100, height: 1030, channels: 1 });
  const seen = [];
  await full.encode(samples, { effort: 'fast', onProgress: (done, total) => seen.push(done / total) });
  assert.ok(seen.length >= 2 && seen.at(-1) === 1, seen.join());
  const abort = new AbortController();
  await assert.rejects(full.encode(samples, { effort: 'fast', signal: abort.signal, onProgress: () => abort.abort() }),
    code('cancelled'));
  assert.equal((await full.info(await full.encode(picture({})))).width, 45);
});

test('wrong arguments', async () => {
  await assert.rejects(full.encode({ width: 2, height: 2, data: new Uint8Array(3) }), code('invalid-argument'));
  await assert.rejects(full.encode({ width: 2, height: 2, data: [1] }), code('invalid-argument'));
  await assert.rejects(full.encode(picture({}), { effort: 'most' }), code('invalid-argument'));
  await assert.rejects(full.encode({ ...picture({}), bitDepth: 16 }), code('invalid-argument'));
  await assert.rejects(full.info('photo.flz'), code('invalid-argument'));
  await assert.rejects(full.encode({ ...picture({}), chunks: [{ type: 'no', data: new Uint8Array() }] }), code('invalid-argument'));
});

test('many calls at once are answered one by one', async () => {
  const pictures = [1, 2, 3, 4, 5].map((seed) => picture({ seed }));
  const files = await Promise.all(pictures.map((one) => flowzip.encode(one, { effort: 'fast' })));
  const back = await Promise.all(files.map((file) => flowzip.decodeSamples(file)));
  back.forEach((one, i) => assert.deepEqual(one.data, pictures[i].data));
  assert.equal((await flowzip.info(files[0])).fileBytes, files[0].length);
});

test('threads: the same bytes, call after call, by both modules', async () => {
  const { startThreads } = await load('threads.js');
  const threaded = (name) => new Codec({
    module: WebAssembly.compile(readFileSync(join(packageFolder, `${name}-threads.wasm`))), start: (module) => startThreads(module, 3),
  });
  const [one, decoder] = [threaded('flowzip'), threaded('flowzip-decode')];
  const large = picture({ width: 2100, height: 1030, channels: 1 }), photo = await readPng(read(photos[0][1]));
  for (let round = 0; round < 3; ++round) {
    for (const [samples, effort] of [[large, 'fast'], [photo, 'standard']]) {
      const file = await one.encode(samples, { effort });
      if (round === 0) assert.deepEqual(file, await full.encode(samples, { effort }));
      assert.deepEqual((await one.decodeSamples(file)).data, samples.data);
      assert.deepEqual((await decoder.decodeSamples(file)).data, samples.data);
    }
  }
  const abort = new AbortController();
  await assert.rejects(one.encode(large, { effort: 'fast', signal: abort.signal, onProgress: () => abort.abort() }), code('cancelled'));
  await assert.rejects(one.decodeSamples(read('tests/bad/tile-checksum.flz')), code('corrupt'));
  assert.deepEqual((await one.decodeSamples(await one.encode(photo, { effort: 'fast' }))).data, photo.data);
});

test('threads: an own process ends by itself', () => {
  const script = `const flowzip = await import(${JSON.stringify(pathToFileURL(join(packageFolder, 'index.js')).href)});
    await flowzip.init({ threads: 2 });
    const file = await flowzip.encode({ width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255) });
    console.log(await flowzip.threads(), (await flowzip.info(file)).width);`;
  assert.equal(execFileSync('node', ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 60000 }).trim(), '2 2');
});

test('memory does not grow from call to call', async () => {
  const samples = picture({ width: 600, height: 400 });
  const file = await full.encode(samples, { effort: 'fast' });
  const round = async () => {
    for (let i = 0; i < 10; ++i) await full.decodeSamples(file);
    return full.memoryBytes;
  };
  await round();
  const before = await round();
  for (let i = 0; i < 3; ++i) await round();
  assert.ok(before > 0);
  assert.equal(await round(), before);
});
