import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeRun } from '../../src/host/cleanup.ts';
import { resolveRootfs } from '../../src/image/rootfs-source.ts';
import { withRecordsAside } from '../../src/job/aside.ts';
import { checkOutputDir, recordNames, writeText } from '../../src/job/files.ts';
import { temporaryFolder, writeFiles } from '../baseline/repository.ts';
import { openTestRun, type TestRun } from '../baseline/test-run.ts';

let folder: ReturnType<typeof temporaryFolder>;
let current: TestRun;
let checkout: string;
beforeEach(() => {
  folder = temporaryFolder();
  current = openTestRun(folder.path);
  checkout = join(folder.path, 'checkout');
  writeFiles(checkout, { 'etc/passwd': 'root:x:0:0::/:/bin/sh\n', 'out/guest.conf': 'a\n' });
});
afterEach(() => {
  current[Symbol.dispose]();
  folder[Symbol.dispose]();
});

const at = (path: string) => join(checkout, path);

/** What the image of the whole checkout is known by. */
async function keyOf(): Promise<string> {
  const source = { kind: 'rootfs', path: '.' } as const;
  return (await resolveRootfs(current.run, source, checkout, 'the head image', 0)).key;
}

/** The key that a gate's image has, and then its records. */
async function gate(outputDir: string): Promise<string> {
  checkOutputDir(outputDir);
  const key = await withRecordsAside(current.run, outputDir, [checkout], keyOf);
  mkdirSync(outputDir, { recursive: true });
  for (const name of recordNames) writeText(outputDir, name, `${Math.random()}`);
  return key;
}

describe('records of an earlier run', () => {
  it.each(['snapgate-report', 'new/deep/report', 'out', '.'])(
    'in %s get into no image of the same tree',
    async (outputDir) => {
      const tree = await keyOf();
      expect([await gate(at(outputDir)), await gate(at(outputDir))]).toEqual([tree, tree]);
      expect(await keyOf()).not.toBe(tree);
      expect(readdirSync(at(outputDir))).toEqual(expect.arrayContaining([...recordNames]));
    },
  );

  it('are back when the build is over, with all else that was there', async () => {
    writeFiles(at('out'), { 'report.md': 'old', 'mine.txt': 'mine' });
    const seen = await withRecordsAside(current.run, at('out'), [checkout], async () =>
      readdirSync(at('out')),
    );
    expect(seen.toSorted()).toEqual(['guest.conf', 'mine.txt']);
    expect(readdirSync(at('out')).toSorted()).toEqual(['guest.conf', 'mine.txt', 'report.md']);
    expect(readFileSync(at('out/report.md'), 'utf8')).toBe('old');
  });

  it('are back after a build that failed', async () => {
    writeFiles(at('snapgate-report'), { 'report.md': 'old' });
    const failed = withRecordsAside(current.run, at('snapgate-report'), [checkout], async () => {
      expect(existsSync(at('snapgate-report'))).toBe(false);
      throw new Error('no build');
    });
    await expect(failed).rejects.toThrow('no build');
    expect(readFileSync(at('snapgate-report/report.md'), 'utf8')).toBe('old');
  });

  it('are put back by whoever closes a run that was killed', async () => {
    writeFiles(at('snapgate-report'), { 'report.md': 'old' });
    await withRecordsAside(current.run, at('snapgate-report'), [checkout], async () => {
      closeRun(current.run.dir);
      expect(readFileSync(at('snapgate-report/report.md'), 'utf8')).toBe('old');
    });
    expect(readdirSync(at('snapgate-report'))).toEqual(['report.md']);
  });

  it('do not take the place of what a build has written', async () => {
    writeFiles(at('out'), { 'report.md': 'old' });
    await withRecordsAside(current.run, at('out'), [checkout], async () =>
      writeFiles(at('out'), { 'report.md': 'built' }),
    );
    expect(readFileSync(at('out/report.md'), 'utf8')).toBe('built');
  });

  it('outside of every checkout stay where they are', async () => {
    const elsewhere = join(folder.path, 'checkout-reports');
    writeFiles(elsewhere, { 'report.md': 'old' });
    await withRecordsAside(current.run, elsewhere, [checkout], async () =>
      expect(readdirSync(elsewhere)).toEqual(['report.md']),
    );
  });

  it('are found where the checkout is given by a symlink', async () => {
    const link = join(folder.path, 'link');
    symlinkSync(checkout, link);
    writeFiles(at('out'), { 'report.md': 'old' });
    await withRecordsAside(current.run, join(link, 'out'), [checkout], async () =>
      expect(readdirSync(at('out'))).toEqual(['guest.conf']),
    );
  });
});
