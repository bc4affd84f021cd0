import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeInfra, makeFakeInfra } from './stand-ins/fake-infra.ts';

const cli = join(import.meta.dirname, '../../../src/cli.ts');

let fake: FakeInfra;
beforeAll(() => {
  fake = makeFakeInfra('# dirty: 3 + 1/s\n', '# dirty: 4 + 1/s\n');
});
afterAll(() => rmSync(fake.dir, { recursive: true, force: true }));

const engine = ['--engine', 'e2b', '--huge-pages', 'none'];
const guest = ['--memory-size', '64MiB', '--disk-size', '16MiB'];
const once = ['--boots', '1', '--cycles', '1', '--warmup', '0', '--scenarios', 'pause'];

function snapgate(verb: string, more: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = fake.infra) {
  const work = join(fake.dir, 'work');
  mkdirSync(work, { recursive: true });
  const own = ['--output-dir', join(fake.dir, 'out'), '--work-dir', work, ...guest, ...once];
  const argv = [cli, verb, ...engine, ...(verb === 'probe' ? [] : own), ...more];
  const options = { cwd, env: { ...fake.env, ...env }, encoding: 'utf8' as const, timeout: 120_000 };
  const ran = spawnSync(process.execPath, argv, options);
  expect(readdirSync(work)).toEqual([]);
  return ran;
}

describe('what goes wrong with the tools', () => {
  it('is told with the command and its last lines', () => {
    const { status, stderr } = snapgate('measure', [], { FAKE_FAIL: 'create' });
    expect(status).toBe(69);
    expect(stderr).toContain('create-build exited 1');
    expect(stderr).toContain('sudo systemctl start docker');
    expect(stderr).toMatch(/In \S+packages\/orchestrator: \S+create-build -to-build/);
    expect(stderr).toContain('failed to pull image: docker daemon is not running');
  });

  it.each([
    [
      'short',
      /resume-build says that build [0-9a-f-]{36} is finished, but .*memfile has [\d.]+ KiB \([\d,]+ bytes\)/,
    ],
    ['no-header', /is finished, but .*memfile.header cannot be read \(ENOENT\)/],
    ['nothing', /is finished, but .*memfile.header cannot be read/],
  ])('is an error where a build is not whole (%s)', (fault, message) => {
    const { status, stderr } = snapgate('measure', [], { FAKE_FAIL: fault, FAKE_E2B_FORMAT: '3' });
    expect(status).toBe(69);
    expect(stderr.replaceAll('\n', ' ')).toMatch(message);
  });

  it('is an error where a build is missing in a bucket, by the address', () => {
    const { status, stderr } = snapgate('measure', ['--e2b-storage', 'gs://my-bucket'], {
      FAKE_FAIL: 'nothing',
    });
    expect(status).toBe(69);
    expect(stderr).toMatch(/gcloud exited 1/);
    expect(stderr).toMatch(/The following URLs matched no objects or files/);
  });

  it('ends at the limit where a tool hangs', () => {
    const { status, stderr } = snapgate('measure', ['--command-timeout', '6s'], { FAKE_FAIL: 'hang' });
    expect(status).toBe(69);
    expect(stderr).toContain('resume-build did not end within 6.0 s');
    expect(stderr).toContain('Pausing sandbox');
  });

  it('is the scenario whose command fails in the guest', () => {
    const folder = join(fake.dir, 'scenario');
    cpSync(fake.infra, folder, { recursive: true });
    const scenario = [
      'scenarios:',
      '  broken:',
      '    run: |-',
      '      echo \'x\' "y" # a comment',
      '    check: exit 3',
      '',
    ];
    writeFileSync(join(folder, 'snapgate.yml'), scenario.join('\n'));
    const { status, stderr } = snapgate('measure', ['--scenarios', 'broken'], {}, folder);
    expect(status).toBe(71);
    expect(stderr).toContain('scenario broken: `run` or `check` exited 3');
    expect(stderr).toContain('line that the guest printed');
  });

  it('is the compiler that refuses the sources', () => {
    const folder = join(fake.dir, 'broken');
    cpSync(fake.infra, folder, { recursive: true });
    writeFileSync(join(folder, 'packages/orchestrator/cmd/resume-build/main.go'), 'syntax error\n');
    const { status, stderr } = snapgate('measure', [], {}, folder);
    expect(status).toBe(69);
    expect(stderr).toContain('go exited 1');
    expect(stderr).toContain('non-declaration statement outside function body');
  });

  it('leaves nothing in a storage of the user’s', () => {
    const storage = join(fake.dir, 'storage');
    const theirs = join(storage, 'templates/00000000-0000-4000-8000-000000000001');
    mkdirSync(theirs, { recursive: true });
    const { status, stderr } = snapgate('measure', ['--e2b-storage', storage], { FAKE_FAIL: 'short' });
    expect(status).toBe(69);
    expect(stderr).toContain('is finished, but');
    expect(readdirSync(join(storage, 'templates'))).toEqual(['00000000-0000-4000-8000-000000000001']);
  });

  it('names what create-build has left there where it failed', () => {
    const storage = join(fake.dir, 'left');
    const { status, stderr } = snapgate('measure', ['--e2b-storage', storage], { FAKE_FAIL: 'create-late' });
    expect(status).toBe(69);
    const left = readdirSync(join(storage, 'templates'));
    expect(left).toHaveLength(1);
    expect(stderr).toContain(left[0]);
  });
});

