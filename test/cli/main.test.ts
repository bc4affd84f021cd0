import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { verbs } from '../../src/cli/arguments.ts';
import { runCli, wantsColor } from '../../src/cli/main.ts';
import { comparisonSchema } from '../../src/gate/record.ts';
import { version } from '../../src/host/version.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { measurementSchema } from '../../src/measure/record.ts';
import { temporaryFolder, writeFiles } from '../baseline/repository.ts';
import { growing, side } from '../report/samples.ts';
import { run } from './shell.ts';

const folders: Disposable[] = [];
afterAll(() => {
  for (const folder of folders) folder[Symbol.dispose]();
});

const esc = String.fromCharCode(27);
const base = side('base');
const otherwise = (fingerprint: Partial<Measurement['fingerprint']>) => ({
  ...side('head'),
  fingerprint: { ...base.fingerprint, ...fingerprint },
});
const records = {
  'base.json': base,
  'same.json': side('head'),
  'grown.json': side('head', growing({ 'idle-2s': 1.4 })),
  'once.json': side('head', () => 1.4, { boots: 1 }),
  'other-cpu.json': { ...side('head'), fingerprint: { ...base.fingerprint, hostCpu: 'Another CPU' } },
  'firecracker.json': otherwise({
    engine: 'firecracker',
    engineVersion: 'Firecracker v1.14.1',
    accelerator: 'kvm',
  }),
  'newer-qemu.json': otherwise({ engineVersion: 'QEMU 10.0.2' }),
  'few.json': { ...side('head'), scenarios: base.scenarios.slice(0, 2) },
  'empty.json': { ...side('head'), boots: [] },
  'newer.json': { ...base, version: 99 },
  'other.json': { schema: 'someone/else', version: 1 },
  'stray.json': { ...base, stray: 1 },
  'list.json': [],
};
const texts = Object.fromEntries(
  Object.entries(records).map(([name, record]) => [name, JSON.stringify(record)]),
);

let cwd: string;
beforeEach(() => {
  const folder = temporaryFolder();
  folders.push(folder);
  cwd = folder.path;
  writeFiles(cwd, texts);
});

const shell = (...argv: string[]) => run(argv, { cwd });

function jsonOf(text: string): unknown {
  return JSON.parse(text);
}

