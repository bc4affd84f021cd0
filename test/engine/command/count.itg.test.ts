import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { leftDirOf } from '../../../src/engine/command/snapshot.ts';
import { type CommandBench, guest, openCommandBench, pause } from './bench.ts';

let bench: CommandBench;
beforeEach(() => {
  bench = openCommandBench();
});
afterEach(() => bench[Symbol.dispose]());

const pageBytes = 4096;
const memory = randomBytes(guest.memoryBytes);
const disk = Buffer.alloc(16 * pageBytes, 7);

/** What a cycle does to the memory and the disk of a guest that the test plays: pages by number, with their new content. */
interface Writes {
  readonly memory: ReadonlyMap<number, Buffer>;
  readonly disk: ReadonlyMap<number, Buffer>;
}

const filled = (byte: number) => Buffer.alloc(pageBytes, byte);
/** Three pages in two blocks of 2 MiB would need more memory than this guest has: all of it is one block. */
const hugeBytes = 2 * 1024 * 1024;

/** The files that a cycle's pause-command copies: the test has them ready, whole or as diffs with holes. */
function layOut(bench: CommandBench, name: string, writes: Writes, sparse: boolean): void {
  const dir = join(bench.checkout, name);
  mkdirSync(dir);
  for (const [file, content, pages] of [
    ['memfile', memory, writes.memory],
    ['rootfs', disk, writes.disk],
  ] as const) {
    const image = sparse ? Buffer.alloc(content.length) : Buffer.from(content);
    for (const [page, bytes] of pages) bytes.copy(image, page * pageBytes);
    writeFileSync(join(dir, `${file}.all`), image);
    const seeks = [...pages.keys()].map(
      (page) =>
        `dd if="$1/${file}.all" of="$2/${file}" bs=4096 count=1 skip=${page} seek=${page} conv=notrunc status=none`,
    );
    const script = sparse
      ? [`truncate -s ${content.length} "$2/${file}"`, ...seeks]
      : [`cp "$1/${file}.all" "$2/${file}"`];
    writeFileSync(join(dir, `${file}.sh`), `${script.join('\n')}\n`);
  }
}

const commands = {
  prepare: 'cp base/memfile base/rootfs "$SNAPGATE_OUT"',
  resume:
    'cmp "$SNAPGATE_PARENT_MEMFILE" "expected/memfile"; cmp "$SNAPGATE_PARENT_ROOTFS" "expected/rootfs"',
  pause:
    'for file in memfile rootfs; do sh "$SNAPGATE_SCENARIO/$file.sh" "$SNAPGATE_SCENARIO" "$SNAPGATE_OUT"; done',
  rootfsFile: 'rootfs',
} as const;

function writeBase(): void {
  for (const folder of ['base', 'expected']) {
    mkdirSync(join(bench.checkout, folder));
    writeFileSync(join(bench.checkout, folder, 'memfile'), memory);
    writeFileSync(join(bench.checkout, folder, 'rootfs'), disk);
  }
}

/** What the next cycle's resume-command must find in the files that it is told of. */
function expectWhole(writes: Writes): void {
  const of = (content: Buffer, pages: ReadonlyMap<number, Buffer>) => {
    for (const [page, bytes] of pages) bytes.copy(content, page * pageBytes);
    return content;
  };
  const write = (name: string, pages: ReadonlyMap<number, Buffer>) => {
    const path = join(bench.checkout, 'expected', name);
    writeFileSync(path, of(readFileSync(path), pages));
  };
  write('memfile', writes.memory);
  write('rootfs', writes.disk);
}

const writes: Writes = {
  memory: new Map([
    [0, filled(1)],
    [7, filled(0)],
    [8, randomBytes(pageBytes)],
    [255, filled(3)],
    // Written and left the same.
    [100, memory.subarray(100 * pageBytes, 101 * pageBytes)],
  ]),
  disk: new Map([
    [3, filled(9)],
    [15, filled(7)],
  ]),
};

