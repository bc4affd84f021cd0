import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeRun, openRun } from '../../src/host/cleanup.ts';
import type { Run } from '../../src/host/run.ts';
import { cached, claimEntry, isUsedByOthers } from '../../src/image/cache.ts';
import { temporaryFolder } from '../baseline/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
let runs: Run[];
let content: string;

beforeEach(() => {
  folder = temporaryFolder();
  runs = [];
  content = join(folder.path, 'cache/content');
});
afterEach(() => {
  for (const { dir } of runs) closeRun(dir);
  folder[Symbol.dispose]();
});

function newRun(): Run {
  const log = { info: () => {}, warning: () => {}, detail: () => {} };
  const work = join(folder.path, 'work');
  const run = openRun(work, join(folder.path, 'cache'), log, new AbortController().signal);
  runs.push(run);
  return run;
}

function end(run: Run): void {
  closeRun(run.dir);
}

const entryBytes = 64 * 1024;

/** Makes (or finds) the entry `key`, of 64 KiB; whether it was made. */
async function use(run: Run, key: string, limitBytes = 1024 ** 3): Promise<boolean> {
  let isMade = false;
  const dir = await cached(run, { kind: 'rootfs', key, limitBytes }, async (temporary) => {
    isMade = true;
    writeFileSync(join(temporary, 'disk'), key.padEnd(entryBytes, '.'));
  });
  expect(dir).toBe(join(content, `rootfs-${key}`));
  expect(readFileSync(join(dir, 'disk'), 'utf8')).toBe(key.padEnd(entryBytes, '.'));
  return isMade;
}

/** As if the entries had been used an hour apart, the first one the longest ago. */
function lastUsed(...keys: string[]): void {
  keys.forEach((key, index) => {
    const time = Date.now() / 1000 - (keys.length - index) * 3600;
    utimesSync(join(content, `rootfs-${key}`), time, time);
  });
}

function entries(): string[] {
  return readdirSync(content)
    .filter((name) => name !== 'users')
    .sort();
}

test('an entry is made once, is read-only, and is there for later runs', async () => {
  const first = newRun();
  expect(await use(first, 'a')).toBe(true);
  expect(await use(first, 'a')).toBe(false);
  end(first);
  expect(await use(newRun(), 'a')).toBe(false);
  expect(statSync(join(content, 'rootfs-a/disk')).mode & 0o777).toBe(0o444);
});

describe('the limit', () => {
  const limit = 3.5 * entryBytes;

  test('what was used longest ago goes first', async () => {
    const maker = newRun();
    for (const key of ['a', 'b', 'c']) await use(maker, key);
    end(maker);
    lastUsed('b', 'a', 'c');
    await use(newRun(), 'd', limit);
    expect(entries()).toEqual(['rootfs-a', 'rootfs-c', 'rootfs-d']);
  });

  test('finding an entry is using it', async () => {
    const maker = newRun();
    for (const key of ['a', 'b', 'c']) await use(maker, key);
    lastUsed('a', 'b', 'c');
    await use(maker, 'a');
    end(maker);
    await use(newRun(), 'd', limit);
    expect(entries()).toEqual(['rootfs-a', 'rootfs-c', 'rootfs-d']);
  });

  test('an entry that a live run uses stays, be it the oldest, and past the limit', async () => {
    const maker = newRun();
    for (const key of ['a', 'b', 'c']) await use(maker, key);
    end(maker);
    lastUsed('a', 'b', 'c');
    const holder = newRun();
    claimEntry(holder, 'rootfs-a');
    const next = newRun();
    await use(next, 'd', limit);
    expect(entries()).toEqual(['rootfs-a', 'rootfs-c', 'rootfs-d']);
    await use(next, 'e', 1);
    expect(entries()).toEqual(['rootfs-a', 'rootfs-d', 'rootfs-e']);
    end(holder);
    await use(next, 'f', 1);
    expect(entries()).toEqual(['rootfs-d', 'rootfs-e', 'rootfs-f']);
  });

  test('holes take nothing', async () => {
    const run = newRun();
    await use(run, 'a');
    await cached(run, { kind: 'rootfs', key: 'sparse', limitBytes: limit }, async (dir) => {
      writeFileSync(join(dir, 'disk'), 'x');
      truncateSync(join(dir, 'disk'), 1024 ** 4);
    });
    end(run);
    await use(newRun(), 'b', limit);
    expect(entries()).toEqual(['rootfs-a', 'rootfs-b', 'rootfs-sparse']);
  });
});

