import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesOf } from '../../e2e/leftovers.ts';
import { refusal } from '../../host/refusal.ts';
import { type CommandBench, kibi, openCommandBench, pause } from './bench.ts';

let bench: CommandBench;
beforeEach(() => {
  bench = openCommandBench();
});
afterEach(() => bench[Symbol.dispose]());

/** What a command does, what is said of it, and by which of its lines. */
type Failure = readonly [string, string, RegExp, readonly string[]];

const failures: readonly Failure[] = [
  ['fails', 'echo out; echo why >&2; exit 3', /^X exited 3$/, ['out', 'why']],
  ['fails in the middle of a pipe', 'echo why; false | cat', /^X exited 1$/, ['why']],
  [
    'uses a variable that is not set',
    'echo "$SNAPGATE_NONE"',
    /^X exited (1|127)$/,
    [expect.stringContaining('SNAPGATE_NONE')],
  ],
  ['is killed', 'echo why; kill -9 $$', /^X was ended by SIGKILL$/, ['why']],
  ['is not there', './no-such-script', /^X exited 127$/, [expect.stringContaining('no-such-script')]],
  ['fails without a word', 'exit 4', /^X exited 4$/, ['(X put nothing out)']],
];

const hangs: readonly Failure[] = [
  [
    'hangs',
    'echo begun; (trap "" TERM INT; sleep 600) & sleep 600',
    /^X did not end within 1\.0 s, and was ended$/,
    ['begun'],
  ],
  [
    'hangs in a session of its own',
    'echo begun; setsid -w sleep 600',
    /^X did not end within 1\.0 s/,
    ['begun'],
  ],
];

describe.each(['prepare', 'resume', 'pause'] as const)('a %s-command that', (name) => {
  // Room for a busy machine where the limit is not what is tested.
  it.each([
    ...failures.map((failure) => [...failure, 60_000] as const),
    ...hangs.map((failure) => [...failure, 1000] as const),
  ])(
    '%s is named, with its last lines, and nothing of it stays',
    async (_, command, message, lines, timeoutMs) => {
      const engine = bench.engine({ [name]: command, timeoutMs, cleanup: 'touch cleaned' });
      const work = async () => {
        const { snapshot } = await bench.boot(engine);
        await engine.cycle(snapshot, pause, { advance: true });
      };
      const error = await refusal(work());
      const title = `${name}-command`;
      expect(error.code).toBe('guest');
      expect(error.message.replace(title, 'X').replace(', in a cycle of pause,', '')).toMatch(message);
      expect(error.details?.title).toBe(`last lines of ${title}`);
      expect(error.details?.lines.map((line) => String(line).replace(title, 'X'))).toEqual(lines);
      expect(processesOf(bench.test.run.id)).toEqual([]);
      expect(existsSync(join(bench.checkout, 'cleaned'))).toBe(true);
      expect(homesOf(bench).flatMap((dir) => readdirSync(dir))).toEqual([]);
    },
  );
});

/** The folders of the boots that have been. */
function homesOf({ test }: CommandBench): string[] {
  const { dir } = test.run;
  const homes = readdirSync(dir).filter((name) => name.startsWith('b-'));
  expect(homes).not.toEqual([]);
  return homes.map((name) => join(dir, name));
}

it.each([
  ['resume', '`run` failed in the guest'],
  ['pause', '`check` failed in the guest'],
] as const)('%s-command says by status 71 that it was the guest’s command', async (name, what) => {
  const engine = bench.engine({ [name]: 'echo no such file; exit 71' });
  const { snapshot } = await bench.boot(engine);
  const error = await refusal(engine.cycle(snapshot, { ...pause, name: 'mine' }, { advance: true }));
  expect(error.code).toBe('scenario');
  expect(error.message).toBe(`${name}-command, in a cycle of mine, says that ${what} (exit status 71)`);
  expect(error.details?.lines).toEqual(['no such file']);
});

it('a machine in the background stays from resume to pause, whatever it puts out, and not longer', async () => {
  const engine = bench.engine({
    // A machine that goes on printing, as one does whose console is its stdout: nobody may be waited for, and no pipe may break.
    resume:
      'cp "$SNAPGATE_PARENT/memfile" "$SNAPGATE_WORK/memory"; (while :; do echo tick; echo tick >>"$SNAPGATE_WORK/ticks"; sleep 0.05; done) & echo $! >"$SNAPGATE_WORK/pid"',
    pause:
      'before=$(wc -l <"$SNAPGATE_WORK/ticks"); sleep 0.5; [ "$(wc -l <"$SNAPGATE_WORK/ticks")" -gt "$before" ]; cat "$SNAPGATE_WORK/pid" >>pids; mv "$SNAPGATE_WORK/memory" "$SNAPGATE_OUT/memfile"',
  });
  const { snapshot } = await bench.boot(engine);
  for (let cycle = 0; cycle < 2; cycle += 1)
    await engine.cycle(snapshot, { ...pause, settleMs: 300 }, { advance: true });
  const pids = readFileSync(join(bench.checkout, 'pids'), 'utf8').trim().split('\n');
  expect(new Set(pids).size).toBe(2);
  expect(processesOf(bench.test.run.id)).toEqual([]);
});

