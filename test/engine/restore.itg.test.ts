import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { powerOn } from '../../src/engine/qemu/boot.ts';
import { diskPathOf, type QemuSnapshot } from '../../src/engine/qemu/snapshot.ts';
import { openChannel } from '../../src/guest/channel.ts';
import { inGuest } from '../fixtures/resume.ts';
import { busyboxImage, guestOptions, openBench, quickBoot } from './guests.ts';

const bench = openBench();
afterAll(() => bench.close());
const image = await busyboxImage(bench);

describe('a chain of snapshots', async () => {
  // A folder may be called anything: its name is in QEMU's arguments, in /proc/PID/maps and in the header of each overlay.
  const dir = bench.folder('all, of="this":\n%s \\ is a name');
  const { snapshot } = await bench.engine.prepare(image, guestOptions, dir);

  test('goes on where it was paused over 50 cycles: a process, its files, the clocks', async () => {
    const began = performance.now();
    const start = await say(snapshot, startOfGuest);
    const first = clocksOf(start);
    let before = first;
    for (let cycle = 1; cycle <= 50; cycle += 1) {
      const lines = await say(snapshot, lookAtGuest);
      const { counter, process, log, blob, ...after } = { ...clocksOf(lines), ...stateOf(lines) };
      expect({ counter, process, log, blob }).toEqual({
        counter: cycle,
        process: stateOf(start).process,
        log: md5(logAfter(cycle)),
        blob: stateOf(start).blob,
      });
      expect(after.monotonicNs).toBeGreaterThan(before.monotonicNs);
      expect(after.uptimeS).toBeGreaterThanOrEqual(before.uptimeS);
      expect(after.wallS).toBeGreaterThanOrEqual(before.wallS);
      before = after;
    }
    const elapsedS = (performance.now() - began) / 1000;
    const guestS = (before.monotonicNs - first.monotonicNs) / 1e9;
    // A pause stops all of the guest's clocks; none runs ahead of the others, to the second that `date` counts in.
    expect(guestS).toBeLessThan(elapsedS);
    expect(Math.abs(before.uptimeS - first.uptimeS - guestS)).toBeLessThan(0.1);
    expect(Math.abs(before.wallS - first.wallS - guestS)).toBeLessThanOrEqual(1);
  });

  test('leaves a disk that holds the same for others: e2fsck, debugfs', async () => {
    await say(snapshot, 'sync');
    const raw = join(dir, 'disk.raw');
    execFileSync('qemu-img', ['convert', '-O', 'raw', diskPathOf(dir), raw]);
    // The guest runs: its journal is to be replayed, which is 1, and nothing else is wrong, which would be 4.
    execFileSync('sh', ['-c', '/sbin/e2fsck -fy "$1" >&2 || [ $? = 1 ]', 'sh', raw], { stdio: 'pipe' });
    expect(execFileSync('/sbin/debugfs', ['-R', 'cat /log', raw], { encoding: 'utf8', stdio: 'pipe' })).toBe(
      logAfter(50),
    );
  });
});

test('two processors go on after each resume', async () => {
  const options = { ...guestOptions, vcpus: 2 };
  const { snapshot } = await quickBoot(bench, image, bench.folder('two'), ['inittab done'], options);
  await say(snapshot, countOnEach);
  let before: number[] = [0, 0];
  for (let cycle = 0; cycle < 3; cycle += 1) {
    const after = (await say(snapshot, 'nproc; sleep 0.2; cat /tmp/count0 /tmp/count1')).map(Number);
    expect(after).toEqual([2, expect.any(Number), expect.any(Number)]);
    const counts = after.slice(1);
    counts.forEach((count, cpu) => {
      expect(count).toBeGreaterThan(before[cpu] ?? Number.NaN);
    });
    before = counts;
  }
});

test('20 of 20 cold boots reach the agent, two at a time', async () => {
  const kinds: string[] = [];
  const numbers = Array(20).keys();
  const lane = async () => {
    for (const number of numbers) kinds.push(await helloOf(bench.folder(`cold-${number}`)));
  };
  await Promise.all([lane(), lane()]);
  expect(kinds).toEqual(Array(20).fill('init'));
});

async function helloOf(dir: string): Promise<string> {
  const { vm } = await powerOn(bench.run, 'tcg', image, guestOptions, dir);
  try {
    if (vm.agent === undefined) throw new Error('the machine has no port for the agent');
    return await vm.guard(openChannel(vm.agent, false).hello);
  } finally {
    await vm.close();
  }
}

/** The lines that a command puts out in the next cycle of a chain. */
async function say(snapshot: QemuSnapshot, command: string): Promise<string[]> {
  const { status, output } = await inGuest(bench.run, snapshot, (it) => it.run(command, 60_000), true);
  expect([status, output.toString()]).toEqual([0, expect.any(String)]);
  return output.toString().split('\n').slice(0, -1);
}

/** Each line a process less than it could be: 50 cycles of them are waited for. */
const clocks = 'read -r uptime _ </proc/uptime; echo $uptime; grep "^now at" /proc/timer_list; date +%s';
const state = 'read -r pid </tmp/pid; cut -d " " -f 1,22 /proc/$pid/stat; md5sum </log; md5sum </tmp/blob';

/** A process that counts the lines that it is sent in its own memory; memory that nobody writes to again. */
const startOfGuest = `
mkfifo /tmp/in /tmp/out
(n=0; while read -r line </tmp/in; do n=$((n + 1)); echo $n >/tmp/out; done) >/dev/null 2>&1 &
echo $! >/tmp/pid
head -c 262144 /dev/urandom >/tmp/blob
: >/log
echo 0
${state}
${clocks}`;

/** Every other cycle the file's new line is in the page cache alone; in the others it is read back from the disk. */
const lookAtGuest = `
echo >/tmp/in
read -r n </tmp/out
echo "cycle $n" >>/log
[ $((n % 2)) = 1 ] || { sync; echo 3 >/proc/sys/vm/drop_caches; }
echo $n
${state}
${clocks}`;

function stateOf(lines: readonly string[]) {
  const [counter, process, log, blob] = lines;
  return { counter: Number(counter), process, log: log?.slice(0, 32), blob };
}

function clocksOf(lines: readonly string[]) {
  const numbers = lines.slice(4).map((line) => Number(/[\d.]+/.exec(line)?.[0]));
  const [uptimeS = Number.NaN, monotonicNs = Number.NaN, wallS = Number.NaN] = numbers;
  return { uptimeS, monotonicNs, wallS };
}

function logAfter(cycles: number): string {
  return Array.from({ length: cycles }, (_, index) => `cycle ${index + 1}\n`).join('');
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** A process on each processor that counts in a file. */
const countOnEach = `
for cpu in 0 1; do
  taskset -c $cpu sh -c "n=0; while :; do n=\\$((n + 1)); echo \\$n >/tmp/next$cpu; mv /tmp/next$cpu /tmp/count$cpu; done" >/dev/null 2>&1 &
done
sleep 0.5`;
