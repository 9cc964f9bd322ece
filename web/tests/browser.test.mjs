// SPDX-License-Identifier: BSD-3-Clause
// The package and the page in Chromium. Screenshots are left in BUILD/web/screenshots.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

import { build, cli, kinds, load, manifest, nameOf, picture, read, root } from './common.mjs';
import { serve } from './server.mjs';

const { writePng, readPng } = await load('png.js');

const shots = join(build, 'web/screenshots'), scratch = mkdtempSync(join(tmpdir(), 'flowzip-page-'));
const photo = join(root, 'data/photos/dome.png');
let browser, server;

before(async () => {
  mkdirSync(shots, { recursive: true });
  server = await serve();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
});

after(async () => {
  await browser?.close();
  await server?.close();
});

// A page, which must log no error that the test does not expect.
async function visit(t, { path = '', options = {}, at = server, expected = [] } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage(), errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  t.after(async () => {
    await context.close();
    const surprising = errors.filter((error) => !expected.some((pattern) => pattern.test(error)));
    assert.deepEqual(surprising, []);
  });
  await page.goto(at.url + path);
  return page;
}

const done = (page, row, timeout = 120000) =>
  page.waitForSelector(`tr.${row}:not(.waiting):not(.working)`, { timeout });
const status = (page, pattern) => page.waitForFunction((source) =>
  new RegExp(source).test(document.getElementById('status').textContent), pattern.source);

// Megabytes that the largest of the pages' processes has ever had, the workers' included.
async function pageMemory() {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const kilobytes = processInfo.filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))[1]));
  return Math.round(Math.max(...kilobytes) / 1000);
}

async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  return { name: download.suggestedFilename(), bytes: new Uint8Array(readFileSync(await download.path())) };
}

function native(png, effort) {
  const out = join(scratch, 'native.flz');
  execFileSync(cli, ['encode', '-q', '-f', '-e', effort, png, '-o', out]);
  return new Uint8Array(readFileSync(out));
}

test('golden files, and the command\'s bytes, in the browser', async (t) => {
  const page = await visit(t);
  const files = manifest('tests/golden/manifest.txt').map(([file, , , , hash]) => ({ file, hash }));
  for (const entry of ['decode', 'index']) {
    const found = await page.evaluate(async ({ entry, files }) => {
      const flowzip = await import(`/flowzip/${entry}.js`), { hash, init } = await import('/flowzip/index.js');
      for (const begin of [flowzip.init, init]) await begin({ models: new URL('/models/', location.href) });
      const hashes = [];
      for (const { file } of files) {
        const bytes = await (await fetch(`/tests/tests/golden/${file}`)).arrayBuffer();
        hashes.push({ file, hash: await hash((await flowzip.decodeSamples(bytes)).data) });
      }
      return hashes;
    }, { entry, files });
    assert.deepEqual(found, files);
  }
  for (const effort of ['fast', 'standard']) {
    const made = await page.evaluate(async (effort) => {
      const [{ encode }, { readPng }] = [await import('/flowzip/index.js'), await import('/flowzip/png.js')];
      const png = new Uint8Array(await (await fetch('/tests/data/photos/dome.png')).arrayBuffer());
      return [...await encode(await readPng(png), { effort })];
    }, effort);
    assert.deepEqual(Uint8Array.from(made), native(photo, effort));
  }
});

