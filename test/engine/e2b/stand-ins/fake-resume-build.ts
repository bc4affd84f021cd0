/*
 * A stand-in for e2b's resume-build: its flags and their checks as in packages/orchestrator/cmd/resume-build/main.go. What a guest would
 * dirty is worked out from the snapshot and the command; the command itself is only held against bash's grammar.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fatal, needUuid, parseFlags } from './go-flags.ts';
import { buildFolderOf, noteCall, readGuest, storeLayer, storePlainFiles } from './layer-files.ts';

const flags = {
  'from-build': '',
  'to-build': '',
  storage: '.local-build',
  'sandbox-dir': '',
  iterations: 0,
  cold: false,
  'no-prefetch': false,
  'no-egress': false,
  'disable-memfd': false,
  'sync-wp': false,
  'tracker-dirty': false,
  'memfile-diff-dedup': false,
  'in-place': false,
  'defer-memory-export': false,
  v: false,
  console: false,
  firecracker: '',
  cmd: '',
  pause: false,
  'signal-pause': '',
  'cmd-pause': '',
  'cmd-signal-pause': '',
  optimize: false,
  'fs-only': false,
  reboot: false,
  'force-reboot': false,
  shell: false,
  'fph-timeout-ms': 0,
  reclaim: false,
  'collapse-envd-heap': false,
  'fph-bench': false,
};

const args = process.argv.slice(2);
noteCall('resume-build', args);
const given = parseFlags('resume-build', args, flags);
const text = (name: keyof typeof flags) => given.get(name) ?? String(flags[name]);
const on = (name: keyof typeof flags) => ['true', '1', 't'].includes(text(name).toLowerCase());

const fromBuild = text('from-build');
if (fromBuild === '') fatal('-from-build required');
const commands = (['signal-pause', 'cmd-pause', 'cmd-signal-pause'] as const).filter(
  (name) => text(name) !== '',
);
const pauses = commands.length + (on('pause') ? 1 : 0);
if (pauses > 1) fatal('only one of -pause, -signal-pause, -cmd-pause, or -cmd-signal-pause can be specified');
if (text('cmd') !== '' && pauses > 0) fatal('-cmd is incompatible with pause flags');
if (Number(text('iterations')) > 0 && commands.length > 0)
  fatal('-signal-pause, -cmd-pause, and -cmd-signal-pause are incompatible with -iterations');
if (text('to-build') !== '' && pauses === 0)
  fatal('-to-build requires a pause flag (-pause, -signal-pause, -cmd-pause, or -cmd-signal-pause)');
if (on('optimize') && pauses === 0) fatal('-optimize requires a pause flag');
if (on('fs-only') && pauses === 0) fatal('-fs-only requires a pause flag');
if (pauses === 0) fatal('the stand-in has no interactive mode');

const storage = text('storage');
const dataDir = storage.startsWith('gs://') ? '.local-build' : storage;
for (const name of ['kernels', 'templates', 'sandbox', 'orchestrator', 'fc-versions', 'envd'])
  mkdirSync(join(dataDir, name), { recursive: true });

const fail = (message: string): never => {
  process.stderr.write(`Error: ${message}\n`);
  process.exit(1);
};
needUuid(fromBuild, 'Error');
const buildId = text('to-build') || randomUUID();
needUuid(buildId, 'Error');
process.stdout.write(`📦 Loading ${fromBuild}...\n`);
const guest =
  readGuest(storage, fromBuild) ??
  fail(`failed to get template: ${fromBuild}/metadata.json: object does not exist`);
process.stdout.write(
  `   Kernel: ${guest.kernel}, Firecracker: ${guest.firecracker}\n🚀 Starting sandbox...\n`,
);
process.stdout.write('✅ Sandbox resumed in 41.234567ms\n');

const command = text('cmd-pause');
if (command !== '') {
  process.stdout.write(`🔧 Running command: ${command}\n`);
  const parsed = spawnSync('bash', ['-n', '-c', command], { encoding: 'utf8' });
  if (parsed.status !== 0) fail(`command failed: command exited with code 2\n${parsed.stderr}`);
  const status = /exit (\d+)/.exec(command)?.[1];
  if (status !== undefined && status !== '0') {
    process.stdout.write('line that the guest printed\n');
    fail(`command failed: command exited with code ${status}`);
  }
  process.stdout.write('✅ Command completed successfully\n');
}
process.stdout.write(`⏸️  Pausing sandbox (new build: ${buildId})...\n`);
if (process.env['FAKE_FAIL'] === 'hang') await new Promise((resolve) => setTimeout(resolve, 3_600_000));

const seconds = [...command.matchAll(/\bsleep (\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);
const writes = command.includes('bs=64k') ? 16 : 0;
const process3 = command.includes('python3') ? 7 : 0;
// A guest is never quite the same twice.
const jitter = Number.parseInt(buildId.slice(0, 1), 16) % 2;
const dirty = guest.pagesPerCycle + guest.pagesPerSecond * seconds + writes + process3 + jitter;
// Every third page, so that 2 MiB blocks hold pages that stay as they were.
const dirtyPages = Array.from({ length: dirty }, (_, at) => 5 + at * 3);
const layer = { storage, buildId, parentId: fromBuild } as const;
storeLayer({
  ...layer,
  artifact: 'memfile',
  virtualBytes: guest.memoryBytes,
  blockBytes: guest.blockBytes,
  dirtyPages,
  emptyBlocks: [],
});
storeLayer({
  ...layer,
  artifact: 'rootfs.ext4',
  virtualBytes: guest.diskBytes,
  blockBytes: 4096,
  dirtyPages: Array.from({ length: 2 + writes }, (_, at) => 100 + at),
  emptyBlocks: [20],
});
storePlainFiles(storage, buildId, guest, guest);
const memfile = join(buildFolderOf(storage, buildId), 'memfile');
if (process.env['FAKE_FAIL'] === 'short') truncateSync(memfile, readFileSync(memfile).length - 1);
if (process.env['FAKE_FAIL'] === 'no-header') rmSync(`${memfile}.header`);
if (process.env['FAKE_FAIL'] === 'nothing') rmSync(buildFolderOf(storage, buildId), { recursive: true });
process.stdout.write('\n📊 Timing breakdown:\n   Resume: 41.2ms\n   Pause:  123.4ms\n   Total:  164.7ms\n');
process.stdout.write(`✅ Snapshot uploaded successfully\n\n✅ Build finished: ${buildId}\n`);
