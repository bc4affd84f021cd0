import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchConsole } from '../../src/engine/vm/console-watch.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

function watched() {
  const console = new PassThrough();
  const onLast = vi.fn();
  watchConsole(console, (line) => line.includes('panic'), onLast);
  const print = (text: string) => console.emit('data', Buffer.from(text));
  return { print, onLast, console };
}

test('the last line counts though it comes in pieces, and what follows it is waited for', () => {
  const { print, onLast, console } = watched();
  print('booting\npan');
  print('ic: no\r');
  vi.advanceTimersByTime(10_000);
  expect(onLast).not.toHaveBeenCalled();
  print('\n');
  for (let part = 0; part < 4; part += 1) {
    vi.advanceTimersByTime(400);
    print(`Call Trace ${part}\n`);
  }
  expect(onLast).not.toHaveBeenCalled();
  vi.advanceTimersByTime(500);
  expect(onLast).toHaveBeenCalledTimes(1);
  expect(console.listenerCount('data')).toBe(0);
});

test('a guest that never stops printing is not waited for', () => {
  const { print, onLast } = watched();
  print('panic\n');
  for (let part = 0; part < 60 && onLast.mock.calls.length === 0; part += 1) {
    vi.advanceTimersByTime(100);
    print('more\n');
  }
  expect(onLast).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10_000);
  expect(onLast).toHaveBeenCalledTimes(1);
});
