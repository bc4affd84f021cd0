import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import type { Channel, CommandOutcome } from '../../src/guest/channel.ts';
import { tailBytes } from '../../src/guest/protocol.ts';
import { busyboxImage, openBench, quickBoot } from '../engine/guests.ts';
import { inGuest } from '../fixtures/resume.ts';

const bench = openBench();
afterAll(() => bench.close());
const { kind, snapshot } = await quickBoot(bench, await busyboxImage(bench), bench.folder('boot'), [
  'inittab done',
]);

interface Timed extends CommandOutcome {
  readonly tookMs: number;
}

/** A command in a guest of its own, which must then still answer to the next one. */
function ask(command: string, limitMs = 30_000): Promise<Timed> {
  return talk(async (channel) => {
    const begin = performance.now();
    const outcome = await channel.run(command, limitMs);
    const tookMs = performance.now() - begin;
    const next = await channel.run('echo next', 10_000);
    expect([next.status, next.output.toString()]).toEqual([0, 'next\n']);
    return { ...outcome, tookMs };
  });
}

let forks = 0;

async function talk<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
  forks += 1;
  const fork = await bench.engine.fork(snapshot, bench.folder(`fork-${forks}`));
  return inGuest(bench.run, fork, work);
}

async function say(channel: Channel, command: string): Promise<string> {
  const { status, output } = await channel.run(command, 30_000);
  expect([status, output.toString()]).toEqual([0, expect.any(String)]);
  return output.toString();
}

test('names the init that it found', () => {
  expect(kind).toBe('init');
});

type Row = readonly [what: string, command: string, status: number, output: string];

describe('a command', async () => {
  const rows: readonly Row[] = [
    ['status and both streams', 'echo out; echo err >&2; exit 3', 3, 'out\nerr\n'],
    ['nothing to do', '# nothing', 0, ''],
    ['no status larger than a byte', 'exit 300', 44, ''],
    ['syntax', 'if', 2, '/bin/sh: syntax error: unexpected end of file (expecting "then")\n'],
    ['killed by itself', 'kill -9 $$', 137, 'Killed\n'],
    ['terminated by itself', 'kill -TERM $$', 143, 'Terminated\n'],
    ['no input', 'read -r line; echo "$? $line"; cat', 0, '1 \n'],
    ['its own place', 'pwd; umask; id -u; tty; echo "$0"', 0, '/\n0022\n0\nnot a tty\n/bin/sh\n'],
    ['quotes and lines', `cat <<'END'\n'"$$\\\nEND\nprintf "%s" "a\nb"`, 0, '\'"$$\\\na\nb'],
    ['no signal is ignored or blocked', 'grep -E "^Sig(Blk|Ign)" /proc/self/status; true', 0, noSignals()],
    ['a trap works', 'trap "echo caught; exit 5" INT; kill -INT $$', 5, 'caught\n'],
    ['open files', 'cd /proc/self/fd && echo *', 0, '0 1 2 3\n'],
    ['a session of its own', 'cut -d " " -f 5,6 /proc/$$/stat | tr " " "\\n" | sort -u | wc -l', 0, '1\n'],
    ['nobody spares it from the OOM killer', 'cat /proc/self/oom_score_adj', 0, '0\n'],
    ['the port is not for it', 'true 3<>/dev/vport0p1', 1, expect.stringContaining('busy')],
  ];
  const outcomes = await talk(async (channel) => {
    const all = new Map<string, CommandOutcome>();
    for (const [what, command] of rows) all.set(what, await channel.run(command, 30_000));
    return all;
  });

  test.each(rows)('%s', (what, _command, status, output) => {
    const outcome = outcomes.get(what);
    expect([outcome?.status, outcome?.output.toString()]).toEqual([status, output]);
  });

  test('puts out any bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: tailBytes }, (_, at) => (at * 7 + (at >> 8)) % 256));
    const lines = bytes.toString('base64').replaceAll(/.{76}/g, '$&\n');
    expect((await ask(`base64 -d <<END\n${lines}\nEND`)).output).toEqual(bytes);
  });

  test('may be as long as a line of the protocol holds', async () => {
    const words = 'x'.repeat(48_000);
    expect((await ask(`text=${words}; echo \${#text}`)).output.toString()).toBe('48000\n');
  });
});

