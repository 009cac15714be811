// What logs may hold, and what becomes of it: tables, and random bytes, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Style, runs } from '../../crates/supervisord/assets/js/ansi.js';
import { Lines, level } from '../../crates/supervisord/assets/js/log.js';

/** `text{classes}` for each run. */
function shown(line, style = new Style()) {
  return runs(line, style).map((run) => `${run.text}{${run.classes || run.rgb}}`).join('');
}

test('colours and weights become classes', () => {
  for (const [line, expected] of [
    ['plain', 'plain{}'],
    ['', ''],
    ['\x1b[31mred\x1b[0m no', 'red{a31} no{}'],
    ['\x1b[1;32mx\x1b[22my\x1b[39mz', 'x{a1 a32}y{a32}z{}'],
    ['\x1b[2;3;4;7mx\x1b[23;24;27my', 'x{a2 a3 a4 a7}y{a2}'],
    ['\x1b[97mx', 'x{a97}'],
    ['\x1b[38;5;9mx\x1b[38;5;200my\x1b[38;5;244mz', 'x{a91}y{rgb(255 0 215)}z{rgb(128 128 128)}'],
    ['\x1b[38;2;1;2;999mx', 'x{rgb(1 2 255)}'],
    ['\x1b[48;5;1;31mx', 'x{a31}'],
    ['\x1b[mx', 'x{}'],
  ]) assert.equal(shown(line), expected, JSON.stringify(line));
});

test('colours go on over lines', () => {
  const style = new Style();
  assert.equal(shown('\x1b[31ma', style), 'a{a31}');
  assert.equal(shown('b', style), 'b{a31}');
});

test('everything else that terminals obey is dropped', () => {
  for (const line of ['a\x1b[2Jb', 'a\x1b[10;10Hb', 'a\x1b]0;title\x07b', 'a\x1b]8;;http://x\x1b\\b', 'a\x1b]52;c;eA==\x07b',
    'a\x1bPq#0\x1b\\b', 'a\x1b(Bb', 'a\x1b7b', 'a\x1b[?25lb']) {
    assert.equal(shown(line), 'ab{}', JSON.stringify(line));
  }
  assert.equal(shown('\x1b]8;;http://x\x07link\x1b]8;;\x07'), 'link{}');
});

test('what is no text is named', () => {
  for (const [line, expected] of [
    ['a\0b', 'a{}NUL{ctl}b{}'],
    ['\x07\x07', 'BEL{ctl}BEL{ctl}'],
    ['\x7f\x9b', 'DEL{ctl}U+009B{ctl}'],
    ['a\u202eb\u2066c\u200b', 'a{}U+202E{ctl}b{}U+2066{ctl}c{}U+200B{ctl}'],
    ['\x1b', 'ESC{ctl}'],
    ['\x1b[31', 'ESC{ctl}[31{}'],
    [`\x1b]${'x'.repeat(5000)}\x07`, `ESC{ctl}]${'x'.repeat(5000)}{}BEL{ctl}`],
    ['tab\tstays', 'tab\tstays{}'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>{}'],
  ]) assert.equal(shown(line), expected, JSON.stringify(line));
});

test('lines come as they are complete, and a carriage return rewrites them', () => {
  const lines = new Lines();
  const texts = (all) => all.map((line) => line.runs.map((run) => run.text).join(''));
  assert.deepEqual(texts(lines.push('one\r\ntw')), ['one']);
  assert.deepEqual(texts(lines.push('o\n 10 %\r 20 %\r100 %\n\nbeg')), ['two', '100 %', '']);
  assert.deepEqual(texts(lines.flush()), ['beg']);
  assert.deepEqual(lines.flush(), []);
  const [long] = lines.push(`${'x'.repeat(10_000_000)}\n`);
  assert.equal(long.runs[0].text.length, 8192);
  assert.equal(long.omitted, 10_000_000 - 8192);
});

test('how bad it is stands at the beginning', () => {
  for (const [line, expected] of [
    ['2026-11-22 ERROR upstream', 'bad'],
    ['[error] x', 'bad'],
    ['{"level":"warn","msg":"x"}', 'warn'],
    ['terror', ''],
    [`${'x '.repeat(40)}ERROR`, ''],
  ]) assert.equal(level(runs(line, new Style())), expected, line);
});

test('a million random bytes are lines of text, in time that grows with them', () => {
  let seed = 1;
  const random = () => { seed = (seed * 1103515245 + 12345) & 0x7fffffff; return seed >> 16; };
  const favoured = '\x1b[];m0123\x07\\P\r\n\u202e';
  const text = (length) => Array.from({ length }, () => (random() % 3
    ? favoured[random() % favoured.length] : String.fromCharCode(random() % 256))).join('');
  const time = (length) => {
    const input = text(length);
    const begin = performance.now();
    const lines = new Lines();
    for (const line of [...lines.push(input), ...lines.flush()]) {
      for (const run of line.runs) assert.equal(typeof run.text, 'string');
    }
    return performance.now() - begin;
  };
  time(100_000);
  const [some, many] = [Math.min(time(100_000), time(100_000), time(100_000)), time(1_000_000)];
  assert.ok(many < some * 10 * 8 + 50, `${some} ms, ten times as much: ${many} ms`);
});
