// SPDX-License-Identifier: BSD-3-Clause
// The package in Firefox, which has no driver in Debian: a page of its own tests itself and posts what it found.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { manifest } from './common.mjs';
import { serve } from './server.mjs';

const firefox = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

// Runs in the page; posts one object.
async function inPage(files) {
  const report = {};
  try {
    const flowzip = await import('/flowzip/index.js');
    const { readPng } = await import('/flowzip/png.js');
    const { FlowzipWorker } = await import('/flowzip/worker.js');
    await import('/flowzip/element.js');
    await flowzip.init({ models: new URL('/models/', location.href) });
    report.target = await flowzip.simdTarget();
    report.golden = [];
    for (const file of files) {
      const bytes = await (await fetch(`/tests/tests/golden/${file}`)).arrayBuffer();
      report.golden.push(await flowzip.hash((await flowzip.decodeSamples(bytes)).data));
    }
    const png = new Uint8Array(await (await fetch('/tests/data/photos/dome.png')).arrayBuffer());
    const samples = await readPng(png);
    const worker = new FlowzipWorker();
    const file = await worker.encode(samples, { effort: 'fast' });
    report.same = await flowzip.hash((await worker.decodeSamples(file)).data) === await flowzip.hash(samples.data);
    const element = document.createElement('flz-img');
    const loaded = new Promise((resolve, reject) => {
      element.onload = resolve;
      element.onerror = (event) => reject(event.error);
    });
    element.src = URL.createObjectURL(new Blob([file]));
    document.body.append(element);
    await loaded;
    report.element = [element.naturalWidth, element.naturalHeight];
  } catch (error) {
    report.error = `${error.name}: ${error.message}\n${error.stack}`;
  }
  await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
}

test('golden files, the worker and the element in Firefox', { skip: !existsSync(firefox) && 'Firefox is not installed', timeout: 300000 }, async () => {
  const goldens = manifest('tests/golden/manifest.txt');
  let answer = null;
  const answered = new Promise((resolve) => { answer = resolve; });
  const server = await serve({ handlers: {
    '/self.html': (request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(
      `<!doctype html><body><script type="module">(${inPage})(${JSON.stringify(goldens.map(([file]) => file))})</script>`),
    '/report': async (request, response) => {
      const parts = [];
      for await (const part of request) parts.push(part);
      response.writeHead(204).end();
      answer(JSON.parse(Buffer.concat(parts)));
    },
  } });
  const browser = spawn(firefox, ['--headless', '--no-remote', '--profile', mkdtempSync(join(tmpdir(), 'flowzip-firefox-')), `${server.url}self.html`],
    { stdio: 'ignore', env: { ...process.env, HOME: mkdtempSync(join(tmpdir(), 'flowzip-home-')) } });
  try {
    const report = await answered;
    assert.equal(report.error, undefined);
    assert.match(report.target, /^WASM/);
    assert.deepEqual(report.golden, goldens.map(([, , , , hash]) => hash));
    assert.equal(report.same, true);
    assert.deepEqual(report.element, [383, 257]);
  } finally {
    browser.kill();
    await server.close();
  }
});
