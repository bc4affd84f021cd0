import { afterAll, describe, expect, test } from 'vitest';
import type { QemuSnapshot } from '../../src/engine/qemu/snapshot.ts';
import { type ContainerConfig, entrypointScript } from '../../src/guest/init.ts';
import { busyboxImage, command, openBench, pause, quickBoot } from '../engine/guests.ts';
import { entrypointLine } from '../fixtures/busybox.ts';
import { askGuest } from '../fixtures/resume.ts';

const bench = openBench();
afterAll(() => bench.close());
const [bare, scratch] = await Promise.all([
  quickBoot(bench, await busyboxImage(bench, () => {}, 'none'), bench.folder('none'), ['HOME:', '/opt/bin']),
  quickBoot(bench, await busyboxImage(bench, () => {}, 'scratch'), bench.folder('scratch'), [
    'exit status 3',
  ]),
]);

async function say(snapshot: QemuSnapshot, said: string): Promise<string> {
  const { status, output } = await askGuest(bench.run, snapshot, said);
  expect([status, output.toString()]).toEqual([0, expect.any(String)]);
  return output.toString();
}

describe.each([
  ['a bare container', bare],
  ['a container of one binary', scratch],
])('%s', (_what, { kind, snapshot }) => {
  test('is given an init, and says so', () => {
    expect(kind).toBe('none');
  });

  test('gives a measured cycle', async () => {
    const options = { advance: true };
    const first = await bench.engine.cycle(snapshot, pause, options);
    const second = await bench.engine.cycle(
      snapshot,
      command('x=1; while [ $x -lt 1000 ]; do x=$((x + 1)); done'),
      options,
    );
    expect(first.metrics['memfile.writtenBytes']).toBeGreaterThan(0);
    expect(second.metrics['memfile.writtenBytes']).toBeGreaterThan(
      first.metrics['memfile.writtenBytes'] ?? Number.NaN,
    );
  });
});

describe('a bare container', () => {
  test('runs its ENTRYPOINT as its user, in its folder, with its environment and arguments as they are', () => {
    const from = bare.console.indexOf(entrypointLine);
    expect(bare.console.slice(from, from + 6)).toEqual([
      entrypointLine,
      'uid=1000(web) gid=1001(web) groups=44(extra),1001(web)',
      '/srv',
      'it\'s "fine" $HOME',
      "with 'quotes' and $(no shell)",
      'HOME: /home/web /opt/bin:/usr/bin:/bin',
    ]);
  });

  test('keeps its ENTRYPOINT running, beside the agent and nothing else', async () => {
    const processes = "ps -o user,args | grep -v ' \\[' | grep -v -e 'ps -o' -e grep -e 'tail -c' -e base64";
    const lines = (await say(bare.snapshot, processes)).split('\n').map((line) => line.replace(/\s+/g, ' '));
    expect(lines.filter((line) => line.startsWith('web'))).toEqual(['web sleep 1000000']);
  });

  test('gives a command the ENV of the image, as `docker exec` does', async () => {
    const said = await say(bare.snapshot, 'echo "$GREETING"; echo "$PATH"; echo "$HOME"; id -u; pwd');
    expect(said).toBe('it\'s "fine" $HOME\n/opt/bin:/usr/bin:/bin\n/root\n0\n/\n');
  });

  test('reaps what nobody waits for', async () => {
    const orphans = 'i=0; while [ $i -lt 50 ]; do (sleep 0.1 &); i=$((i + 1)); done; sleep 1';
    const zombies = "cat /proc/[0-9]*/stat | grep -c ') Z ' || true";
    expect(await say(bare.snapshot, `${orphans}; ${zombies}`)).toBe('0\n');
  });

  test('has what a container engine mounts', async () => {
    const mounted = "awk '{ print $2, $3 }' /proc/mounts | sort";
    expect((await say(bare.snapshot, mounted)).split('\n')).toEqual(
      expect.arrayContaining([
        '/ ext4',
        '/dev devtmpfs',
        '/dev/mqueue mqueue',
        '/dev/pts devpts',
        '/dev/shm tmpfs',
        '/proc proc',
        '/sys sysfs',
        '/sys/fs/cgroup cgroup2',
      ]),
    );
    expect(
      await say(bare.snapshot, 'echo out >/dev/stdout; readlink /dev/fd; ifconfig lo | grep -o 127.0.0.1'),
    ).toBe('out\n/proc/self/fd\n127.0.0.1\n');
  });
});

