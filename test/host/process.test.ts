import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeRun, openRun } from '../../src/host/cleanup.ts';
import { childEnvironment, mustRun, runCommand } from '../../src/host/process.ts';
import type { Run } from '../../src/host/run.ts';

const quiet = { info: () => {}, warning: () => {}, detail: () => {} };

let dir: string;
let run: Run;
let controller: AbortController;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snapgate-test-'));
  controller = new AbortController();
  run = openRun(dir, join(dir, 'cache'), quiet, controller.signal);
});
afterEach(() => {
  closeRun(run.dir);
  rmSync(dir, { recursive: true, force: true });
});

describe('runCommand', () => {
  it('gives stdout whole, and the last lines of both streams', async () => {
    const result = await runCommand(run, 'sh', ['-c', 'echo out; echo err >&2; exit 3']);
    expect(result).toMatchObject({ code: 3, stdout: 'out\n', timedOut: false });
    expect(result.tail.toSorted()).toEqual(['err', 'out']);
  });

  it('keeps only the end of a long output when it is taken elsewhere', async () => {
    let bytes = 0;
    const onStdout = (chunk: Buffer) => {
      bytes += chunk.length;
    };
    const result = await runCommand(run, 'head', ['-c', '5000000', '/dev/zero'], { onStdout });
    expect([bytes, result.stdout]).toEqual([5_000_000, '']);
  });

  it('does not wait for a process that the command left behind with its output', async () => {
    const result = await runCommand(run, 'sh', ['-c', 'setsid sleep 600 & echo over']);
    expect(result).toMatchObject({ code: 0, stdout: 'over\n' });
  });

  it('passes arguments as they are, without a shell', async () => {
    const result = await runCommand(run, 'printf', ['%s', '$(id); `id` *']);
    expect(result.stdout).toBe('$(id); `id` *');
  });

  it('ends a command and its children at the limit', async () => {
    const result = await runCommand(run, 'sh', ['-c', 'sleep 600 & sleep 600'], { timeoutMs: 100 });
    expect(result).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
  });

  const undoing = (path: string) =>
    `trap 'echo undone > ${path}; exit 0' INT; echo on; while :; do sleep 0.1; done`;

  it('lets a command with grace undo what it did, at the limit', async () => {
    const path = join(dir, 'undone');
    const options = { timeoutMs: 1000, graceMs: 60_000 };
    const result = await runCommand(run, 'bash', ['-c', undoing(path)], options);
    expect(result).toMatchObject({ timedOut: true, code: 0 });
    expect(readFileSync(path, 'utf8')).toBe('undone\n');
  });

  it('kills a command that does not heed that', async () => {
    const args = ['-c', "trap '' INT; sleep 600 & wait"];
    const result = await runCommand(run, 'bash', args, { timeoutMs: 500, graceMs: 100 });
    expect(result).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
  });

  it('has what is closed upon an abort wait for it', async () => {
    const path = join(dir, 'undone');
    const started = Promise.withResolvers<void>();
    const options = { graceMs: 60_000, onStdout: () => started.resolve() };
    const ended = runCommand(run, 'bash', ['-c', undoing(path)], options);
    await started.promise;
    controller.abort(new Error('over'));
    closeRun(run.dir);
    expect(readFileSync(path, 'utf8')).toBe('undone\n');
    await expect(ended).rejects.toThrow('over');
  });

  it('ends a command when the run is over', async () => {
    const ended = runCommand(run, 'sleep', ['600']);
    controller.abort(new Error('over'));
    await expect(ended).rejects.toThrow('over');
  });

  it('names the package of a command that is not there', async () => {
    await expect(mustRun(run, 'snapgate-no-such-command', [])).rejects.toMatchObject({
      code: 'host',
      message: 'the command snapgate-no-such-command is not on this machine',
    });
  });
});

describe('mustRun', () => {
  it('shows the last lines of a failure', async () => {
    await expect(mustRun(run, 'sh', ['-c', 'echo why; exit 4'])).rejects.toMatchObject({
      message: 'sh exited 4',
      details: { lines: ['why'] },
    });
  });
});

/** The environment of a child where the caller has a variable of that name. */
function inherits(name: string): boolean {
  const before = process.env[name];
  try {
    process.env[name] = 'given';
    return childEnvironment({ id: 'x' })[name] !== undefined;
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

describe('a child', () => {
  it.each([
    'DEPLOY_KEY',
    'GH_PAT',
    'PAT',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'DOCKER_AUTH_CONFIG',
    'NPM_CONFIG__AUTH',
    'npm_config__authToken',
    'DB_PASSWD',
    'SMTP_PASS',
    'GPG_PASSPHRASE',
    'MYSQL_PWD',
    'SENTRY_DSN',
    'SSH_AUTH_SOCK',
    'DATABASE_URL',
    'REDIS_URL',
    'STRIPE_APIKEY',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'REGISTRY_CREDS',
    'azure_storage_connection_string',
  ])('does not inherit %s', (name) => expect(inherits(name)).toBe(false));

  it.each([
    'PATH',
    'PWD',
    'OLDPWD',
    'HOME',
    'KEYBOARD',
    'KEYMAP',
    'MONKEY',
    'GIT_AUTHOR_NAME',
    'GITHUB_ACTOR',
    'GITHUB_SERVER_URL',
    'GITHUB_REPOSITORY',
    'BYPASS_CACHE',
    'COMPASS_PATH',
    'SOURCE_DATE_EPOCH',
    'HTTPS_PROXY',
    'DOCKER_HOST',
    'XDG_RUNTIME_DIR',
  ])('inherits %s', (name) => expect(inherits(name)).toBe(true));
});

describe('childEnvironment', () => {
  it('holds no token, whatever it is called', () => {
    const names = [
      'GITHUB_TOKEN',
      'INPUT_GITHUB-TOKEN',
      'ACTIONS_RUNTIME_TOKEN',
      'ACTIONS_RESULTS_URL',
      'MY_SECRET',
      'NPM_TOKEN',
      'GITHUB_ENV',
    ];
    const before = { ...process.env };
    try {
      for (const name of names) process.env[name] = 'hidden';
      const env = childEnvironment({ id: 'x' });
      expect(Object.values(env)).not.toContain('hidden');
      expect(env['SNAPGATE_RUN_ID']).toBe('x');
      // With the folders of mke2fs, which an ordinary user's lacks.
      const dirs = (env['PATH'] ?? '').split(':');
      expect(dirs).toEqual(expect.arrayContaining([...(process.env['PATH'] ?? '').split(':'), '/usr/sbin']));
    } finally {
      for (const name of names) delete process.env[name];
      Object.assign(process.env, before);
    }
  });
});