describe('the cleanup-command', () => {
  it('runs once for each machine, and finds its processes alive', async () => {
    const engine = bench.engine({
      resume: `cp "$SNAPGATE_PARENT/memfile" "$SNAPGATE_WORK/memory"; setsid sleep 600 & echo $! >"$SNAPGATE_WORK/pid"`,
      cleanup:
        'if [ -e "$SNAPGATE_WORK/pid" ]; then kill -0 "$(cat "$SNAPGATE_WORK/pid")"; echo resumed >>log; else echo booted >>log; fi',
    });
    const { snapshot } = await bench.boot(engine);
    await engine.cycle(snapshot, pause, { advance: true });
    await engine.cycle(snapshot, pause, { advance: false });
    expect(readFileSync(join(bench.checkout, 'log'), 'utf8')).toBe('booted\nresumed\nresumed\n');
    expect(processesOf(bench.test.run.id)).toEqual([]);
  });

  it('that fails fails the boot, and a command that failed before it is what is said', async () => {
    const cleanup = 'echo cannot; exit 5';
    const alone = await refusal(bench.boot(bench.engine({ cleanup })));
    expect(alone.message).toBe('cleanup-command exited 5');
    expect(alone.details?.lines).toEqual(['cannot']);
    const both = await refusal(bench.boot(bench.engine({ prepare: 'exit 3', cleanup })));
    expect(both.message).toBe('prepare-command exited 3');
    expect(bench.test.warnings).toEqual(['cleanup-command exited 5, after another command had failed']);
  });

  it('runs when the run is closed while a machine is there, and is over when it is closed again', async () => {
    const engine = bench.engine({
      prepare: 'touch begun; sleep 600',
      cleanup: 'echo "$SNAPGATE_COMMAND $SNAPGATE_ID $SNAPGATE_RUN_ID" >>log',
    });
    const booted = refusal(bench.boot(engine));
    while (!existsSync(join(bench.checkout, 'begun')))
      await new Promise((resolve) => setTimeout(resolve, 20));
    const { id } = bench.test.run;
    bench.test.abort();
    expect((await booted).code).toBe('interrupted');
    bench.test[Symbol.dispose]();
    bench.test[Symbol.dispose]();
    const log = readFileSync(join(bench.checkout, 'log'), 'utf8');
    expect(log).toMatch(new RegExp(`^cleanup snapgate-${id.slice(0, 8)}-\\w{6} ${id}\n$`));
    expect(processesOf(id)).toEqual([]);
    expect(existsSync(bench.test.run.dir)).toBe(false);
  });

  it('does not run when the run is closed after it has run', async () => {
    await bench.boot(bench.engine({ cleanup: 'echo >>log' }));
    bench.test[Symbol.dispose]();
    expect(readFileSync(join(bench.checkout, 'log'), 'utf8')).toBe('\n');
  });
});

it('a command that prints without end fills neither memory nor disk', async () => {
  const prepare = 'timeout 1 yes || :; sleep 0.6; stat -L -c %s /proc/self/fd/2 >size; exit 3';
  const engine = bench.engine({ prepare });
  const error = await refusal(bench.boot(engine));
  expect(error.details?.lines).toEqual(Array.from({ length: 40 }, () => 'y'));
  expect(error.message).toBe('prepare-command exited 3');
  // It may just have been emptied.
  const size = readFileSync(join(bench.checkout, 'size'), 'utf8');
  expect(size).toMatch(/^\d+\n$/);
  expect(Number(size)).toBeLessThanOrEqual(8 * 1024 * kibi);
});

it('the shell is that of a build-command', async () => {
  const { status } = spawnSync('sh', ['-c', 'command -v bash']);
  await bench.boot(
    bench.engine({ prepare: 'echo "$0" >which; head -c 1M /dev/zero >"$SNAPGATE_OUT/memfile"' }),
  );
  expect(readFileSync(join(bench.checkout, 'which'), 'utf8')).toBe(status === 0 ? 'bash\n' : 'sh\n');
});
