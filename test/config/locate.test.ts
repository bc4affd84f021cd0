import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { locateConfig } from '../../src/config/locate.ts';
import { temporaryFolder, writeFiles } from '../baseline/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

describe('locateConfig', () => {
  it('finds nothing where there is nothing', () => {
    expect(locateConfig(folder.path, '')).toBeUndefined();
  });

  it('looks into .github after the root', () => {
    writeFiles(folder.path, { '.github/snapgate.yml': 'two' });
    expect(locateConfig(folder.path, '')).toEqual({ path: '.github/snapgate.yml', text: 'two' });
    writeFiles(folder.path, { 'snapgate.yml': 'one' });
    expect(locateConfig(folder.path, '')).toEqual({ path: 'snapgate.yml', text: 'one' });
  });

  it('takes the named file and no other, by a path in the checkout or an absolute one', () => {
    writeFiles(folder.path, { 'snapgate.yml': 'one', 'ci/gate.yml': 'three' });
    expect(locateConfig(folder.path, 'ci/gate.yml')).toEqual({ path: 'ci/gate.yml', text: 'three' });
    const absolute = join(folder.path, 'ci/gate.yml');
    expect(locateConfig('/', absolute)).toEqual({ path: absolute, text: 'three' });
    expect(() => locateConfig(folder.path, 'gone.yml')).toThrow(
      expect.objectContaining({ code: 'usage', message: 'config: there is no file gone.yml' }),
    );
    expect(() => locateConfig(folder.path, 'snapgate.yml/x')).toThrow('there is no file snapgate.yml/x');
  });

  it('says what cannot be read, instead of passing over it', () => {
    mkdirSync(join(folder.path, 'snapgate.yml'));
    expect(() => locateConfig(folder.path, '')).toThrow(/snapgate\.yml cannot be read \(EISDIR\)$/);
  });
});
