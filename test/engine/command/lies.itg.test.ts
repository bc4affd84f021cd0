import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandSettings } from '../../../src/engine/settings.ts';
import { refusal } from '../../host/refusal.ts';
import { type CommandBench, openCommandBench, pause } from './bench.ts';

let bench: CommandBench;
beforeEach(() => {
  bench = openCommandBench();
});
afterEach(() => bench[Symbol.dispose]());

const out = '"$SNAPGATE_OUT/memfile"';

interface Case {
  readonly command: string;
  readonly message: RegExp;
  readonly settings?: Partial<CommandSettings>;
}

/** What a command may do that exits 0, and what is said of it. */
const liesOfBoth: Readonly<Record<string, Case>> = {
  'leaves nothing': {
    command: 'echo saved',
    message: /exited 0, but left no file memfile in SNAPGATE_OUT, which holds nothing$/,
  },
  'leaves it under another name': {
    command: 'echo saved; for n in 1 2 3 4 5 6 7 8 9; do echo >"$SNAPGATE_OUT/m$n"; done',
    message: /but left no file memfile in SNAPGATE_OUT, which holds .*m.* and 1 more$/,
  },
  'leaves a short file': {
    command: `echo saved; head -c 4096 /dev/zero >${out}`,
    message: /but left memfile of 4\.00 KiB \(4096 B\), and the guest has 1\.00 MiB of memory$/,
  },
  'leaves half a page more': {
    command: `echo saved; head -c 1050624 /dev/zero >${out}`,
    message: /but left memfile of 1\.00 MiB \(1050624 B\), which is not a number of pages$/,
  },
  'leaves an endless file': {
    command: `echo saved; truncate -s 5G ${out}`,
    message: /of 5\.00 GiB \(5368709120 B\), more than 4\.00 GiB$/,
  },
  'leaves a symbolic link': {
    command: `echo saved; head -c 1M /dev/zero >"$SNAPGATE_WORK/m"; ln -s "$SNAPGATE_WORK/m" ${out}`,
    message: /but left a symbolic link at memfile in SNAPGATE_OUT, not a file$/,
  },
  'leaves a link to a device': {
    command: `echo saved; ln -s /dev/zero ${out}`,
    message: /but left a symbolic link at memfile/,
  },
  'leaves a FIFO': { command: `echo saved; mkfifo ${out}`, message: /but left a FIFO at memfile/ },
  'leaves a folder': { command: `echo saved; mkdir ${out}`, message: /but left a folder at memfile/ },
  'puts a link in the place of the folder': {
    command:
      'echo saved; mkdir "$SNAPGATE_WORK/o"; head -c 1M /dev/zero >"$SNAPGATE_WORK/o/memfile"; rmdir "$SNAPGATE_OUT"; ln -s "$SNAPGATE_WORK/o" "$SNAPGATE_OUT"',
    message: /but left a file behind a symbolic link at memfile/,
  },
  'removes the folder': { command: 'echo saved; rm -r "$SNAPGATE_OUT"', message: /but left no file memfile/ },
  'leaves ten thousand files more': {
    command: `echo saved; head -c 1M /dev/zero >${out}; cd "$SNAPGATE_OUT"; seq 10001 | xargs touch`,
    message: /but left more than 10000 files in SNAPGATE_OUT$/,
  },
};

const liesOfPause: Readonly<Record<string, Case>> = {
  'leaves a file of another size than the parent’s': {
    command: `echo saved; head -c 1052672 /dev/zero >${out}`,
    message: /\(1052672 B\), and the parent's has 1\.00 MiB \(1048576 B\)$/,
  },
  'leaves a link to the parent’s file': {
    command: `echo saved; ln "$SNAPGATE_PARENT_MEMFILE" ${out}`,
    message: /but left the parent's own file as memfile: a link to it/,
  },
  'moves the parent’s file': {
    command: `echo saved; mv "$SNAPGATE_PARENT_MEMFILE" ${out}`,
    message: /has changed memfile in SNAPGATE_PARENT$/,
  },
  'writes to the parent': {
    command: `echo saved; cp "$SNAPGATE_PARENT_MEMFILE" ${out}; printf x | dd of="$SNAPGATE_PARENT_MEMFILE" conv=notrunc status=none`,
    message: /but it, or resume-command, has changed memfile in SNAPGATE_PARENT$/,
  },
  'leaves a log in the parent': {
    command: `echo saved; cp "$SNAPGATE_PARENT_MEMFILE" ${out}; echo >"$SNAPGATE_PARENT/log"`,
    message: /has changed log in SNAPGATE_PARENT$/,
  },
};

describe('a prepare-command that exits 0 and', () => {
  it.each(Object.entries(liesOfBoth))('%s is named, with its last lines', async (_, { command, message }) => {
    const error = await refusal(bench.boot(bench.engine({ prepare: command })));
    expect(error.code).toBe('guest');
    expect(error.message).toMatch(/^prepare-command exited 0, but /);
    expect(error.message).toMatch(message);
    expect(error.details).toEqual({ title: 'last lines of prepare-command', lines: ['saved'] });
  });
});

describe('a pause-command that exits 0 and', () => {
  it.each(Object.entries({ ...liesOfBoth, ...liesOfPause }))(
    '%s is named, with its last lines',
    async (_, { command, message }) => {
      const engine = bench.engine({
        pause: `[ "$SNAPGATE_SCENARIO" != lie ] || { ${command}; exit 0; }; ${honest}`,
      });
      const { snapshot } = await bench.boot(engine);
      const error = await refusal(engine.cycle(snapshot, { ...pause, name: 'lie' }, { advance: true }));
      expect(error.code).toBe('guest');
      expect(error.message).toMatch(/^pause-command, in a cycle of lie, exited 0, but /);
      expect(error.message.replace(', in a cycle of lie,', '')).toMatch(message);
      expect(error.details).toEqual({ title: 'last lines of pause-command', lines: ['saved'] });
    },
  );
});

it('a parent that was left alone can be resumed again', async () => {
  const lie = 'if [ "$SNAPGATE_SCENARIO" = lie ]; then exit 0; fi';
  const engine = bench.engine({ pause: `${lie}; ${honest}` });
  const { snapshot } = await bench.boot(engine);
  await refusal(engine.cycle(snapshot, { ...pause, name: 'lie' }, { advance: true }));
  const { metrics } = await engine.cycle(snapshot, pause, { advance: true });
  expect(metrics['memfile.changedBytes']).toBe(0);
});

const honest = `mv "$SNAPGATE_WORK/memory" ${out}`;