test('a picture is dropped, compared, and saved', async (t) => {
  const page = await visit(t);
  await page.screenshot({ path: join(shots, 'start.png') });
  const data = await page.evaluateHandle((bytes) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(bytes)], 'dome.png', { type: 'image/png' }));
    return transfer;
  }, [...read('data/photos/dome.png')]);
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: data });
  await page.screenshot({ path: join(shots, 'drag.png') });
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });
  for (const row of ['fast', 'standard', 'webp', 'png']) await done(page, row);
  const sizes = await page.evaluate(() => Object.fromEntries([...document.querySelectorAll('#chart tbody tr')].map((row) =>
    [row.className.split(' ')[0], row.querySelector('.size').textContent])));
  assert.equal(sizes.source, '191 kB');
  assert.match(sizes.webp, /kB$/);
  assert.match(await page.textContent('#verdict'), /every pixel is the same/);
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(shots, 'result.png') });

  const flz = await saved(page, '#save-flz');
  assert.equal(flz.name, 'dome.flz');
  const back = join(scratch, 'back.png');
  writeFileSync(join(scratch, 'dome.flz'), flz.bytes);
  execFileSync(cli, ['decode', '-q', '-f', join(scratch, 'dome.flz'), '-o', back]);
  const samples = await readPng(read('data/photos/dome.png'));
  assert.deepEqual((await readPng(new Uint8Array(readFileSync(back)))).data, samples.data);
  const png = await saved(page, '#save-png');
  assert.equal(png.name, 'dome.png');
  assert.deepEqual((await readPng(png.bytes)).data, samples.data);
  assert.match(await page.textContent('#hash'), /the same$/);
});

test('the heat map: the slider by keyboard, zoom by keyboard and pointer', async (t) => {
  const page = await visit(t);
  await page.setInputFiles('#file', photo);
  await done(page, 'fast');
  const shot = async () => {
    await page.waitForTimeout(100);
    return page.$eval('#viewer canvas', (canvas) => canvas.toDataURL());
  };
  // Without any room, as before it is laid out: drawing must not fail.
  await page.$eval('#viewer', (viewer) => { viewer.style.display = 'none'; });
  await page.waitForFunction(() => document.querySelector('#viewer canvas').width === 0);
  await page.$eval('#viewer', (viewer) => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => {
    viewer.style.display = '';
    drawn();
  }))));
  await page.waitForFunction(() => document.querySelector('#viewer canvas').width > 0);
  await page.focus('#split');
  await page.keyboard.press('End');
  const picture = await shot();
  await page.keyboard.press('Home');
  const heat = await shot();
  assert.notEqual(picture, heat);
  await page.focus('#viewer');
  await page.keyboard.press('+');
  await page.keyboard.press('ArrowRight');
  const zoomed = await shot();
  assert.notEqual(zoomed, heat);
  await page.hover('#viewer', { position: { x: 200, y: 200 } });
  assert.match(await page.textContent('#spot'), /^\d+, \d+ · \d+ \d+ \d+ · \d+\.\d bits$/);
  await page.screenshot({ path: join(shots, 'zoom.png') });
  await page.focus('#viewer');
  await page.keyboard.press('0');
  assert.equal(await shot(), heat);
});

test('a .flz file is opened', async (t) => {
  const page = await visit(t);
  const path = join(scratch, 'opened.flz');
  writeFileSync(path, native(photo, 'standard'));
  await page.setInputFiles('#file', path);
  await done(page, 'opened');
  await done(page, 'png');
  assert.match(await page.textContent('#kind'), /^383 × 257, RGB, 8 bits/);
  const png = await saved(page, '#save-png');
  assert.deepEqual((await readPng(png.bytes)).data, (await readPng(read('data/photos/dome.png'))).data);
});

test('every kind of PNG comes back from the page', async (t) => {
  const page = await visit(t);
  for (const kind of kinds.filter(({ width, interlaced }) => !width && !interlaced)) {
    const samples = picture(kind), path = join(scratch, `${nameOf(kind)}.png`);
    writeFileSync(path, new Uint8Array(await (await writePng(samples)).arrayBuffer()));
    await page.setInputFiles('#file', path);
    await done(page, 'best');
    const back = await readPng((await saved(page, '#save-png')).bytes);
    assert.deepEqual(back.data, samples.data, nameOf(kind));
    assert.deepEqual(back.chunks, samples.chunks, nameOf(kind));
    assert.equal(await page.isVisible('#error'), false);
  }
});