describe('several runs at once', () => {
  test('both that make one entry succeed, and one stays', async () => {
    const order: string[] = [];
    const slow = (run: Run, name: string) =>
      cached(run, { kind: 'rootfs', key: 'a', limitBytes: 1024 ** 3 }, async (dir) => {
        order.push(`${name} starts`);
        await wait(30);
        writeFileSync(join(dir, 'disk'), 'the same');
        order.push(`${name} ends`);
      });
    const [one, other] = await Promise.all([slow(newRun(), 'one'), slow(newRun(), 'other')]);
    expect(order).toEqual(['one starts', 'other starts', 'one ends', 'other ends']);
    expect(one).toBe(other);
    expect(entries()).toEqual(['rootfs-a']);
    expect(readFileSync(join(one, 'disk'), 'utf8')).toBe('the same');
  });

  test('any number of them, with hardly any room, always have what they asked for', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(
      keys.map(async (_, index) => {
        const run = newRun();
        for (let turn = 0; turn < 10; turn += 1) {
          await use(run, keys[(index + turn) % keys.length] ?? 'a', entryBytes);
          await wait(1);
        }
      }),
    );
    expect(entries().every((name) => !name.startsWith('tmp-'))).toBe(true);
  });

  test('a claim counts for others until its run ends', () => {
    const [one, other] = [newRun(), newRun()];
    claimEntry(one, 'buildah');
    expect(isUsedByOthers(one, 'buildah')).toBe(false);
    expect(isUsedByOthers(other, 'buildah')).toBe(true);
    end(one);
    expect(isUsedByOthers(other, 'buildah')).toBe(false);
  });
});

describe('nothing half-made stays', () => {
  test('of a making that fails', async () => {
    const run = newRun();
    const making = cached(run, { kind: 'rootfs', key: 'a', limitBytes: 1 }, async (dir) => {
      writeFileSync(join(dir, 'disk'), 'half');
      throw new Error('no');
    });
    await expect(making).rejects.toThrow('no');
    expect(entries()).toEqual([]);
    expect(await use(run, 'a')).toBe(true);
  });

  test('of a run that ends in the middle of it', async () => {
    const run = newRun();
    const making = cached(run, { kind: 'rootfs', key: 'a', limitBytes: 1 }, async (dir) => {
      writeFileSync(join(dir, 'disk'), 'half');
      await wait(50);
      writeFileSync(join(dir, 'disk'), 'whole');
    });
    const ended = expect(making).rejects.toThrow();
    end(run);
    await ended;
    expect(entries()).toEqual([]);
    expect(readdirSync(join(content, 'users'))).toEqual([]);
  });

  test('of a run whose ledger was lost, after a week', async () => {
    const old = Date.now() / 1000 - 8 * 24 * 3600;
    for (const name of ['tmp-dead-1', 'users/dead']) {
      mkdirSync(join(content, name), { recursive: true });
      writeFileSync(join(content, name, 'rootfs-a'), 'x');
      utimesSync(join(content, name), old, old);
    }
    mkdirSync(join(content, 'tmp-alive-1'));
    const run = newRun();
    await use(run, 'a', 1);
    await use(run, 'b', 1);
    end(run);
    await use(newRun(), 'c', 1);
    expect(entries()).toEqual(['rootfs-c', 'tmp-alive-1']);
    expect(existsSync(join(content, 'users/dead'))).toBe(false);
  });
});
