import { performance } from 'node:perf_hooks';
import { afterAll, describe, expect, test } from 'vitest';
import { runCycle } from '../../src/engine/qemu/run-cycle.ts';
import { waitUntilReady } from '../../src/engine/vm/wait-ready.ts';
import { openChannel } from '../../src/guest/channel.ts';
import { busyboxImage, guestOptions, openBench, quickBoot } from './guests.ts';

const bench = openBench();
afterAll(() => bench.close());
const { snapshot } = await quickBoot(bench, await busyboxImage(bench), bench.folder('boot'), [
  'inittab done',
]);

let forks = 0;

/** How long a guest counts as starting, when a command has arranged what its init shows of itself. */
async function startTakesMs(arrange: string, limitMs = 30_000): Promise<number> {
  const took: number[] = [];
  forks += 1;
  const fork = await bench.engine.fork(snapshot, bench.folder(`fork-${forks}`));
  await runCycle(bench.run, fork, { advance: false, activity: 'in a test' }, async (vm) => {
    if (vm.agent === undefined) throw new Error('the machine has no port for the agent');
    const channel = openChannel(vm.agent, true);
    expect(await channel.run(arrange, 10_000)).toMatchObject({ status: 0 });
    const begin = performance.now();
    const deadlineMs = begin + limitMs;
    await waitUntilReady({ run: bench.run, vm, channel, options: guestOptions, deadlineMs }, 'init');
    took.push(performance.now() - begin);
  });
  return took[0] ?? Number.NaN;
}

/*
 * FAKES: Debian's sysvinit and Alpine's OpenRC take half a minute to start here. What they show while they do is put in their place: an
 * inittab, the title of PID 1, the processes and files of a start. (By hand, Debian's sysvinit-core and openrc did boot to a cycle.)
 */
const sysvinit = "echo 'id:2:initdefault:' >/etc/inittab";
const title = (text: string) => `printf '${text}' >/title`;
const showTitle = 'mount -o bind /title /proc/1/cmdline';
const startsServices = "printf '#!/bin/sh\\nsleep 1\\n:\\n' >/rc; chmod 755 /rc; /rc >/dev/null 2>&1 &";
const openrc = 'echo ::sysinit:/sbin/openrc sysinit >/etc/inittab; mkdir -p /run/openrc/starting';
const later = (command: string) => `{ sleep 1; ${command}; } >/dev/null 2>&1 &`;

describe.concurrent('a guest is ready', () => {
  test('at once where its init says nothing of how far it is', async () => {
    expect(await startTakesMs('true')).toBeLessThan(5000);
  });

  test.each([
    [
      'sysvinit names the runlevel',
      [sysvinit, title('init boot'), showTitle, later(title('init [2]    \\0'))],
    ],
    [
      'sysvinit shows more than its path',
      [sysvinit, title('/sbin/init\\0'), showTitle, later(title('init [3]'))],
    ],
    ['sysvinit has run its scripts', [sysvinit, title('init [2]'), showTitle, startsServices]],
    ['OpenRC is in its default runlevel', [openrc, later('echo default >/run/openrc/softlevel')]],
    [
      'OpenRC has no service that starts',
      [
        openrc,
        'echo default >/run/openrc/softlevel; >/run/openrc/starting/x',
        later('rm /run/openrc/starting/x'),
      ],
    ],
  ])('when %s', async (_what, commands) => {
    const tookMs = await startTakesMs(commands.join('\n'));
    expect(tookMs).toBeGreaterThan(900);
    expect(tookMs).toBeLessThan(10_000);
  });

  test('at once where an inittab of sysvinit is left beside another init', async () => {
    expect(await startTakesMs([sysvinit, title('runit\\0'), showTitle].join('\n'))).toBeLessThan(5000);
  });

  test('or the error says what it waited for', async () => {
    await expect(startTakesMs(openrc, 1000)).rejects.toMatchObject({
      code: 'guest',
      message: 'the guest was not ready (its init was still starting services) within 2 min 0 s of its start',
      remedy: expect.stringContaining('`boot-timeout`'),
    });
  });
});
