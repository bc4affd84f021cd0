import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { readConfig } from '../src/config/config.ts';
import type { Config } from '../src/config/types.ts';
import { SnapgateError } from '../src/host/error.ts';
import { mustRun } from '../src/host/process.ts';
import type { Run } from '../src/host/run.ts';
import type { Image } from '../src/image/types.ts';
import { openEngine, type ProbedEngine } from '../src/job/engine.ts';
import { buildSide } from '../src/job/side.ts';
import { measureSides } from '../src/measure/measure.ts';
import type { Measurement } from '../src/measure/record.ts';
import { debianRootfs } from '../test/fixtures/debian.ts';
import type { Bench, BenchResult } from './bench.ts';

/** What boots are recorded with. */
interface Protocol {
  readonly inputs: Readonly<Record<string, string>>;
  /** A snapgate.yml. */
  readonly file: string;
}

/**
 * `default` has what every gate has. `work` is a python3 process and a second of idling: long enough for a service that dirties so many pages
 * a second to show, and as steady as a sandbox at work. `leak` tells the service that leaks to do so.
 */
const protocols: Readonly<Record<string, Protocol>> = {
  default: { inputs: { scenarios: 'all' }, file: '' },
  work: {
    inputs: { scenarios: 'pause,work' },
    file: 'scenarios:\n  work:\n    run: python3 -c 0\n    settle: 1s\n',
  },
  leak: {
    inputs: { scenarios: 'request', cycles: '80' },
    file: 'scenarios:\n  request:\n    run: echo x >/run/dirty\n    settle: 200ms\n',
  },
};

/** The rootfs of a guest: `debian`, `debian+rate-N`, `debian+leak-N`, `journald`. */
async function rootfsOf(run: Run, guest: string): Promise<string> {
  if (guest === 'journald') return await journaldRootfs(run);
  const tar = await debianRootfs();
  if (guest === 'debian') return tar;
  const [, kind, number] = /^debian\+(rate|leak)-([0-9]+)$/.exec(guest) ?? [];
  if (kind === undefined || number === undefined)
    throw new SnapgateError(
      'usage',
      `no guest ${JSON.stringify(guest)}`,
      'They are debian, debian+rate-N, debian+leak-N and journald.',
    );
  return await withService(run, tar, guest, `${kind} ${number}`);
}

/** The example's build, of a copy of its folder. */
async function journaldRootfs(run: Run): Promise<string> {
  const dir = join(run.dir, 'journald');
  cpSync(join(import.meta.dirname, '../examples/journald'), dir, { recursive: true });
  await mustRun(run, 'sh', ['./build'], { cwd: dir });
  return join(dir, 'rootfs.tar');
}

async function withService(run: Run, tar: string, guest: string, order: string): Promise<string> {
  const dir = join(run.dir, guest);
  cpSync(join(import.meta.dirname, 'guest'), dir, { recursive: true });
  const unit = join(dir, 'etc/systemd/system/dirty.service');
  const wanted = join(dir, 'etc/systemd/system/multi-user.target.wants/dirty.service');
  mkdirSync(dirname(wanted), { recursive: true });
  writeFileSync(unit, `[Service]\nExecStart=/usr/local/bin/dirty ${order}\n`);
  symlinkSync('../dirty.service', wanted);
  const made = join(run.dir, `${guest}.tar`);
  cpSync(tar, made);
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--sort=name'];
  await mustRun(run, 'tar', ['--append', `--file=${made}`, ...owner, '--directory', dir, '.']);
  return made;
}

/** How many boots of which guest, as `debian=40,journald=40`. */
function parseOrder(text: string): ReadonlyMap<string, number> {
  const parts = text.split(',').map((part) => /^([^=]+)=([0-9]+)$/.exec(part));
  return new Map(
    parts.map((part) => {
      const [, guest, boots] = part ?? [];
      if (guest === undefined || boots === undefined) throw usage();
      return [guest, Number(boots)];
    }),
  );
}

function usage(): SnapgateError {
  return new SnapgateError(
    'usage',
    'what to record is not given',
    'Set SNAPGATE_BENCH_BOOTS, such as debian=40,journald=40; SNAPGATE_BENCH_PROTOCOL, one of default, work, leak; and SNAPGATE_BENCH_OUT, the file that boots are added to.',
  );
}