describe('compare', () => {
  it.each([
    [['base.json', 'same.json'], 0, 'PASS'],
    [['base.json', 'grown.json'], 1, 'FAIL'],
    [['grown.json', 'base.json'], 0, 'PASS'],
    [['base.json', 'grown.json', '--fail-above', '50%'], 0, 'PASS'],
    [['base.json', 'grown.json', '--fail-above', '50%', '--warn-above=10%'], 0, 'WARN'],
    [['base.json', 'once.json'], 0, 'INCONCLUSIVE'],
    [['base.json', 'once.json', '--inconclusive', 'fail'], 2, 'INCONCLUSIVE'],
    [['base.json', 'same.json', '--max-memfile-written', '1MiB'], 1, 'FAIL'],
  ])('%j exits %i', async (argv, status, verdict) => {
    const ran = await shell('compare', ...argv);
    expect([ran.status, ran.stdout.split('  ')[0]]).toEqual([status, verdict]);
    expect(ran.stderr).toMatch(/^\[.*\] report: \/.*snapgate-report\/report\.md\n$/);
  });

  it('leaves the comparison and the report where it was told', async () => {
    await shell('compare', 'base.json', 'grown.json', '--output-dir', 'out/here');
    const written = (name: string) => readFileSync(join(cwd, 'out/here', name), 'utf8');
    expect(comparisonSchema.parse(jsonOf(written('comparison.json')))).toMatchObject({ verdict: 'fail' });
    expect(written('report.md')).toMatch(/^### 🔴 snapgate: memfile diff of idle-2s \+40\.0 % per cycle/);
    expect(existsSync(join(cwd, 'snapgate-report'))).toBe(false);
  });

  it('takes thresholds from snapgate.yml of the folder, or from the file that is named', async () => {
    writeFiles(cwd, {
      'snapgate.yml': 'gate: {idle-2s: {memfile.writtenBytes: {fail-above: 50%}}}',
      'ci/strict.yml': 'defaults: {fail-above: 1%}',
    });
    expect((await shell('compare', 'base.json', 'grown.json')).status).toBe(0);
    expect((await shell('compare', 'base.json', 'grown.json', '--config', 'ci/strict.yml')).status).toBe(1);
    const gone = await shell('compare', 'base.json', 'grown.json', '--config', 'gone.yml');
    expect([gone.status, gone.stderr]).toEqual([
      64,
      'snapgate: config: there is no file gone.yml\nName a file of the checkout.\n',
    ]);
  });

  it.each([
    ['other-cpu.json', /hostCpu is "Example CPU" on base and "Another CPU" on head/],
    [
      'firecracker.json',
      /engine is "qemu" on base and "firecracker" on head; engineVersion is ".*" on base and "Firecracker v1\.14\.1" on head; accelerator is "tcg" on base and "kvm" on head\n/,
    ],
    [
      'newer-qemu.json',
      /cannot be compared: engineVersion is "QEMU .*" on base and "QEMU 10\.0\.2" on head\n/,
    ],
    ['few.json', /scenario "idle-5s" was measured on base but not on head/],
    ['empty.json', /the head measurement has no cycle after its warm-up/],
    ['newer.json', /newer\.json was written by snapgate schema version 99, this one reads 1/],
    ['other.json', /other\.json is not a measurement, but "someone\/else"/],
    ['stray.json', /stray\.json is not a valid measurement: the record: .*stray/],
    ['list.json', /list\.json is not a measurement, but something else/],
    ['gone.json', /there is no file \/.*\/gone\.json/],
    ['.', /cannot be read \(EISDIR\)/],
  ])('of %s exits 65 and says why, and what to do', async (head, message) => {
    const { status, stdout, stderr } = await shell('compare', 'base.json', head);
    expect([status, stdout]).toEqual([65, '']);
    expect(stderr).toMatch(/^snapgate: .+\n.+\n$/);
    expect(stderr).toMatch(message);
  });

  it('of half a record says that it is not JSON', async () => {
    writeFiles(cwd, { 'half.json': JSON.stringify(base).slice(0, 5000) });
    const { status, stderr } = await shell('compare', 'half.json', 'same.json');
    expect(status).toBe(65);
    expect(stderr).toMatch(/half\.json is not JSON: /);
  });

  it('does not read a file that is too large to be a record', async () => {
    writeFiles(cwd, { 'huge.json': '' });
    truncateSync(join(cwd, 'huge.json'), 70 * 1024 ** 2);
    for (const argv of [
      ['compare', 'huge.json', 'same.json'],
      ['report', 'huge.json'],
    ]) {
      const { status, stderr } = await shell(...argv);
      expect(status).toBe(65);
      expect(stderr).toMatch(/huge\.json is larger than 64\.0 MiB, too large to be a record/);
    }
  });

  it('refuses a metric that was not measured, and names those that were', async () => {
    const { status, stderr } = await shell('compare', 'base.json', 'same.json', '--metrics', 'stateBytes');
    expect(status).toBe(65);
    expect(stderr).toContain('the metric stateBytes gates, but the head measurement does not have it');
    expect(stderr).toContain('Measured are: memfile.writtenBytes, memfile.changedBytes, resumeMs.');
  });

  it('says that it cannot write its report', async () => {
    const blocked = await shell('compare', 'base.json', 'same.json', '--output-dir', 'base.json');
    expect([blocked.status, blocked.stdout]).toEqual([69, '']);
    expect(blocked.stderr).toMatch(/output-dir \/.*\/base\.json cannot be written \(EEXIST\)/);
    mkdirSync(join(cwd, 'out/report.md'), { recursive: true });
    const taken = await shell('compare', 'base.json', 'same.json', '--output-dir', 'out');
    expect(taken.status).toBe(69);
    expect(taken.stderr).toMatch(/out\/report\.md cannot be written \(EISDIR\)/);
  });
});

describe('report', () => {
  beforeEach(async () => {
    await shell('compare', 'base.json', 'grown.json', '--output-dir', '.');
  });

  it('shows a comparison in every form, and passes whatever its verdict was', async () => {
    const shown = async (...argv: string[]) => {
      const { status, stdout, stderr } = await shell('report', 'comparison.json', ...argv);
      expect([status, stderr]).toEqual([0, '']);
      return stdout;
    };
    expect(await shown()).toMatch(/^FAIL {2}memfile diff of idle-2s /);
    expect(await shown('--format', 'terminal')).toBe(await shown());
    expect(await shown('--format', 'markdown')).toMatch(/^### 🔴 snapgate: /);
    expect(await shown('--format=json')).toBe(readFileSync(join(cwd, 'comparison.json'), 'utf8'));
    expect(await shown('--json')).toBe(await shown('--format=json'));
    expect(await shown('-v')).toMatch(/^idle-2s +memfile\.changedBytes /m);
  });

  it('shows a measurement in every form', async () => {
    const shown = async (...argv: string[]) => (await shell('report', 'base.json', ...argv)).stdout;
    expect(await shown()).toMatch(/^measured main \(aaaaaaa\)\n/);
    expect(await shown('--format', 'markdown')).toMatch(/^### snapgate: measured `main \(aaaaaaa\)`\n/);
    expect(measurementSchema.parse(jsonOf(await shown('--json')))).toEqual(base);
  });

  it('asks nothing of a snapgate.yml', async () => {
    writeFiles(cwd, { 'snapgate.yml': 'nonsense: [' });
    expect((await shell('report', 'base.json')).status).toBe(0);
    expect((await shell('compare', 'base.json', 'same.json')).status).toBe(64);
  });

  it.each([
    ['other.json', /other\.json is no comparison, measurement, calibration or bisection of snapgate/],
    ['list.json', /list\.json is no comparison, measurement, calibration or bisection of snapgate/],
    ['gone.json', /there is no file \/.*\/gone\.json/],
    ['half.json', /half\.json is not JSON: /],
    ['stray.json', /stray\.json is not a valid measurement/],
    ['newer.json', /schema version 99, this one reads 1/],
  ])('of %s exits 65', async (file, message) => {
    writeFiles(cwd, { 'half.json': readFileSync(join(cwd, 'comparison.json'), 'utf8').slice(0, 100) });
    const { status, stdout, stderr } = await shell('report', file);
    expect([status, stdout]).toEqual([65, '']);
    expect(stderr).toMatch(message);
  });
});

describe('--json', () => {
  it.each([
    ['compare', 'base.json', 'grown.json'],
    ['report', 'base.json'],
  ])('prints one JSON object: %s', async (...argv) => {
    const { stdout } = await shell(...argv, '--json');
    expect(jsonOf(stdout)).toMatchObject({ schema: expect.stringMatching(/^snapgate\//) });
    expect(stdout.endsWith('}\n')).toBe(true);
  });

  it.each([
    [['compare', 'base.json', 'gone.json'], 65, 'record'],
    [['compare', 'base.json'], 64, 'usage'],
    [['compare', 'base.json', 'same.json', '--fail-above', '5'], 64, 'usage'],
    [['report', 'list.json'], 65, 'record'],
    [['gate', '--boot', '3'], 64, 'usage'],
    [['guess'], 64, 'usage'],
  ])('prints the error as one JSON object too: %j', async (argv, status, code) => {
    const ran = await shell(...argv, '--json');
    expect(ran.status).toBe(status);
    expect(jsonOf(ran.stdout)).toEqual({
      error: { code, message: expect.stringMatching(/./), remedy: expect.stringMatching(/\.$/) },
    });
    expect(ran.stdout.split('\n')).toHaveLength(2);
    expect(ran.stderr).toMatch(/^snapgate: .+\n.+\n$/);
  });
});

describe('a wrong command line', () => {
  it.each([
    [
      ['guess'],
      'there is no verb "guess"',
      'Verbs: gate, measure, bisect, compare, calibrate, report, inspect, probe. snapgate --help says what they do.',
    ],
    [['gaet'], 'there is no verb "gaet"; did you mean gate?', 'Verbs: '],
    [['help', 'mesure'], 'there is no verb "mesure"; did you mean measure?', 'Verbs: '],
    [['--boots', '3'], 'there is no verb "--boots"', 'Verbs: '],
    [
      ['gate', '--fail-abov', '3%'],
      'gate: there is no option --fail-abov; did you mean --fail-above?',
      'snapgate gate --help lists its options.',
    ],
    [['gate', '--nothing-like-it=1'], 'gate: there is no option --nothing-like-it', 'snapgate gate --help'],
    [['compare', 'a', 'b', '--boots', '3'], 'compare: there is no option --boots', 'snapgate compare --help'],
    [['probe', '-x'], 'probe: there is no option -x', 'snapgate probe --help'],
    [['gate', '--github-token', 'x'], 'gate: there is no option --github-token', 'snapgate gate --help'],
    [['gate', '--boots'], "gate: Option '--boots <value>' argument missing", 'snapgate gate --help'],
    [
      ['gate', '--boots', '--verbose'],
      "gate: Option '--boots' argument is ambiguous.",
      'snapgate gate --help',
    ],
    [['gate', '--json=1'], "gate: Option '--json' does not take an argument", 'snapgate gate --help'],
    [['gate', 'stray'], 'gate takes no files; 1 were given', 'snapgate gate --help'],
    [
      ['compare', 'a'],
      'compare takes two measurements: BASE.json HEAD.json; 1 were given',
      'snapgate compare --help',
    ],
    [['bisect', 'main'], 'bisect takes two commits: GOOD BAD; 1 were given', 'snapgate bisect --help'],
    [
      ['bisect', 'v1', 'main', '--max-memfile-written', '1MiB'],
      'bisect: there is no option --max-memfile-written',
      'snapgate bisect --help',
    ],
    [['bisect', 'v1', 'main'], 'no image source is given', 'Give one of dockerfile'],
    [['report'], 'report takes one record: FILE.json; 0 were given', 'snapgate report --help'],
    [
      ['report', 'base.json', '--format', 'pdf'],
      '--format "pdf" is not known',
      'Formats: terminal, markdown, json.',
    ],
    [['gate', '--boots', '0', '--rootfs', 'x'], 'boots: "0" is out of bounds', 'From 1 to 100.'],
    [
      ['measure', '--rootfs', 'x', '--image', 'y'],
      'more than one image source is given: image, rootfs',
      'Give exactly one',
    ],
  ])('%j exits 64 and says where to look', async (argv, message, remedy) => {
    const { status, stdout, stderr } = await shell(...argv);
    const [first, second] = stderr.split('\n');
    expect([status, stdout, first]).toEqual([64, '', `snapgate: ${message}`]);
    expect(second).toContain(remedy);
  });

  it('cannot drive the terminal through its error', async () => {
    for (const argv of [
      [`${esc}[2J`],
      ['report', `${esc}]0;x\u0007\u202e`],
      ['gate', '--boots', `${esc}[2J`],
    ]) {
      const { stderr } = await shell(...argv);
      expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
    }
  });
});

describe('colour', () => {
  const tty = { isTTY: true, write: () => {} };
  const pipe = { write: () => {} };

  it.each([
    [tty, {}, true],
    [pipe, {}, false],
    [tty, { NO_COLOR: '1' }, false],
    [tty, { NO_COLOR: '' }, true],
    [tty, { TERM: 'dumb' }, false],
    [pipe, { FORCE_COLOR: '1' }, true],
    [pipe, { FORCE_COLOR: '' }, false],
    [tty, { FORCE_COLOR: '0' }, false],
    [pipe, { FORCE_COLOR: 'false' }, false],
    [pipe, { FORCE_COLOR: '1', TERM: 'dumb' }, true],
    [tty, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('%o with %j: %s', (screen, env, wanted) => {
    expect(wantsColor(screen, env)).toBe(wanted);
  });

  it('is for each of the two streams by itself', async () => {
    const argv = ['compare', 'base.json', 'grown.json'];
    const typed = await run(argv, { cwd, tty: ['stdout', 'stderr'] });
    expect([typed.stdout.includes(esc), typed.stderr.includes(esc)]).toEqual([true, true]);
    const logged = await run(argv, { cwd, tty: ['stdout'] });
    expect([logged.stdout.includes(esc), logged.stderr.includes(esc)]).toEqual([true, false]);
    const piped = await run(argv, { cwd, tty: ['stderr'] });
    expect([piped.stdout.includes(esc), piped.stderr.includes(esc)]).toEqual([false, true]);
    const failed = await run(['guess'], { cwd, tty: ['stderr'], env: { NO_COLOR: '1' } });
    expect(failed.stderr.includes(esc)).toBe(false);
  });

  it('is not in what is for machines', async () => {
    for (const format of ['json', 'markdown']) {
      const { stdout } = await run(['report', 'base.json', '--format', format], {
        cwd,
        env: { FORCE_COLOR: '1' },
      });
      expect(stdout).not.toContain(esc);
    }
  });
});

describe('the rest', () => {
  it('--version', async () => {
    expect(await shell('--version')).toEqual({ status: 0, stdout: `snapgate ${version}\n`, stderr: '' });
    expect(await shell('version')).toEqual(await shell('--version'));
  });

  it('calls what it did not expect a bug, with the stack', async () => {
    const broken = {
      write: () => {
        throw new TypeError('no stream');
      },
    };
    let said = '';
    const stderr = {
      write: (text: string) => {
        said += text;
      },
    };
    expect(await runCli(['--version'], { stdout: broken, stderr, env: {}, cwd })).toBe(70);
    expect(said).toMatch(/^snapgate: this is a bug, please report it:\nTypeError: no stream\n +at /);
  });

  it('is not upset by a reader that has seen enough', () => {
    const cli = join(import.meta.dirname, '../../src/cli.ts');
    const script = `set -o pipefail; '${process.execPath}' '${cli}' report large.json --json | head -1`;
    const large = { ...base, notes: Array.from({ length: 2000 }, () => 'x'.repeat(500)) };
    writeFiles(cwd, { 'large.json': JSON.stringify(large) });
    expect(
      execFileSync('bash', ['-c', script], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    ).toBe('{\n');
  });

  it('has a verb for every line of its help', () => {
    expect(verbs).toEqual([
      'gate',
      'measure',
      'bisect',
      'compare',
      'calibrate',
      'report',
      'inspect',
      'probe',
    ]);
  });
});
