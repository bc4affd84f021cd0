import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from 'markdown-table';
import { exitCodes, SnapgateError } from '../src/host/error.ts';
import type { Log } from '../src/host/run.ts';
import { withRun } from '../src/host/session.ts';
import type { Bench, BenchResult, Table } from './bench.ts';
import { benches } from './registry.ts';

/** Runs the bench that the arguments name; the exit status. */
async function main(names: readonly string[]): Promise<number> {
  try {
    show(await runBench(findBench(names)));
    return 0;
  } catch (error) {
    if (!(error instanceof SnapgateError)) throw error;
    console.error([error.message, error.remedy, ...(error.details?.lines ?? [])].join('\n'));
    return exitCodes[error.code];
  }
}

function findBench(names: readonly string[]): Bench {
  const [name = ''] = names;
  const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
  if (bench !== undefined && names.length === 1) return bench;
  const list = Object.entries(benches).map(([known, { about }]) => `  ${known}: ${about}`);
  const said = names.length === 0 ? 'no bench named' : `no bench ${JSON.stringify(names.join(' '))}`;
  throw new SnapgateError('usage', said, ['Usage: script/bench NAME, one of', ...list].join('\n'));
}

/** On a disk, as a gate: /tmp is memory on many machines. */
async function runBench(bench: Bench): Promise<BenchResult> {
  const workDir = mkdtempSync(join(process.env['TMPDIR'] ?? '/var/tmp', 'snapgate-bench-'));
  try {
    return await withRun({ workDir, cacheDir: join(workDir, 'cache'), log: progress }, bench.run);
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

const progress: Log = {
  info: (message) => console.error(message),
  warning: (message) => console.error(`warning: ${message}`),
  detail: () => {},
};

function show({ tables, notes, figures }: BenchResult): void {
  for (const table of tables) console.log(`${formatTable(table)}\n`);
  for (const note of notes) console.log(note);
  console.log(JSON.stringify(figures));
}

function formatTable({ title, columns, rows }: Table): string {
  const align = columns.map((_, index) => (index === 0 ? 'l' : 'r'));
  return `${title}\n\n${markdownTable(
    [columns, ...rows].map((row) => [...row]),
    { align },
  )}`;
}

process.exitCode = await main(process.argv.slice(2));
