// The connection of a page against a server of this test: whole frames wherever it is cut, resumed where it was, given
// up when it is silent. And the sizes of all scripts.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';

const { Frames, Stream } = await import('../../crates/supervisord/assets/js/stream.js');

const STREAM = 'retry: 1000\nid: 1.2.3\nevent: hello\ndata: {"a": 1}\n\n: nothing new\nid: 1.2.4\n\n'
  + 'id: 1.2.5\r\nevent: log\r\ndata: x\ndata:y\n\n';

test('frames are the same wherever the stream is cut', () => {
  const expected = [{ name: 'hello', data: '{"a": 1}' }, { name: 'log', data: 'x\ny' }];
  for (let cut = 0; cut <= STREAM.length; cut += 1) {
    const frames = new Frames();
    const all = [...frames.push(STREAM.slice(0, cut)), ...frames.push(STREAM.slice(cut))];
    assert.deepEqual(all, expected, `cut at ${cut}`);
    assert.equal(frames.lastId, '1.2.5');
  }
});

test('a frame that was torn leaves nothing behind', () => {
  const frames = new Frames();
  frames.push('id: 7\nevent: log\ndata: x');
  frames.forgetBegun();
  assert.deepEqual(frames.push('event: hello\ndata: y\n\n'), [{ name: 'hello', data: 'y' }]);
});

/** A server whose requests are answered one after the other by these; and a page before it. */
async function scene(...answers) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url, lastId: request.headers['last-event-id'] });
    (answers.shift() ?? (() => response.destroy()))(response);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const listeners = {};
  globalThis.location = { href: `http://127.0.0.1:${server.address().port}/a/b/processes/web` };
  globalThis.document = {
    documentElement: { dataset: { root: '../' } }, visibilityState: 'visible',
    addEventListener: (name, listener) => { listeners[name] = listener; },
    querySelector: () => ({ textContent: 'app' }),
  };
  globalThis.addEventListener = (name, listener) => { listeners[name] = listener; };
  return { asked, server, listeners };
}

/** Collects what is told; `until(what)` waits for it. */
function witness() {
  const told = [];
  let wake = () => {};
  const tell = (what) => { told.push(what); wake(); };
  const until = async (what) => {
    while (!told.includes(what)) await new Promise((resolve) => { wake = resolve; });
  };
  return {
    told, until,
    frame: (name, data) => tell(`${name} ${JSON.stringify(data)}`),
    refresh: () => tell('refresh'), live: () => tell('live'), polling: () => tell('polling'), offline: () => tell('offline'),
  };
}

const head = (response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' });

test('a torn connection goes on where it was', async () => {
  const { asked, server } = await scene(
    (response) => { head(response).write('id: 1.1.1\nevent: hello\ndata: {}\n\nid: 1.2.1\nevent: log\ndata: {"n": 1}\n\nid: 1.3'); setTimeout(() => response.destroy(), 50); },
    (response) => head(response).write('id: 1.3.1\nevent: hello\ndata: {}\n\nevent: log\ndata: {"n": 2}\n\n'),
  );
  const seen = witness();
  const stream = new Stream('processes=*', seen);
  stream.open();
  await seen.until('log {"n":2}');
  stream.close();
  server.closeAllConnections();
  server.close();
  assert.deepEqual(asked, [
    { url: '/a/b/api/v1/stream?processes=*', lastId: undefined },
    { url: '/a/b/api/v1/stream?processes=*', lastId: '1.2.1' },
  ]);
  assert.deepEqual(seen.told, ['live', 'hello {}', 'log {"n":1}', 'refresh', 'live', 'hello {}', 'log {"n":2}']);
});

test('where there are too many streams the page is asked for now and then', async () => {
  const { server } = await scene((response) => response.writeHead(503).end());
  const seen = witness();
  const stream = new Stream('', seen);
  stream.open();
  await seen.until('polling');
  stream.close();
  server.closeAllConnections();
  server.close();
  assert.deepEqual(seen.told, ['polling']);
});

test('the scripts of a page are small', () => {
  const folder = new URL('../../crates/supervisord/assets/js/', import.meta.url);
  const sizes = Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(new URL(file, folder)).length]));
  assert.ok(sizes['ansi.js'] <= 4 * 1024 && sizes['log.js'] <= 12 * 1024, JSON.stringify(sizes));
  const all = Object.values(sizes).reduce((sum, size) => sum + size);
  assert.ok(all <= 36 * 1024, `${all} bytes in all`);
});