test('what is no picture, and what is damaged', async (t) => {
  const page = await visit(t, { expected: [/404/] });
  const flz = native(photo, 'fast'), png = read('data/photos/dome.png');
  const cases = [
    ['text.txt', new TextEncoder().encode('hello'), /not a picture/],
    ['empty.png', new Uint8Array(), /not a picture/],
    ['cut.flz', flz.slice(0, flz.length / 2), /cut short/],
    ['flipped.flz', flz.map((byte, i) => (i === 5000 ? byte ^ 1 : byte)), /damaged/],
    ['cut.png', png.slice(0, 5000), /cut short/],
    ['model.flz', read('tests/bad/unknown-model.flz'), /needs model 5a5a5a5a5a5a5a5a, which was not found/],
  ];
  for (const [name, bytes, message] of cases) {
    writeFileSync(join(scratch, name), bytes);
    await page.setInputFiles('#file', join(scratch, name));
    await page.waitForFunction((name) => document.getElementById('error').textContent.startsWith(name), `${name}:`);
    assert.match(await page.textContent('#error'), message);
    assert.equal(await page.isVisible('#drop'), true);
  }
  await page.screenshot({ path: join(shots, 'error.png') });
  await page.setInputFiles('#file', photo);
  await done(page, 'fast');
  assert.equal(await page.isVisible('#error'), false);
});

test('24 megapixels: the page answers, shows progress, and cancels', async (t) => {
  const page = await visit(t);
  const path = process.env.FLOWZIP_LARGE_PNG ?? join(scratch, 'large.png');
  if (process.env.FLOWZIP_LARGE_PNG === undefined) {
    const samples = { ...picture({ width: 6000, height: 4000 }), chunks: [] };
    writeFileSync(path, new Uint8Array(await (await writePng(samples, { compress: false })).arrayBuffer()));
  }
  await page.evaluate(() => {
    window.longest = 0;
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      window.longest = Math.max(window.longest, now - last);
      last = now;
    }, 10);
  });
  const begun = performance.now(), seconds = () => ((performance.now() - begun) / 1000).toFixed(1);
  await page.setInputFiles('#file', path);
  await page.waitForSelector('tr.fast.working:not(.unknown)', { timeout: 240000 });
  await page.screenshot({ path: join(shots, 'progress.png') });
  await done(page, 'fast', 400000);
  t.diagnostic(`read, encoded by effort fast, decoded and compared in ${seconds()} s`);
  assert.match(await page.textContent('#verdict'), /every pixel is the same/);
  // Slow enough to wait for a click, or under way.
  if (await page.textContent('tr.standard button') === 'Run') await page.click('tr.standard button');
  await page.waitForSelector('tr.standard.working');
  await page.click('tr.standard button');
  await status(page, /standard: cancelled/);
  const longest = await page.evaluate(() => window.longest);
  t.diagnostic(`the page was busy for ${Math.round(longest)} ms at most`);
  assert.ok(longest < 1500, `${longest} ms`);
  const most = await pageMemory();
  t.diagnostic(`the page's process took ${most} MB at most`);
  assert.ok(most < 2000, `${most} MB`);
});

test('a large picture is encoded although the browser encodes none', async (t) => {
  const page = await visit(t, { expected: [/rivals.js|ERR_FAILED/] });
  await page.route('**/rivals.js', (route) => route.abort());
  const samples = { ...picture({ width: 3000, height: 2800 }), chunks: [] };
  const path = join(scratch, 'alone.png');
  writeFileSync(path, new Uint8Array(await (await writePng(samples, { compress: false })).arrayBuffer()));
  await page.setInputFiles('#file', path);
  await page.waitForSelector('tr.fast.working', { timeout: 60000 });
  await done(page, 'fast', 120000);
  assert.match(await page.textContent('#verdict'), /every pixel is the same/);
});

