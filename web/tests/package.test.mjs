// SPDX-License-Identifier: BSD-3-Clause
// The package as it would be published: its files, its types, its sizes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { sizes } from '../sizes.mjs';
import { packageFolder, root } from './common.mjs';

// Bytes after gzip -9, at most: raise one only with a reason. README.md states them rounded.
const LIMITS = {
  'flowzip-decode.wasm': 154e3, 'flowzip-decode-scalar.wasm': 142e3,
  'flowzip.wasm': 270e3, 'flowzip-scalar.wasm': 247e3,
  'flowzip-decode-threads.wasm': 160e3, 'flowzip-threads.wasm': 276e3,
  scripts: 27e3,
};

test('sizes of the builds', (t) => {
  const found = sizes();
  for (const [name, limit] of Object.entries(LIMITS)) {
    const { gzip } = found[name];
    t.diagnostic(`${name}: ${gzip} bytes gzipped, limit ${limit}`);
    assert.ok(gzip <= limit, `${name} has ${gzip} bytes, more than ${limit}`);
    // A limit far above would guard nothing.
    assert.ok(gzip > 0.6 * limit, `${name} has ${gzip} bytes: lower the limit of ${limit}`);
  }
});

test('every model of the library is in it, by its hash', () => {
  const models = readdirSync(join(root, 'model/data')).filter((name) => name.endsWith('.flzm'));
  assert.equal(readdirSync(join(packageFolder, 'models')).length, models.length);
  for (const name of models) {
    const bytes = readFileSync(join(root, 'model/data', name));
    const hash = Buffer.from(bytes.subarray(-8)).reverse().toString('hex');
    assert.deepEqual(readFileSync(join(packageFolder, 'models', `${hash}.flzm`)), bytes);
  }
});

test('npm packs it, and what it names is there', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'flowzip-pack-'));
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', scratch], { cwd: packageFolder, encoding: 'utf8' }));
  const files = new Set(packed.files.map(({ path }) => path));
  const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  assert.equal(manifest.dependencies, undefined);
  assert.match(manifest.version, /^\d+\.\d+\.\d+$/);
  const named = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)));
  for (const path of [...named.filter((name) => !name.includes('*')), './LICENSE', './README.md', manifest.types]) {
    assert.ok(files.has(path.slice(2)), `${path} is missing`);
  }
});

test('installed, it is imported by name, and its types are right', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'flowzip-use-'));
  mkdirSync(join(scratch, 'node_modules'));
  symlinkSync(packageFolder, join(scratch, 'node_modules/flowzip'));
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(scratch, 'use.js'), `import { encode, decode } from 'flowzip';
    import { info } from 'flowzip/decode';
    const image = { width: 2, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255) };
    const file = await encode(image);
    console.log(JSON.stringify([[...(await decode(file)).data], (await info(file)).channels]));`);
  const said = execFileSync('node', ['use.js'], { cwd: scratch, encoding: 'utf8' });
  assert.deepEqual(JSON.parse(said), [[1, 2, 3, 255, 4, 5, 6, 255], 3]);

  writeFileSync(join(scratch, 'use.ts'), readFileSync(join(root, 'web/tests/types.ts')));
  execFileSync('node', [join(root, 'web/node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext',
    '--lib', 'es2022,dom', '--skipLibCheck', 'false', '--preserveSymlinks', 'use.ts'], { cwd: scratch, stdio: ['ignore', 'inherit', 'inherit'] });
});
