import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = join(import.meta.dirname, '../src');

/** What each folder of src/ may import, besides host/ and itself: see docs/design.md. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  host: [],
  guest: [],
  pages: [],
  e2b: ['pages'],
  stats: [],
  image: ['guest'],
  engine: ['e2b', 'guest', 'image', 'pages'],
  config: ['engine', 'guest', 'image'],
  inspect: ['e2b', 'pages'],
  measure: ['config', 'engine', 'image', 'stats'],
  baseline: ['config', 'image', 'measure'],
  gate: ['config', 'engine', 'measure', 'stats'],
  report: ['config', 'engine', 'gate', 'inspect', 'measure'],
  job: ['baseline', 'config', 'engine', 'gate', 'image', 'measure', 'report'],
  github: ['baseline', 'config', 'gate', 'measure', 'report'],
  cli: ['baseline', 'config', 'engine', 'gate', 'image', 'inspect', 'job', 'measure', 'report'],
  action: ['baseline', 'config', 'engine', 'gate', 'github', 'image', 'job', 'measure', 'report'],
};

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

interface Import {
  readonly from: string;
  readonly to: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport\()\s*'([^']+)'/g)].map((match) => ({
    from: file,
    to: match[1] ?? '',
  }));
}

const imports = files.flatMap(importsOf);

function folderOf(file: string): string {
  return file.split('/')[0] ?? '';
}

function targetFolder({ from, to }: Import): string {
  return folderOf(relative(src, resolve(src, dirname(from), to)));
}

describe('the folders of src/', () => {
  it('are all known here', () => {
    const folders = new Set(files.filter((file) => file.includes('/')).map(folderOf));
    expect([...folders].filter((folder) => !(folder in mayImport))).toEqual([]);
  });

  it('import only what they may', () => {
    const wrong = imports.filter((each) => {
      const folder = folderOf(each.from);
      if (!each.to.startsWith('.') || !(folder in mayImport)) return false;
      const target = targetFolder(each);
      return target !== folder && target !== 'host' && !mayImport[folder]?.includes(target);
    });
    expect(wrong).toEqual([]);
  });

  it('leave @actions/* to action/ and github/', () => {
    const wrong = imports.filter(
      ({ from, to }) => to.startsWith('@actions/') && !['action', 'github'].includes(folderOf(from)),
    );
    expect(wrong).toEqual([]);
  });
});
