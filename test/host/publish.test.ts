import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publish } from '../../src/host/publish.ts';

let folder: string;
let made: string;
let place: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapgate-publish-'));
  [made, place] = [join(folder, 'made'), join(folder, 'place')];
  mkdirSync(join(made, 'below/empty'), { recursive: true });
  writeFileSync(join(made, 'below/file'), 'content');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a folder is put into place with all that is in it; links are not followed', () => {
  symlinkSync('nowhere', join(made, 'link'));
  publish(made, place);
  expect(existsSync(made)).toBe(false);
  expect(readFileSync(join(place, 'below/file'), 'utf8')).toBe('content');
  expect(existsSync(join(place, 'below/empty'))).toBe(true);
});

test('what another run has put there stays', () => {
  mkdirSync(place);
  writeFileSync(join(place, 'first'), '');
  publish(made, place);
  expect(existsSync(join(place, 'first'))).toBe(true);
  expect(existsSync(join(place, 'below'))).toBe(false);
  expect(existsSync(join(made, 'below/file'))).toBe(true);
});

test('any other failure is one', () => {
  expect(() => publish(made, join(folder, 'missing/place'))).toThrow('ENOENT');
});
