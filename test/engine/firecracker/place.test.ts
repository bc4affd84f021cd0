import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMachineLog } from '../../../src/engine/firecracker/machine-log.ts';
import { openPlace, type Place } from '../../../src/engine/firecracker/place.ts';

/* What a Firecracker whose guest has broken out could put into its place. */

let folder: string;
let victim: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapgate-place-'));
  victim = join(folder, 'victim');
  writeFileSync(victim, 'secret\n', { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(jailer?: string): Place {
  const version = { major: 1, minor: 16, patch: 1 };
  // Nothing is started: any program stands for the two.
  return openPlace({ binary: process.execPath, version, said: '', jailer, answerMs: 0 }, folder, 'one');
}

const jailers = [undefined, process.execPath];

test.each(jailers)('a file is taken out of the place (jailer: %s)', (jailer) => {
  const place = open(jailer);
  writeFileSync(join(place.root, 'state.next'), 'state');
  place.take('state.next', join(folder, 'state'));
  expect(readFileSync(join(folder, 'state'), 'utf8')).toBe('state');
  expect(existsSync(join(place.root, 'state.next'))).toBe(false);
  place.remove();
  expect(existsSync(place.root)).toBe(false);
});

test.each(jailers)('what is no file is not taken (jailer: %s)', (jailer) => {
  const place = open(jailer);
  symlinkSync(victim, join(place.root, 'link'));
  mkdirSync(join(place.root, 'folder/full'), { recursive: true });
  for (const name of ['link', 'folder']) {
    expect(() => place.take(name, join(folder, 'state'))).toThrow(
      `Firecracker left something at ${name} that is no file`,
    );
    expect(lstatSync(join(folder, 'state'), { throwIfNoEntry: false })).toBeUndefined();
  }
  expect(readFileSync(victim, 'utf8')).toBe('secret\n');
});

test('a link is not followed when the jail is given what it leads to', () => {
  const place = open(process.execPath);
  const link = join(folder, 'state');
  symlinkSync(victim, link);
  // Only root has jails: it may give files away.
  if (process.getuid?.() === 0) place.link(link);
  else expect(() => place.link(link)).toThrow('EPERM');
  expect(statSync(victim).uid).toBe(process.getuid?.());
});

test('the log is the file that was opened, whatever is put in its place', () => {
  const path = join(folder, 'log');
  writeFileSync(path, 'begun\n');
  const log = openMachineLog(path);
  renameSync(path, join(folder, 'moved'));
  symlinkSync(victim, path);
  const large = Buffer.alloc(17 * 1024 ** 2, 'x\n');
  writeFileSync(victim, large);
  expect(log.lines()).toEqual(['begun']);
  log.bound();
  expect(statSync(victim).size).toBe(large.length);
  log.close();
  log.close();
  expect(log.lines()).toEqual([]);
  expect(() => openMachineLog(path)).toThrow('ELOOP');
});

test('a log that grew large is emptied', () => {
  const path = join(folder, 'log');
  writeFileSync(path, 'short\n');
  const log = openMachineLog(path);
  log.bound();
  expect(log.lines()).toEqual(['short']);
  writeFileSync(path, Buffer.alloc(17 * 1024 ** 2, 'x\n'));
  log.bound();
  expect(statSync(path).size).toBe(0);
  log.close();
});
