import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HistoryEntry } from '../../src/baseline/history.ts';
import type { BaselineStore, StoreQuery } from '../../src/baseline/store.ts';
import type { ImageSide } from '../../src/baseline/types.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Engine } from '../../src/engine/contract.ts';
import type { ProbedEngine } from '../../src/job/engine.ts';
import { measurePair } from '../../src/job/measure-pair.ts';
import { openTestRun } from '../baseline/test-run.ts';
import { commitOf, historyOfAll, storedMeasurements } from '../gate/stored-history.ts';
import { countingEngine } from '../measure/counting-engine.ts';

const [headCommit, baseCommit] = [commitOf(900), commitOf(901)];

/** A fake of an engine that builds guests of its own, each other bytes than the last, whose cycles dirty as much every time. */
function fakeEngine(): ProbedEngine {
  let built = 0;
  const counting = countingEngine().engine;
  const engine: Engine = {
    ...counting,
    build: async () => {
      built += 1;
      return {
        kind: 'built',
        builder: 'fake',
        checkout: '/none',
        sha256: String(built).repeat(64),
        rootfs: undefined,
      };
    },
    cycle: async (parent) => ({ next: parent, metrics: { 'memfile.writtenBytes': 4096 * 800 }, cycleMs: 1 }),
  };
  const identity = {
    engine: 'fake',
    version: '1',
    accelerator: 'unknown' as const,
    machine: 'none',
  };
  return { engine, identity, report: { ok: true, checks: [], identity, fallback: undefined } };
}

/** A fake of a store that has one branch's history. */
function storeOf(entries: readonly HistoryEntry[]): { store: BaselineStore; asked: [string, StoreQuery][] } {
  const asked: [string, StoreQuery][] = [];
  const store: BaselineStore = {
    name: 'a fake',
    ofCommit: async () => ({ kind: 'none' }),
    latest: async () => ({ kind: 'none' }),
    history: async (branch, query) => {
      asked.push([branch, query]);
      return entries;
    },
    save: async () => {},
  };
  return { store, asked };
}

const noisy = historyOfAll(storedMeasurements({ commits: 40, seed: 2, betweenBoots: 0.03 }));

function sideOf(commit: string): ImageSide {
  return {
    kind: 'image',
    subject: { label: commit.slice(-3), commit },
    inputs: undefined,
    checkout: tmpdir(),
  };
}

async function measure(inputs: Readonly<Record<string, string>>, entries = noisy, keepsHead = false) {
  const dir = mkdtempSync(join(tmpdir(), 'snapgate-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  using run = openTestRun(dir);
  const { store, asked } = storeOf(entries);
  const config = readConfig(
    { 'memory-size': '64MiB', scenarios: 'idle-2s', cycles: '1', 'min-growth': '1B', ...inputs },
    undefined,
  );
  const base = sideOf(baseCommit);
  const request = {
    config: { ...config, outputDir: join(dir, 'out') },
    checkout: dir,
    head: sideOf(headCommit),
    base,
    storage: { store, measuringSha256: '1'.repeat(64) },
    branch: 'main',
    decides: true,
    keepsHead,
  };
  const pair = await measurePair(run.run, request, fakeEngine(), { base, notes: [] });
  return { pair, asked, infos: run.infos };
}

describe('a gate of an image whose history is stored', () => {
  test('looks when the image usually can be decided on, and its records say so', async () => {
    const { pair, asked, infos } = await measure({});
    const [, needed = ''] = infos.flatMap(
      (line) => /^this image usually needs (\d+) pairs of boots: .* of branch main\)$/.exec(line) ?? [],
    );
    expect(Number(needed)).toBeGreaterThan(2);
    expect(pair.head.boots).toHaveLength(Number(needed));
    expect(pair.base?.boots).toHaveLength(Number(needed));
    expect(pair.head.plan).toEqual({ leastBoots: Number(needed), mostBoots: 10 });
    expect(asked).toMatchObject([
      ['main', { measuringSha256: '1'.repeat(64), fingerprint: { engine: 'fake' } }],
    ]);
    expect(pair.notes).toEqual([]);
  });

  test('says what would do where the most boots will not', async () => {
    const { pair } = await measure({ 'max-boots': '3' });
    expect(pair.head.plan).toEqual({ leastBoots: 2, mostBoots: 3 });
    expect(pair.notes).toEqual([
      expect.stringMatching(/^max-boots of 3 will often not do: .*; max-boots of \d+, or/),
    ]);
  });

  test.each([
    ['that were named', { boots: '2', 'max-boots': '10' }, noisy, 2],
    ['as ever where little is stored', {}, noisy.slice(0, 9), 2],
  ])('has the boots %s', async (_, inputs, entries, boots) => {
    const { pair } = await measure(inputs, entries);
    expect(pair.head.plan).toEqual({ leastBoots: boots, mostBoots: 10 });
    expect(pair.head.boots).toHaveLength(boots);
  });

  test('keeps a baseline of the boots of one', async () => {
    const { pair } = await measure({}, noisy.slice(0, 9), true);
    expect(pair.head.plan?.leastBoots).toBe(5);
  });
});
