import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, runCommand } from '../src/host/process.ts';
import type { Run } from '../src/host/run.ts';
import { formatBytes } from '../src/host/units.ts';
import { comparePages } from '../src/pages/compare-files.ts';
import { seededRandom } from '../test/stats/random.ts';
import type { Bench, BenchResult } from './bench.ts';
import { formatTimes, medianMs, timed } from './timing.ts';

const pageBytes = 4096;
const mebi = 1024 ** 2;

/** How much is compared. */
export interface WholeImageExtent {
  /** Of each file: a multiple of a MiB. */
  readonly bytes: number;
  readonly differingPages: number;
  readonly repetitions: number;
}

/** The whole-image comparison against what every machine has. */
export const wholeImage: Bench = {
  about: 'two memory files from end to end, against cmp -l, cmp and cat',
  run: (run) => measureComparison(run, { bytes: 2048 * mebi, differingPages: 4000, repetitions: 9 }),
};

export async function measureComparison(run: Run, extent: WholeImageExtent): Promise<BenchResult> {
  const dir = mkdtempSync(join(run.dir, 'bench-'));
  try {
    run.log.info(`two files of ${formatBytes(extent.bytes)}, ${extent.differingPages} pages of which differ`);
    const before = join(dir, 'before');
    const after = join(dir, 'after');
    const last = join(dir, 'last');
    writeNoise(before, extent.bytes);
    for (const copy of [after, last]) copyFileSync(before, copy);
    const differing = changePages(after, extent);
    changeLastByte(last, extent.bytes);
    const ways: Record<WayName, Way> = {
      ours: () => ourComparison(run, before, after, differing),
      cmpList: () => cmpList(run, before, after, differing),
      cmp: () => cmpToTheEnd(run, before, last, extent.bytes),
      cat: async () => void (await shell(run, 'cat "$1" "$2" >/dev/null', before, after)),
    };
    return resultOf(await alternated(run, ways, extent.repetitions), extent);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const wayNames = ['ours', 'cmp', 'cat', 'cmpList'] as const;
type WayName = (typeof wayNames)[number];
type Way = () => Promise<void>;
type Rounds = Readonly<Record<WayName, readonly number[]>>;

/** One after another, again and again, so that a slow minute of the machine is everybody's. The first round warms the page cache. */
async function alternated(run: Run, ways: Record<WayName, Way>, repetitions: number): Promise<Rounds> {
  const times: Record<WayName, number[]> = { ours: [], cmpList: [], cmp: [], cat: [] };
  for (let round = 0; round <= repetitions; round += 1) {
    run.log.info(round === 0 ? 'warming up' : `round ${round} of ${repetitions}`);
    for (const name of wayNames) {
      const { ms } = await timed(ways[name]);
      if (round > 0) times[name].push(ms);
    }
  }
  return times;
}

/** It must be right, too. */
async function ourComparison(run: Run, before: string, after: string, differing: Differing): Promise<void> {
  const { changed } = await comparePages(run, before, after);
  if (changed.length !== differing.pages)
    throw new Error(`${changed.length} pages differ, not ${differing.pages}`);
}

async function cmpList(run: Run, before: string, after: string, differing: Differing): Promise<void> {
  const lines = Number(await shell(run, 'cmp -l "$1" "$2" | wc -l', before, after));
  if (lines !== differing.bytes) throw new Error(`cmp -l lists ${lines} bytes, not ${differing.bytes}`);
}

/** cmp ends at the first difference: here the last byte. */
async function cmpToTheEnd(run: Run, before: string, last: string, bytes: number): Promise<void> {
  const { code, stdout } = await runCommand(run, 'cmp', [before, last], { env: { LC_ALL: 'C' } });
  if (code !== 1 || !stdout.includes(` ${bytes},`)) throw new Error(`cmp said: ${stdout}`);
}

/** No string of anybody's is in the script. */
async function shell(run: Run, script: string, ...files: readonly string[]): Promise<string> {
  return await mustRun(run, 'sh', ['-c', script, 'sh', ...files], { timeoutMs: 600_000 });
}

/** All of it is written: no holes, and nothing that a file system could compress or find twice. */
function writeNoise(path: string, bytes: number): void {
  const words = new Uint32Array(mebi / 4);
  const file = openSync(path, 'w');
  let word = 2_463_534_242;
  for (let at = 0; at < bytes; at += mebi) {
    for (let index = 0; index < words.length; index += 1) {
      // xorshift32 of Marsaglia, "Xorshift RNGs", 2003.
      word ^= word << 13;
      word ^= word >>> 17;
      word ^= word << 5;
      words[index] = word;
    }
    writeSync(file, words);
  }
  closeSync(file);
}

interface Differing {
  readonly pages: number;
  readonly bytes: number;
}

/** Scattered pages: half of them cleared, the others changed by a byte. */
function changePages(path: string, { bytes, differingPages }: WholeImageExtent): Differing {
  const random = seededRandom(11);
  const pages = new Set<number>();
  while (pages.size < differingPages) pages.add(Math.floor((random() * bytes) / pageBytes));
  const file = openSync(path, 'r+');
  const page = Buffer.alloc(pageBytes);
  let differing = 0;
  for (const [index, number] of [...pages].entries()) {
    readSync(file, page, 0, pageBytes, number * pageBytes);
    if (index % 2 === 0) {
      differing += page.reduce((count, byte) => count + (byte === 0 ? 0 : 1), 0);
      page.fill(0);
    } else {
      differing += 1;
      page.writeUInt8(page.readUInt8(index % pageBytes) ^ 1, index % pageBytes);
    }
    writeSync(file, page, 0, pageBytes, number * pageBytes);
  }
  closeSync(file);
  return { pages: pages.size, bytes: differing };
}

function changeLastByte(path: string, bytes: number): void {
  const byte = Buffer.alloc(1);
  const file = openSync(path, 'r+');
  readSync(file, byte, 0, 1, bytes - 1);
  byte.writeUInt8(byte.readUInt8(0) ^ 1);
  writeSync(file, byte, 0, 1, bytes - 1);
  closeSync(file);
}

function resultOf(rounds: Rounds, { bytes, differingPages }: WholeImageExtent): BenchResult {
  const row = (what: string, name: WayName) => [
    what,
    formatTimes(rounds[name]),
    (medianMs(rounds[name]) / medianMs(rounds.ours)).toFixed(2),
  ];
  return {
    tables: [
      {
        title: `Two files of ${formatBytes(bytes)}, ${differingPages} pages of which differ, ms`,
        columns: ['', 'time', '÷ snapgate'],
        rows: [
          row('snapgate, at four block sizes, and which pages', 'ours'),
          row('cmp -l, counted', 'cmpList'),
          row('cmp, of files that differ in the last byte', 'cmp'),
          row('cat to /dev/null', 'cat'),
        ],
      },
    ],
    notes: [
      'Medians, with the quartiles in brackets. All files are in the page cache, written whole, of pseudo-random content; the ways take turns.',
      'cmp ends at the first difference, so that its two files differ in the last byte alone. Half of the pages that cmp -l lists are cleared, the others differ by a byte; the fewer bytes it lists, the nearer it comes to cmp.',
    ],
    figures: {
      speedupOverCmpList: ratio(rounds.cmpList, rounds.ours),
      ratioToCmp: ratio(rounds.ours, rounds.cmp),
      ratioToCat: ratio(rounds.ours, rounds.cat),
      oursMs: rounded(medianMs(rounds.ours)),
      cmpListMs: rounded(medianMs(rounds.cmpList)),
      cmpMs: rounded(medianMs(rounds.cmp)),
      catMs: rounded(medianMs(rounds.cat)),
    },
  };
}

function ratio(of: readonly number[], to: readonly number[]): number {
  return rounded(medianMs(of) / medianMs(to));
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