describe('a container of one binary', () => {
  test('goes on when its ENTRYPOINT ends, and says how it ended', () => {
    const from = scratch.console.indexOf(entrypointLine);
    expect(scratch.console.slice(from, from + 2)).toEqual([
      entrypointLine,
      "snapgate: the image's ENTRYPOINT ended with exit status 3; the guest goes on",
    ]);
  });

  test('has a shell for commands, though the image has none', async () => {
    expect(await say(scratch.snapshot, 'echo "$0"; ls /; [ -e /bin/sh ] || echo none')).toBe(
      'sh\nbusybox\ndev\nlost+found\nproc\nrun\nsys\ntmp\nnone\n',
    );
  });
});

describe('an ENTRYPOINT', () => {
  const container: ContainerConfig = {
    entrypoint: ['/bin/sh', '-c'],
    cmd: ['id; pwd; echo "$HOME"'],
    env: [],
    workingDir: '',
    user: '',
  };

  /** What it puts out where PID 1 would start it, in the bare guest with its users web (1000:1001, in extra) and odd (0:5). */
  async function enter(config: Partial<ContainerConfig>): Promise<{ status: number; said: string }> {
    const script = `echo odd:x:0:5:odd:/odd:/bin/sh >>/etc/passwd
cat >/.snapgate/entrypoint <<'END OF SCRIPT'
${entrypointScript({ ...container, ...config })}END OF SCRIPT
exec 2>&1 /.snapgate/busybox env -i /.snapgate/busybox sh /.snapgate/entrypoint run`;
    const { status, output } = await askGuest(bench.run, bare.snapshot, script);
    return { status, said: output.toString() };
  }

  test.each<[string, Partial<ContainerConfig>, string]>([
    ['root where none is named', {}, 'uid=0(root) gid=0(root)\n/\n/root\n'],
    ['a name', { user: 'web' }, 'uid=1000(web) gid=1001(web) groups=44(extra),1001(web)\n/\n/home/web\n'],
    [
      'its number',
      { user: '1000' },
      'uid=1000(web) gid=1001(web) groups=44(extra),1001(web)\n/\n/home/web\n',
    ],
    [
      'a name and its group, then no other',
      { user: 'web:web' },
      'uid=1000(web) gid=1001(web)\n/\n/home/web\n',
    ],
    ['a name and another group', { user: 'web:extra' }, 'uid=1000(web) gid=44(extra)\n/\n/home/web\n'],
    ['a number that is not listed', { user: '1234' }, 'uid=1234 gid=0(root)\n/\n/\n'],
    ['two of them', { user: '1234:4321' }, 'uid=1234 gid=4321\n/\n/\n'],
    ['root in a group', { user: 'root:44' }, 'uid=0(root) gid=44(extra)\n/\n/root\n'],
    ['a second name of root', { user: 'odd' }, 'uid=0(root) gid=5 groups=5\n/\n/odd\n'],
  ])('runs as %s', async (_what, config, said) => {
    expect(await enter(config)).toEqual({ status: 0, said });
  });

  test('runs in a folder that is made for its user where it is not there', async () => {
    const config = { user: 'web', workingDir: "/a/b c/'d'", cmd: ['pwd; stat -c %U:%G .'] };
    expect(await enter(config)).toEqual({ status: 0, said: "/a/b c/'d'\nweb:web\n" });
  });

  test('has the environment of the image and hardly more, and is looked for in its PATH', async () => {
    const env = ['HOME=/x', 'PATH=/opt/bin', 'A=b  "c" \'d\' $E `f`\ng', 'not-a-name=1', 'EMPTY='];
    const config = { env, entrypoint: ['show'], cmd: ['-n', "it's", ''] };
    const show = `mkdir -p /opt/bin; printf '#!/bin/sh\\n/bin/cat /proc/$$/environ; for word; do echo "<$word>"; done\\n' >/opt/bin/show; chmod 755 /opt/bin/show`;
    await bench.engine.cycle(bare.snapshot, command(show), { advance: true });
    const { status, said } = await enter(config);
    expect([status, said.split('\0').toSorted()]).toEqual([
      0,
      [
        "<-n>\n<it's>\n<>\n",
        'A=b  "c" \'d\' $E `f`\ng',
        'EMPTY=',
        'HOME=/x',
        'HOSTNAME=localhost',
        'PATH=/opt/bin',
        'not-a-name=1',
      ],
    ]);
  });

  test.each<[string, Partial<ContainerConfig>, number]>([
    ['a user that is not listed', { user: 'nobody' }, 126],
    ['a group that is not listed', { user: 'web:nobody' }, 126],
    ['a user that would be a command', { user: 'web;reboot' }, 126],
    ['a program that is not there', { entrypoint: ['no such'], cmd: [] }, 127],
    ['a folder for a program', { entrypoint: ['/srv'], cmd: [] }, 126],
  ])('does not start with %s', async (_what, config, status) => {
    expect((await enter(config)).status).toBe(status);
  });
});