test('samples by seed', async (t) => {
  const page = await visit(t);
  await page.fill('#seed', '5');
  for (const button of ['#dream .primary', '#dream .primary', '#next']) {
    await page.click(button);
    await page.waitForFunction(() => document.querySelector('#gallery figcaption span + span').textContent === '');
  }
  const urls = await page.$$eval('#gallery canvas', (all) => all.map((canvas) => canvas.toDataURL()));
  assert.equal(urls.length, 3);
  assert.equal(urls[1], urls[2]);
  assert.notEqual(urls[0], urls[1]);
  await page.locator('#samples').screenshot({ path: join(shots, 'samples.png') });
});

test('nothing leaves the machine', async (t) => {
  const page = await visit(t, { expected: [/Content Security Policy|violates/, /Failed to fetch|NetworkError/] });
  const hosts = new Set();
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  await page.setInputFiles('#file', photo);
  await done(page, 'standard');
  hosts.delete('');  // blob:
  assert.deepEqual([...hosts], [new URL(server.url).host]);
  assert.equal(await page.evaluate(() => fetch('https://flowzip.invalid/').then(() => 'sent', () => 'refused')), 'refused');
});

for (const [name, options] of [
  ['dark', { colorScheme: 'dark' }],
  ['phone', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }],
]) {
  test(`the page, ${name}`, async (t) => {
    const page = await visit(t, { options });
    await page.screenshot({ path: join(shots, `${name}-start.png`) });
    await page.setInputFiles('#file', photo);
    await done(page, 'standard');
    await page.waitForTimeout(600);
    await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'no sideways scrolling');
  });
}

test('everything is reached by keyboard and has a name', async (t) => {
  const page = await visit(t);
  await page.setInputFiles('#file', photo);
  await done(page, 'standard');
  const reached = new Set();
  await page.evaluate(() => document.activeElement.blur());
  for (let i = 0; i < 40; ++i) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.dataset.zoom || ''));
  }
  for (const id of ['again', 'viewer', 'in', 'out', 'fit', 'one', 'split', 'save-flz', 'save-png', 'seed', 'temperature', 'next']) {
    assert.ok(reached.has(id), `${id} is not reached`);
  }
  const nameless = await page.$$eval('button, input:not([hidden]), a, [role=application]', (all) => all.filter((element) =>
    element.offsetParent !== null && !(element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.length)).length);
  assert.equal(nameless, 0);
});

const ELEMENT = `<!doctype html><title>t</title><script type="module" src="/flowzip/element.js"></script>
  <flz-img id="a" src="/dome.flz" alt="A dome"></flz-img>
  <flz-img id="cut" src="/cut.flz" alt="A cut one"></flz-img><flz-img id="gone" src="/gone.flz" alt="A lost one"></flz-img>
  <div style="height: 5000px"></div><flz-img id="lazy" src="/lazy.flz" alt="Later" loading="lazy" width="100" height="67"></flz-img>`;

// A server with a page of its own.
async function serveElement(html) {
  const file = native(photo, 'standard');
  const send = (type, body) => (request, response) => response.writeHead(200, { 'Content-Type': type }).end(body);
  const none = (request, response) => response.writeHead(204).end();
  return serve({ handlers: {
    '/favicon.ico': none,
    '/element.html': send('text/html', html), '/dome.flz': send('image/x-flowzip', file), '/lazy.flz': send('image/x-flowzip', file),
    '/cut.flz': send('image/x-flowzip', file.slice(0, 9000)),
  } });
}

