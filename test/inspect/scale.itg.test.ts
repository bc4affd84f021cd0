import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { inspectionSchema } from '../../src/inspect/record.ts';

const folder = mkdtempSync('/var/tmp/snapgate-inspect-');
afterAll(() => rmSync(folder, { recursive: true }));

const mebi = 1024 ** 2;
const lengthBytes = 8 * 1024 * mebi;
const dataBytes = 100 * mebi;

/** 100 MiB in pieces of 64 KiB all over 8 GiB, where the pieces of two files are the same but for every tenth. */
function writeFar(name: string, seed: number): void {
  const file = openSync(join(folder, name), 'w');
  const pieceBytes = 64 * 1024;
  const pieces = dataBytes / pieceBytes;
  for (let piece = 0; piece < pieces; piece += 1) {
    const content = Buffer.alloc(pieceBytes);
    const own = piece % 10 === 0 ? seed : 0;
    for (let at = 0; at < pieceBytes; at += 4)
      content.writeUInt32LE(Math.imul(piece * 16384 + at + own, 0x9e3779b1) >>> 0, at);
    writeSync(
      file,
      content,
      0,
      pieceBytes,
      piece * Math.floor(lengthBytes / pieces / pieceBytes) * pieceBytes,
    );
  }
  ftruncateSync(file, lengthBytes);
  closeSync(file);
}

/** Tells at its end what the process has read, its children included (proc(5)), and the most memory that it had. */
const meter = join(folder, 'meter.mjs');
writeFileSync(
  meter,
  `import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('exit', () => writeFileSync(process.env.METER, JSON.stringify({
  readBytes: Number(/^rchar: (\\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))[1]),
  peakBytes: Number(/^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024,
})));
`,
);

interface Cost {
  readonly readBytes: number;
  readonly peakBytes: number;
}

/** Runs the command line in a process of its own. */
function inspect(...argv: string[]) {
  const cli = join(import.meta.dirname, '../../src/cli.ts');
  const figures = join(folder, 'figures.json');
  const stdout = execFileSync(process.execPath, ['--import', meter, cli, 'inspect', ...argv, '--json'], {
    cwd: folder,
    env: { ...process.env, METER: figures, TMPDIR: folder },
    encoding: 'utf8',
  });
  const cost: Cost = JSON.parse(readFileSync(figures, 'utf8'));
  return { cost, items: inspectionSchema.parse(JSON.parse(stdout)).items };
}

/** Of node itself, its modules, and tar. */
const overheadBytes = 48 * mebi;

describe('100 MiB of data in 8 GiB', () => {
  writeFar('one', 1);
  writeFar('two', 2);

  test.each<[string, readonly string[], number]>([
    ['an image is read once', ['one'], 1],
    // Each alone, both together, and what changed of the second.
    ['a pair is read twice, and its changes once more', ['one', 'two'], 4.1],
    ['a Diff and its parent are read once', ['two', '--parent', 'one'], 2],
  ])('%s, in memory that does not grow with the file', (_, argv, times) => {
    const { cost, items } = inspect(...argv);
    expect(cost.readBytes).toBeGreaterThan(times * dataBytes);
    expect(cost.readBytes).toBeLessThan(times * dataBytes + overheadBytes);
    expect(cost.peakBytes).toBeLessThan(320 * mebi);
    const tenth = dataBytes / 10;
    for (const item of items) {
      if (item.kind === 'image') expect(item).toMatchObject({ dataBytes, lengthBytes });
      if (item.kind === 'comparison') expect(item.blocks[0]).toMatchObject({ changedBytes: tenth });
      if (item.kind === 'diff')
        expect(item).toMatchObject({
          writtenBytes: dataBytes,
          blocks: [{ changedBytes: tenth }, {}, {}, {}],
        });
    }
  });
});