describe('before anything is built', () => {
  it('each thing that is missing is named, with what to type', () => {
    const { status, stdout } = snapgate(
      'probe',
      ['--e2b-storage', 'gs://my-bucket', '--huge-pages', '2M'],
      { PATH: '/nowhere' },
      fake.elsewhere,
    );
    expect(status).toBe(69);
    for (const what of [
      'root',
      '/dev/kvm',
      'NBD',
      'huge pages',
      'Docker',
      'go',
      "e2b's infra",
      'gcloud or gsutil',
    ])
      expect(stdout).toMatch(new RegExp(`^(ok  |FAIL|warn)  ${what} {2,}`, 'm'));
    for (const remedy of ['systemctl start docker', 'https://go.dev/dl', 'e2b-infra', 'cloud.google.com/sdk'])
      expect(stdout).toContain(remedy);
    expect(fake.calls().some(({ cwd }) => cwd === fake.elsewhere)).toBe(false);
  });

  it('tools that are not there, or cannot be executed, are named', () => {
    const empty = join(fake.dir, 'empty');
    mkdirSync(empty);
    const { status, stderr } = snapgate('measure', ['--e2b-tools', empty]);
    expect(status).toBe(69);
    expect(stderr).toContain(`${empty}/create-build is not there, or cannot be executed`);
  });

  it('a storage that cannot be written is named, and nothing is built for it', () => {
    const before = fake.calls().length;
    const { status, stderr } = snapgate('measure', ['--e2b-storage', '/proc/snapgate/here']);
    expect(status).toBe(69);
    expect(stderr).toContain('e2b-storage /proc/snapgate/here cannot be written (ENOENT)');
    expect(fake.calls().length).toBe(before);
  });

  it('tools that are folders are named', () => {
    const folders = join(fake.dir, 'folders');
    mkdirSync(join(folders, 'create-build'), { recursive: true });
    const { status, stdout } = snapgate('probe', ['--e2b-tools', folders]);
    expect(status).toBe(69);
    expect(stdout).toContain(`${folders}/create-build is not there, or cannot be executed`);
  });

  it('a size that create-build cannot count is refused', () => {
    const { status, stderr } = snapgate('measure', ['--disk-size', '16777217B']);
    expect(status).toBe(64);
    expect(stderr).toMatch(/disk-size/);
    expect(existsSync(join(fake.dir, 'out/measurement.json'))).toBe(false);
  });
});
