// SPDX-License-Identifier: BSD-3-Clause
// Sizes of the package's builds, as README.md has them: node web/sizes.mjs
//
// Scripts are those that an entry loads: what it imports, and what that imports.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { packageFolder } from './tests/common.mjs';

const measure = (bytes) => ({
  bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length,
});
const file = (name) => readFileSync(join(packageFolder, name));
const sum = (sizes) => sizes.reduce((all, one) => Object.fromEntries(Object.keys(one).map((key) => [key, (all[key] ?? 0) + one[key]])), {});

// The scripts that `entry` cannot do without.
function scriptsOf(entry, found = new Set()) {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const [, name] of file(entry).toString().matchAll(/^(?:import|export)[^;]*? from '\.\/([\w-]+\.js)'/gm)) scriptsOf(name, found);
  return found;
}

// Sizes by name: every module, the scripts of every entry, and all scripts together ("scripts").
export function sizes() {
  const names = readdirSync(packageFolder), found = {};
  for (const name of names.filter((one) => one.endsWith('.wasm')).sort()) found[name] = measure(file(name));
  for (const entry of ['index.js', 'decode.js', 'worker.js', 'element.js', 'service-worker.js', 'png.js']) {
    found[entry] = sum([...scriptsOf(entry)].map((name) => measure(file(name))));
  }
  found.scripts = sum(names.filter((name) => name.endsWith('.js')).map((name) => measure(file(name))));
  for (const name of readdirSync(join(packageFolder, 'models'))) found[`models/${name}`] = measure(file(`models/${name}`));
  return found;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  console.log('| file | bytes | gzip -9 | brotli |\n|---|--:|--:|--:|');
  for (const [name, { bytes, gzip, brotli }] of Object.entries(sizes())) console.log(`| ${name} | ${bytes} | ${gzip} | ${brotli} |`);
}