it('raw: what changed, to the page, and nothing of what was written', async () => {
  writeBase();
  layOut(bench, 'some', writes, false);
  const engine = bench.engine(commands);
  const { snapshot } = await bench.boot(engine);
  const { metrics, next } = await engine.cycle(snapshot, { ...pause, name: 'some' }, { advance: true });
  const { resumeMs, pauseMs, 'memfile.compressedBytes': compressed = 0, ...counts } = metrics;
  expect(counts).toEqual({
    'memfile.changedBytes': 4 * pageBytes,
    'memfile.zeroedBytes': pageBytes,
    'rootfs.writtenBytes': pageBytes,
  });
  expect(resumeMs).toBeGreaterThan(0);
  expect(pauseMs).toBeGreaterThan(0);
  // One of the three is random, the others are one byte each.
  expect(compressed).toBeGreaterThan(pageBytes);
  expect(compressed).toBeLessThan(pageBytes + 200);
  expectWhole(writes);
  const again = await engine.cycle(next, { ...pause, name: 'some' }, { advance: true });
  expect(again.metrics).toMatchObject({ 'memfile.changedBytes': 0, 'rootfs.writtenBytes': 0 });
  expect(again.notes).toEqual([expect.stringMatching(/^a cycle of some changed nothing/)]);
});

it('sparse-diff: what was written and what of it changed, and the parent is handed on whole', async () => {
  writeBase();
  layOut(bench, 'some', writes, true);
  const engine = bench.engine({ ...commands, format: 'sparse-diff' });
  const { snapshot } = await bench.boot(engine);
  const { metrics, next } = await engine.cycle(snapshot, { ...pause, name: 'some' }, { advance: true });
  expect(metrics).toMatchObject({
    'memfile.writtenBytes': 5 * pageBytes,
    'memfile.changedBytes': 4 * pageBytes,
    'memfile.zeroedBytes': pageBytes,
    'memfile.hugeBytes': hugeBytes,
    'rootfs.writtenBytes': 2 * pageBytes,
  });
  expectWhole(writes);
  const again = await engine.cycle(next, { ...pause, name: 'some' }, { advance: true });
  expect(again.metrics).toMatchObject({
    'memfile.writtenBytes': 5 * pageBytes,
    'memfile.changedBytes': 0,
    'rootfs.writtenBytes': 2 * pageBytes,
  });
});

it.each(['raw', 'sparse-diff'] as const)(
  '%s: a fork and a cycle that does not advance leave the parent',
  async (format) => {
    writeBase();
    layOut(bench, 'some', writes, format !== 'raw');
    const engine = bench.engine({ ...commands, format });
    const { snapshot } = await bench.boot(engine);
    const dir = join(bench.test.run.dir, 'fork');
    mkdirSync(dir);
    const fork = await engine.fork(snapshot, dir);
    const some = { ...pause, name: 'some' };
    const first = await engine.cycle(fork, some, { advance: false });
    expect(first.next).toBe(fork);
    // Whose resume-command finds what it was before.
    const second = await engine.cycle(fork, some, { advance: true });
    expect(second.metrics['memfile.changedBytes']).toBe(4 * pageBytes);
    const ofBase = await engine.cycle(snapshot, some, { advance: false });
    expect(ofBase.metrics['memfile.changedBytes']).toBe(4 * pageBytes);
    expect(readFileSync(join(leftDirOf(snapshot), 'memfile')).equals(memory)).toBe(true);
  },
);

it('what a scenario does in the guest is not the time of the machine', async () => {
  writeBase();
  layOut(bench, 'some', writes, false);
  const engine = bench.engine(commands);
  const { snapshot } = await bench.boot(engine);
  const busy = { ...pause, name: 'some', run: 'true', check: 'true' };
  const { metrics } = await engine.cycle(snapshot, busy, { advance: true });
  expect([metrics.resumeMs, metrics.pauseMs]).toEqual([undefined, undefined]);
});