test('<flz-img>: shown, lazy, errors', async (t) => {
  const at = await serveElement(ELEMENT);
  t.after(() => at.close());
  const page = await visit(t, { at, path: 'element.html', expected: [/404/] });
  await page.waitForSelector('#a[state=loaded]');
  assert.deepEqual(await page.$eval('#a', (one) => [one.naturalWidth, one.naturalHeight, one.complete,
    one.shadowRoot.querySelector('img').alt]), [383, 257, true, 'A dome']);
  const pixels = await page.$eval('#a', (one) => {
    const context = new OffscreenCanvas(383, 257).getContext('2d');
    context.drawImage(one.shadowRoot.querySelector('img'), 0, 0);
    return [...context.getImageData(0, 0, 383, 257).data.filter((_, i) => i % 4 !== 3)];
  });
  assert.deepEqual(Uint8Array.from(pixels), (await readPng(read('data/photos/dome.png'))).data);
  await page.waitForSelector('#cut[state=error]');
  await page.waitForSelector('#gone[state=error]');
  assert.deepEqual(await page.$$eval('#cut, #gone', (all) => all.map((one) => [one.shadowRoot.querySelector('p').textContent,
    one.shadowRoot.querySelector('p').title])), [['A cut one', 'file is cut short'], ['A lost one', '404 Not Found']]);
  assert.equal(await page.getAttribute('#lazy', 'state'), 'loading');
  assert.equal(at.seen.includes('/lazy.flz'), false);
  await page.$eval('#lazy', (one) => one.scrollIntoView());
  await page.waitForSelector('#lazy[state=loaded]');
  assert.equal(await page.$eval('#lazy', (one) => one.getBoundingClientRect().width), 100);
  assert.ok(at.seen.some((path) => path.endsWith('/flowzip-decode.wasm')) && !at.seen.some((path) => path.endsWith('/flowzip.wasm')));
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: join(shots, 'element.png') });
  // Another source while the first is loading.
  await page.$eval('#a', (one) => { one.src = '/lazy.flz'; one.src = '/gone.flz'; });
  await page.waitForSelector('#a[state=error]');
});

test('<flz-img>: the preview, while the rest is still coming', async (t) => {
  const path = join(scratch, 'preview.png');
  writeFileSync(path, new Uint8Array(await (await writePng({ ...picture({ width: 1500, height: 1030 }), chunks: [] })).arrayBuffer()));
  const file = native(path, 'fast');
  let send = null;
  const at = await serve({ handlers: {
    '/favicon.ico': (request, response) => response.writeHead(204).end(),
    '/element.html': (request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(
      '<!doctype html><title>t</title><script type="module" src="/flowzip/element.js"></script><flz-img src="/large.flz" alt="Waves"></flz-img>'),
    '/large.flz': (request, response) => {
      response.writeHead(200, { 'Content-Type': 'image/x-flowzip', 'Content-Length': file.length });
      response.write(file.subarray(0, file.length / 2));
      send = () => response.end(file.subarray(file.length / 2));
    },
  } });
  t.after(() => at.close());
  const page = await visit(t, { at, path: 'element.html' });
  await page.waitForSelector('flz-img[state=preview]');
  const look = () => page.$eval('flz-img', (one) => {
    const { naturalWidth: inside, width, height } = one.shadowRoot.querySelector('img');
    return { outside: one.naturalWidth, inside, width, height };
  });
  const first = await look();
  assert.ok(first.outside === 1500 && first.inside <= 256, JSON.stringify(first));
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(shots, 'preview.png') });
  send();
  await page.waitForSelector('flz-img[state=loaded]');
  const last = await look();
  assert.equal(last.inside, 1500);
  assert.ok(Math.abs(first.width - last.width) <= 1 && Math.abs(first.height - last.height) <= 3, JSON.stringify([first, last]));
});

test('service worker: <img src="dome.flz">', async (t) => {
  const at = await serveElement('<!doctype html><title>t</title><p>');
  t.after(() => at.close());
  const page = await visit(t, { at, path: 'element.html', expected: [/cut\.flz/] });
  const result = await page.evaluate(async () => {
    await navigator.serviceWorker.register('/service-worker.js', { type: 'module' });
    await navigator.serviceWorker.ready;
    if (navigator.serviceWorker.controller === null) {
      await new Promise((resolve) => { navigator.serviceWorker.oncontrollerchange = resolve; });
    }
    const load = (src) => new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve([image.naturalWidth, image.naturalHeight]);
      image.onerror = () => resolve('error');
      image.src = src;
      document.body.append(image);
    });
    return [await load('/dome.flz'), await load('/cut.flz'), (await (await fetch('/dome.flz')).arrayBuffer()).byteLength];
  });
  assert.deepEqual(result, [[383, 257], 'error', native(photo, 'standard').length]);
});

