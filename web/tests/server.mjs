// SPDX-License-Identifier: BSD-3-Clause
// A server of files for the tests, and for looking at the page: node web/tests/server.mjs [PORT]
//
//   /          the page, with the package in /flowzip/
//   /tests/    tests/golden, tests/bad, data/photos and the like, below the repository
//   /models/   any model by its hash, the tests' too

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

import { allModels, root, site } from './common.mjs';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm', '.png': 'image/png', '.flz': 'image/x-flowzip' };

// `handlers`: by path, for what a test wants answered otherwise. `isolated`: memory may be shared.
export async function serve({ port = 0, handlers = {}, isolated = false } = {}) {
  const models = allModels(), seen = [];
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname));
    seen.push(path);
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    if (handlers[path] !== undefined) return handlers[path](request, response);
    let file = join(site, path);
    if (path.startsWith('/tests/')) file = join(root, path.slice(7));
    else if (path.startsWith('/models/')) file = models.get(path.slice(8, 24)) ?? '';
    if (path.endsWith('/')) file = join(file, 'index.html');
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return undefined;
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Length': statSync(file).size });
    return createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => { server.listen(port, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${server.address().port}/`, seen,
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}

if (argv[1] === fileURLToPath(import.meta.url)) console.log((await serve({ port: Number(argv[2] ?? 8080) })).url);
