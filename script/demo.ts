/**
 * The demo: the example guest of examples/journald in a repository of its own, two commits, and the real gate between them.
 *
 *   script/demo          base has the journald drop-in, head has lost its `[Journal]` line: fail
 *   script/demo --good   base has no drop-in, head has it: pass, with the improvement
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const dropIn = 'overlay/etc/systemd/journald.conf.d/10-storage.conf';
/** What a run of ten minutes has room for under emulation on two cores. */
const protocol = ['--scenarios', 'pause,idle-2s,write-64k', '--boots', '4', '--cycles', '5', '--warmup', '2'];

const good = process.argv.includes('--good');
const phases: [string, number][] = [['set-up', Number(process.env['SNAPGATE_DEMO_SETUP_S'] ?? 0) * 1000]];
process.exitCode = demo(good ? 'pass' : 'fail');

/** 0 when the gate's verdict is the one expected. */
function demo(expected: 'pass' | 'fail'): number {
  const repository = mkdtempSync(join(tmpdir(), 'snapgate-demo-'));
  try {
    makeRepository(repository);
    timed('base system (Debian, made once)', () => must(repository, './build', []));
    const status = timed('the gate', () => runGate(repository));
    showReport(status);
    return conclude(expected, status);
  } finally {
    rmSync(repository, { recursive: true, force: true });
  }
}

function makeRepository(repository: string): void {
  cpSync(join(root, 'examples/journald'), repository, { recursive: true, verbatimSymlinks: true });
  const path = join(repository, dropIn);
  const fix = readFileSync(path, 'utf8');
  git(repository, 'init', '-q', '-b', 'main');
  if (good) rmSync(path);
  commit(repository, good ? 'A service that logs to stdout' : 'journald: keep no log in the guest');
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, good ? fix : fix.replace('[Journal]\n', ''));
  commit(repository, good ? 'journald: keep no log in the guest' : 'journald: tidy the drop-in up');
  console.log(`\nThe pull request, in ${repository}:\n`);
  git(repository, '--no-pager', 'log', '--oneline', '-p', '-1', '--', dropIn);
  console.log();
}

function runGate(repository: string): number {
  const cli = join(root, 'dist/cli/index.js');
  const image = ['--build-command', './build', '--rootfs', 'rootfs.tar', '--base', 'ref:HEAD~1'];
  const args = ['gate', ...image, ...protocol, '--output-dir', reportDir()];
  console.log(`$ snapgate ${args.join(' ')}\n`);
  const { status } = spawnSync(process.execPath, [cli, ...args], { cwd: repository, stdio: 'inherit' });
  return status ?? 70;
}

function reportDir(): string {
  return join(root, good ? '.cache/demo-good' : '.cache/demo');
}

function showReport(status: number): void {
  if (status > 2) return;
  console.log('\nThe comment, as the pull request would get it:\n');
  console.log(readFileSync(join(reportDir(), 'report.md'), 'utf8'));
  for (const name of ['report.md', 'comparison.json', 'measurement-base.json', 'measurement-head.json']) {
    console.log(join(reportDir(), name));
  }
}

function conclude(expected: 'pass' | 'fail', status: number): number {
  console.log('\nWhat took the time:');
  for (const [name, ms] of phases) console.log(`  ${`${(ms / 1000).toFixed(1)} s`.padStart(9)}  ${name}`);
  const verdict = { 0: 'pass', 1: 'fail', 2: 'inconclusive' }[status] ?? 'error';
  console.log(`\nsnapgate's verdict: ${verdict} (exit status ${status}); this demo expects: ${expected}`);
  return verdict === expected ? 0 : 1;
}

function commit(repository: string, message: string): void {
  git(repository, 'add', '-A');
  const who = ['-c', 'user.name=demo', '-c', 'user.email=demo@localhost'];
  git(repository, ...who, 'commit', '-q', '-m', message);
}

function git(repository: string, ...args: string[]): void {
  must(repository, 'git', args);
}

function must(cwd: string, command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`, { cause: error });
}

function timed<T>(name: string, work: () => T): T {
  const began = performance.now();
  const result = work();
  phases.push([name, performance.now() - began]);
  return result;
}
