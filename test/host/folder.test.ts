import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFolder } from '../../src/host/folder.ts';
import { temporaryFolder, writeFiles } from '../baseline/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const at = (name: string) => join(folder.path, name);

test('a folder is made with all above it, and may be there already', () => {
  expect(openFolder(at('a/b'), 'output-dir')).toBe(at('a/b'));
  expect(openFolder(at('a/b'), 'output-dir')).toBe(at('a/b'));
});

test.each([
  ['file', 'EEXIST'],
  ['file/below', 'EEXIST'],
  ['file/below/that', 'EEXIST'],
])('%s, below a file, is an error of the host', (path, code) => {
  writeFiles(folder.path, { file: '' });
  expect(() => openFolder(at(path), 'work-dir')).toThrow(
    expect.objectContaining({ code: 'host', message: `work-dir ${at(path)} cannot be written (${code})` }),
  );
});

test('a folder below /proc cannot be made, and that is said', () => {
  expect(() => openFolder('/proc/snapgate/here', 'cache-dir')).toThrow(
    expect.objectContaining({
      code: 'host',
      message: 'cache-dir /proc/snapgate/here cannot be written (ENOENT)',
    }),
  );
});