describe.concurrent('the limits of a command', () => {
  test('of 50 MB of output its end is kept, byte for byte', async () => {
    const { status, output } = await ask('head -c 50000000 /dev/zero; printf end; exit 4', 60_000);
    expect([status, output]).toEqual([4, Buffer.concat([Buffer.alloc(tailBytes - 3), Buffer.from('end')])]);
  });

  test.each([
    ['that sleeps', 'echo before; sleep 1000', 'before\nKilled\n'],
    ['that spins', 'while :; do :; done', 'Killed\n'],
    ['that ignores signals', 'trap "" HUP INT QUIT TERM; sleep 1000', 'Killed\n'],
    ['that has stopped itself', 'kill -STOP $$', 'Killed\n'],
    ['that closed its output', 'exec >&- 2>&-; sleep 1000', 'Killed\n'],
    ['that has children', 'sleep 1000 & sleep 1000 | cat; wait', 'Killed\n'],
    ['that prints without end', 'yes', expect.stringMatching(/y\nKilled\n$/)],
  ])('one %s is ended', async (_what, command, output) => {
    const outcome = await ask(command, 1000);
    expect([outcome.status, outcome.output.toString()]).toEqual([137, output]);
    expect(outcome.tookMs).toBeGreaterThanOrEqual(1000);
    expect(outcome.tookMs).toBeLessThan(8000);
  });

  test('what it has started is ended with it', async () => {
    await talk(async (channel) => {
      const { status } = await channel.run('sleep 1001 & sleep 1002 | sleep 1003; wait', 1000);
      expect(status).toBe(137);
      expect(await say(channel, "ps -o args | grep -c '[s]leep 100' || true")).toBe('0\n');
    });
  });

  test('counts from its start, which may be slow', async () => {
    await talk(async (channel) => {
      await say(channel, slowBusybox);
      const { status, output } = await channel.run('sleep 1000', 1000);
      expect([status, output.toString()]).toEqual([137, 'Killed\n']);
    });
  });
});

/** Each start of an applet by the agent takes most of a second from here on. */
const slowBusybox = `printf '#!/bin/busybox sh\\nsleep 0.7\\nexec /bin/busybox "$@"\\n' >/slow
chmod 755 /slow
mount -o bind /slow /.snapgate/busybox`;

describe.concurrent('a process that a command leaves behind', () => {
  test('does not hold the command up, and lives on', async () => {
    await talk(async (channel) => {
      const { status, output } = await channel.run('sleep 1001 & echo started; exit 6', 60_000);
      expect([status, output.toString()]).toEqual([
        6,
        '(snapgate: the command left a process behind that holds its output open, so it is not shown)\n',
      ]);
      expect(await say(channel, "ps -o args | grep -c '[s]leep 1001'")).toBe('1\n');
    });
  });

  test('takes no output away where it has one of its own', async () => {
    await talk(async (channel) => {
      const start = 'sleep 1001 >/dev/null 2>&1 & echo started';
      expect(await say(channel, start)).toBe('started\n');
      expect(await say(channel, "ps -o args | grep -c '[s]leep 1001'")).toBe('1\n');
    });
  });

  test('gives its late output to no other command', async () => {
    await talk(async (channel) => {
      // The agent waits for two seconds to see the end of the output.
      await channel.run('(sleep 2.7; echo late) & true', 10_000);
      expect(await say(channel, 'sleep 1.5; echo second')).toBe('second\n');
      expect(await say(channel, 'echo third')).toBe('third\n');
    });
  });
});

test('between two commands the agent does nothing', async () => {
  await talk(async (channel) => {
    const first = await say(channel, agentUse);
    const second = await say(channel, agentUse);
    await delay(2000);
    const third = await say(channel, agentUse);
    // What it takes to run a command is the unit: two seconds between two of them add nothing to it.
    const unit = switchesOf(second) - switchesOf(first);
    expect(switchesOf(third) - switchesOf(second)).toBeLessThanOrEqual(unit + 2);
    expect(childrenOf(third)).toEqual(childrenOf(first));
  });
});

/** Voluntary switches of the agent, and the names of its children. */
const agentUse = `agent=$(ps -o pid,args | grep '[/].snapgate/agent init' | head -n 1 | awk '{ print $1 }')
grep ^voluntary /proc/$agent/status
ps -o ppid,args | grep "^ *$agent " || true`;

function switchesOf(use: string): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(use)?.[1]);
}

function childrenOf(use: string): string[] {
  return use.split('\n').slice(1, -1);
}

function noSignals(): string {
  return 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n';
}
