import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closeRun, openRun } from '../../src/host/cleanup.ts';
import { startProcess } from '../../src/host/process.ts';

const quiet = { info: () => {}, warning: () => {}, detail: () => {} };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snapgate-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = () => openRun(join(dir, 'work'), join(dir, 'cache'), quiet, new AbortController().signal);

const alive = (pid: number | undefined) => pid !== undefined && existsSync(`/proc/${pid}/exe`);

describe('closeRun', () => {
  it('ends every process of the run, also one that left its parent and its group', async () => {
    const run = open();
    const pidFile = join(dir, 'pid');
    startProcess(run, 'sh', ['-c', `setsid sh -c 'echo $$ > ${pidFile}; exec sleep 600' & wait`]).on(
      'error',
      () => {},
    );
    while (!existsSync(pidFile) || spawnSync('cat', [pidFile]).stdout.length === 0) await wait(10);
    const pid = Number(spawnSync('cat', [pidFile]).stdout);
    expect(alive(pid)).toBe(true);
    closeRun(run.dir);
    while (alive(pid)) await wait(10);
    expect(existsSync(run.dir)).toBe(false);
  });

  it('leaves the processes of another run alone', () => {
    const [one, other] = [open(), open()];
    const child = startProcess(other, 'sleep', ['600']);
    closeRun(one.dir);
    expect(alive(child.pid)).toBe(true);
    expect(existsSync(other.dir)).toBe(true);
    closeRun(other.dir);
  });

  it('removes what the ledger names outside the folder of the run', () => {
    const run = open();
    const path = join(dir, 'elsewhere');
    run.ledger.add({ kind: 'path', path });
    mkdirSync(path);
    writeFileSync(join(path, 'big'), 'x');
    closeRun(run.dir);
    expect(existsSync(path)).toBe(false);
  });

  it('removes a worktree, and what git knows of it', () => {
    const repository = join(dir, 'repository');
    const git = (...args: string[]) => {
      const identity = ['-c', 'user.name=t', '-c', 'user.email=t@localhost'];
      const { status, stdout } = spawnSync('git', ['-C', repository, ...identity, ...args], {
        encoding: 'utf8',
      });
      expect(status).toBe(0);
      return stdout;
    };
    mkdirSync(repository);
    git('init', '-q');
    git('commit', '-q', '--allow-empty', '-m', 'one');
    const run = open();
    const path = join(run.dir, 'tree');
    run.ledger.add({ kind: 'worktree', repository, path });
    git('worktree', 'add', '-q', '--detach', path);
    // As a git is that was killed while it checked out.
    git('worktree', 'lock', path);
    // Of the user's own, on a disk that is not there now.
    const away = join(dir, 'away');
    git('worktree', 'add', '-q', '--detach', away);
    renameSync(away, `${away}-unmounted`);
    closeRun(run.dir);
    expect(existsSync(path)).toBe(false);
    expect(git('worktree', 'list').trim().split('\n')).toEqual([
      expect.stringContaining(repository),
      expect.stringContaining(away),
    ]);
  });

  it('gives its own commands neither tokens nor hooks', () => {
    const bin = join(dir, 'bin');
    const said = join(dir, 'said');
    mkdirSync(bin);
    writeFileSync(join(bin, 'git'), `#!/bin/sh\n{ echo "$@"; env; } > ${said}\n`);
    chmodSync(join(bin, 'git'), 0o755);
    const run = open();
    run.ledger.add({ kind: 'worktree', repository: dir, path: join(run.dir, 'tree') });
    const { PATH } = process.env;
    try {
      Object.assign(process.env, { PATH: `${bin}:${PATH}`, GITHUB_TOKEN: 'tok', DEPLOY_KEY: 'tok' });
      closeRun(run.dir);
    } finally {
      Object.assign(process.env, { PATH });
      delete process.env['GITHUB_TOKEN'];
      delete process.env['DEPLOY_KEY'];
    }
    const text = readFileSync(said, 'utf8');
    expect(text).toMatch(/^-c .*core\.hooksPath=\/dev\/null .* worktree remove --force --force .*tree$/m);
    expect(text).not.toMatch(/=tok$/m);
  });

  it('may be called again', () => {
    const run = open();
    closeRun(run.dir);
    expect(() => closeRun(run.dir)).not.toThrow();
  });
});

describe('openRun', () => {
  /** What anybody can put into a folder that is open to all: a dead run, whose ledger names a file of somebody else's. */
  function plant(folder: string, victim: string): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(victim, 'precious');
    writeFileSync(join(folder, 'owner'), '1 0');
    writeFileSync(join(folder, 'ledger.jsonl'), `${JSON.stringify({ kind: 'path', path: victim })}\n`);
  }

  it('goes by no ledger behind a symlink', () => {
    const victim = join(dir, 'victim');
    plant(join(dir, 'planted'), victim);
    mkdirSync(join(dir, 'work'));
    symlinkSync(join(dir, 'planted'), join(dir, 'work', 'snapgate-run-x'));
    closeRun(open().dir);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('goes by no ledger of another user', () => {
    const victim = join(dir, 'victim');
    const planted = join(dir, 'work', 'snapgate-run-x');
    plant(planted, victim);
    const { uid } = lstatSync(planted);
    const asAnother = vi.spyOn(process, 'getuid').mockReturnValue(uid + 1);
    try {
      closeRun(open().dir);
    } finally {
      asAnother.mockRestore();
    }
    expect([readFileSync(victim, 'utf8'), existsSync(planted)]).toEqual(['precious', true]);
    closeRun(open().dir);
    expect([existsSync(victim), existsSync(planted)]).toEqual([false, false]);
  });

  it('closes the runs of processes that are gone, and no others', async () => {
    const script = `
      const { openRun } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/host/cleanup.ts'))});
      openRun(process.argv[1], process.argv[2], {}, new AbortController().signal);
      process.stdout.write('made');
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      script,
      join(dir, 'work'),
      join(dir, 'cache'),
    ]);
    await new Promise((resolve) => child.once('close', resolve));
    const dead = readdirSync(join(dir, 'work'));
    expect(dead).toHaveLength(1);
    const mine = open();
    const another = open();
    const left = readdirSync(join(dir, 'work')).map((name) => join(dir, 'work', name));
    expect(left.toSorted()).toEqual([mine.dir, another.dir].toSorted());
  });
});