test('models are kept by the browser', async (t) => {
  const at = await serve();
  t.after(() => at.close());
  const page = await visit(t, { at });
  const use = () => page.evaluate(async () => {
    const { encode } = await import('/flowzip/index.js');
    const [{ readPng }] = [await import('/flowzip/png.js')];
    const png = new Uint8Array(await (await fetch('/tests/data/photos/moon-gray.png')).arrayBuffer());
    return (await encode(await readPng(png), { effort: 'standard' })).length;
  });
  const fetched = () => at.seen.filter((path) => path.endsWith('.flzm')).length;
  const size = await use(), first = fetched();
  assert.ok(first >= 1);
  await page.reload();
  assert.equal(await use(), size);
  assert.equal(fetched(), first);
});

test('the worker: cancelling spares the other calls', async (t) => {
  const page = await visit(t);
  const outcome = await page.evaluate(async () => {
    const { FlowzipWorker } = await import('/flowzip/worker.js');
    const { readPng } = await import('/flowzip/png.js');
    const worker = new FlowzipWorker(), abort = new AbortController();
    const samples = await readPng(new Uint8Array(await (await fetch('/tests/data/photos/dome.png')).arrayBuffer()));
    const long = worker.encode(samples, { effort: 'best', signal: abort.signal }).catch((error) => error.code);
    const other = worker.encode(samples, { effort: 'fast' });
    setTimeout(() => abort.abort(), 300);
    const file = await other, back = await worker.decodeSamples(file);
    const wrong = await worker.decode(new Uint8Array(9)).catch((error) => [error.name, error.code]);
    return [await long, await worker.hash(back.data) === await worker.hash(samples.data), wrong];
  });
  assert.deepEqual(outcome, ['cancelled', true, ['FlowzipError', 'corrupt']]);
});

test('threads, on a page that is isolated and on one that is not', async (t) => {
  const isolated = await serve({ isolated: true });
  t.after(() => isolated.close());
  for (const [at, count] of [[isolated, 2], [server, 1]]) {
    const page = await visit(t, { at });
    const [threads, file] = await page.evaluate(async () => {
      const { FlowzipWorker } = await import('/flowzip/worker.js'), { readPng } = await import('/flowzip/png.js');
      const worker = new FlowzipWorker({ threads: 2 });
      const samples = await readPng(new Uint8Array(await (await fetch('/tests/data/photos/dome.png')).arrayBuffer()));
      for (let i = 0; i < 5; ++i) await worker.decodeSamples(await worker.encode(samples, { effort: 'fast' }));
      return [await worker.threads(), [...await worker.encode(samples, { effort: 'standard' })]];
    });
    assert.equal(threads, count);
    assert.deepEqual(Uint8Array.from(file), native(photo, 'standard'));
  }
});

test('memory: many pictures, and the page is no larger', async (t) => {
  const page = await visit(t);
  const sizes = await page.evaluate(async () => {
    const flowzip = await import('/flowzip/index.js'), { readPng } = await import('/flowzip/png.js');
    const samples = await readPng(new Uint8Array(await (await fetch('/tests/data/photos/dome.png')).arrayBuffer()));
    const measured = [];
    for (let round = 0; round < 4; ++round) {
      for (let i = 0; i < 5; ++i) await flowzip.decode(await flowzip.encode(samples, { effort: 'fast' }));
      measured.push(await flowzip.memoryBytes());
    }
    return measured;
  });
  assert.equal(sizes.at(-1), sizes[1]);
});