/** Guests in an order in which those of each kind are spread over the whole: a drift of the host hits all alike. */
export function spreadOut(order: ReadonlyMap<string, number>): string[] {
  const placed = [...order].flatMap(([guest, boots], kind) =>
    Array.from({ length: boots }, (_, index) => ({ guest, at: (index + 0.5) / boots, kind })),
  );
  return placed.toSorted((a, b) => a.at - b.at || a.kind - b.kind).map(({ guest }) => guest);
}

interface Recorder {
  readonly run: Run;
  readonly config: Config;
  readonly engine: ProbedEngine;
  readonly images: ReadonlyMap<string, Image>;
  readonly path: string;
}

async function record(run: Run): Promise<BenchResult> {
  const { SNAPGATE_BENCH_BOOTS: text, SNAPGATE_BENCH_PROTOCOL: name, SNAPGATE_BENCH_OUT: path } = process.env;
  const protocol = name === undefined ? undefined : protocols[name];
  if (text === undefined || protocol === undefined || path === undefined) throw usage();
  const order = parseOrder(text);
  const config = readConfig(protocol.inputs, { path: 'snapgate.yml', text: protocol.file });
  const engine = await openEngine(run, config, run.dir);
  const images = new Map<string, Image>();
  for (const guest of order.keys()) images.set(guest, await buildGuest(run, config, engine, guest));
  const recorder = { run, config, engine, images, path };
  const queue = spreadOut(order);
  for (let next = 0; next < queue.length; next += 2)
    await recordBoots(recorder, queue.slice(next, next + 2), `${next + 1} of ${queue.length}`);
  return {
    tables: [],
    notes: [`${queue.length} boots were added to ${path}.`],
    figures: { boots: queue.length },
  };
}

async function buildGuest(run: Run, config: Config, { engine }: ProbedEngine, guest: string): Promise<Image> {
  const rootfs = await rootfsOf(run, guest);
  const inputs = readConfig({ rootfs }, undefined).image;
  return await buildSide(run, config, engine, {
    side: 'head',
    subject: { label: guest },
    inputs,
    checkout: run.dir,
  });
}

/** Two at a time, as a gate on two cores has it. */
async function recordBoots(
  { run, config, engine, images, path }: Recorder,
  guests: readonly string[],
  which: string,
): Promise<void> {
  run.log.info(`boot ${which}: ${guests.join(', ')}`);
  const sides = guests.map((guest, index) => {
    const image = images.get(guest);
    if (image === undefined) throw new Error(`no image of ${guest}`);
    return { side: index === 0 ? ('base' as const) : ('head' as const), subject: { label: guest }, image };
  });
  const measure = { ...config.measure, soloBoots: 1 };
  const measured = await measureSides(run, { ...engine, config: measure, sides, parallel: true });
  for (const measurement of measured) appendBoot(path, measurement, config);
}

function appendBoot(path: string, measurement: Measurement, config: Config): void {
  const { fingerprint, scenarios, subject, boots } = measurement;
  const head = {
    schema: 'snapgate/boots',
    version: 1,
    fingerprint,
    scenarios,
    warmup: config.measure.warmup,
  };
  const first = JSON.stringify(head);
  if (!existsSync(path)) writeFileSync(path, `${first}\n`);
  const [there] = readFileSync(path, 'utf8').split('\n');
  if (there !== first)
    throw new SnapgateError(
      'record',
      `${path} is of other conditions than this machine's`,
      'Name another file in SNAPGATE_BENCH_OUT.',
    );
  for (const { startedAt, readyMs, samples } of boots) {
    const writtenPages: Record<string, number[]> = {};
    for (const { scenario, metrics } of samples) {
      const pages = (metrics['memfile.writtenBytes'] ?? Number.NaN) / 4096;
      writtenPages[scenario] = [...(writtenPages[scenario] ?? []), pages];
    }
    const line = { image: subject.label, startedAt, readyMs: Math.round(readyMs), writtenPages };
    appendFileSync(path, `${JSON.stringify(line)}\n`);
  }
}

export const boots: Bench = {
  about: 'records boots of real guests, for the benches that need them (SNAPGATE_BENCH_BOOTS, …)',
  run: record,
};
