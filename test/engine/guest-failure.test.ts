import { describe, expect, it } from 'vitest';
import { type VmEnd, vmEndError } from '../../src/engine/qemu/vm-end.ts';
import { findPanic, guestError, plainWords, withConsole } from '../../src/engine/vm/guest-failure.ts';
import { SnapgateError } from '../../src/host/error.ts';

function endOf(more: Partial<VmEnd>): VmEnd {
  const silent = { console: [], stderr: [], shutdown: undefined, code: 0, signal: null };
  return { activity: 'in a cycle of x', boots: false, ...silent, ...more };
}

describe('vmEndError', () => {
  const boot = { activity: 'while it booted', boots: true };
  it.each<[string, Partial<VmEnd>, string, string, RegExp]>([
    [
      'a panic',
      { console: ['[    6.787173] Kernel panic - not syncing: sysrq triggered crash', 'trace'] },
      'guest',
      "the guest's kernel panicked in a cycle of x: sysrq triggered crash",
      /console/,
    ],
    [
      'no root disk',
      {
        ...boot,
        console: ['[    1.6] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'],
      },
      'guest',
      "the guest's kernel panicked while it booted: VFS: Unable to mount root fs on unknown-block(0,0)",
      /`initrd: auto`/,
    ],
    [
      'an init that ended',
      {
        ...boot,
        console: ['Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100'],
        shutdown: 'guest-reset',
      },
      'guest',
      "the guest's kernel panicked while it booted: Attempted to kill init! exitcode=0x00000100",
      /init could not be run/,
    ],
    [
      'no memory',
      {
        console: ['Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled'],
      },
      'guest',
      "the guest's kernel panicked in a cycle of x: Out of memory: compulsory panic?on?oom is enabled",
      /`memory-size`/,
    ],
    [
      'no disk, which the initrd says before it reboots',
      { ...boot, console: ['snapgate: no disk: /dev/vda did not appear'], shutdown: 'guest-reset' },
      'guest',
      "the guest's kernel found no disk while it booted",
      /virtio-blk/,
    ],
    [
      'no file system',
      { ...boot, console: ['snapgate: no root: /dev/vda is not an ext4'], shutdown: 'guest-reset' },
      'guest',
      "the guest's kernel could not start from its disk while it booted",
      /ext4/,
    ],
    [
      'a reboot',
      { shutdown: 'guest-reset', console: ['bye'] },
      'guest',
      'the guest rebooted in a cycle of x',
      /stay up/,
    ],
    [
      'a silent reboot',
      { shutdown: 'guest-reset' },
      'guest',
      'the guest rebooted in a cycle of x',
      /stay up/,
    ],
    [
      'a reset before the first word',
      { ...boot, shutdown: 'guest-reset' },
      'guest',
      'the machine reset itself while it booted, before its kernel had said anything',
      /`memory-size`/,
    ],
    [
      'a shutdown',
      { shutdown: 'guest-shutdown' },
      'guest',
      'the guest powered itself off in a cycle of x',
      /stay up/,
    ],
    ['an exit', { code: 1 }, 'host', 'QEMU exited 1 in a cycle of x', /snapgate probe/],
    [
      'a signal',
      { code: null, signal: 'SIGKILL' },
      'host',
      'QEMU was ended by SIGKILL in a cycle of x',
      /memory ran out/,
    ],
    [
      'no QEMU',
      { code: 127, stderr: ['setpriv: failed to execute qemu-system-x86_64: No such file or directory'] },
      'host',
      'the command qemu-system-x86_64 is not on this machine',
      /apt-get install .*qemu-system-x86/,
    ],
  ])('%s', (_what, end, code, message, remedy) => {
    const error = vmEndError(endOf(end));
    expect([error.code, error.message]).toEqual([code, message]);
    expect(error.remedy).toMatch(remedy);
  });

  it('shows the last 40 lines of the console, behind those of QEMU where QEMU failed', () => {
    const console = Array.from({ length: 60 }, (_, index) => `line ${index}`);
    const rebooted = vmEndError(endOf({ console, shutdown: 'guest-reset', stderr: ['not this'] }));
    expect(rebooted.details?.lines).toEqual(console.slice(-40));
    const exited = vmEndError(endOf({ console: ['console'], stderr: ['stderr'], code: 1 }));
    expect(exited.details?.lines).toEqual(['stderr', 'console']);
  });
});

describe('findPanic', () => {
  it.each([
    ['Kernel panic - not syncing: why', 'why'],
    ['[    1.661034] Kernel panic - not syncing: why', 'why'],
    ['<0>[    1.661034] Kernel panic - not syncing: why', 'why'],
    ['[    1.661034][    T1] Kernel panic - not syncing: why', 'why'],
    ['[    1.661034][ C0] Kernel panic - not syncing:', ''],
    ['[    1.7] ---[ end Kernel panic - not syncing: why ]---', undefined],
    ['a service says: Kernel panic - not syncing: why', undefined],
    ['Kernel panic', undefined],
  ])('%s', (line, said) => {
    expect(findPanic(['before', line, 'after'])).toBe(said);
  });
});

describe('plainWords', () => {
  it('leaves nothing that Markdown, HTML, a terminal or a workflow command acts on', () => {
    expect(plainWords('<b>`x` [a](b) ![c] | *d* _e_ \u001b[31m\n::error::f\u202e')).toBe(
      '?b??x? ?a?(b) !?c? ? ?d? ?e? ??31m?::error::f?',
    );
  });

  it('is short', () => {
    expect(plainWords('x'.repeat(500))).toBe(`${'x'.repeat(120)}...`);
    expect(plainWords('abcdef', 3)).toBe('abc...');
  });
});

describe('withConsole', () => {
  const bare = new SnapgateError('guest', 'the guest cannot be driven any more: x', 'remedy');

  it('adds the activity and the console to an error of the channel', () => {
    const error = withConsole(bare, 'in a cycle of x', ['last words']);
    expect(error).toMatchObject({
      code: 'guest',
      message: 'in a cycle of x, the guest cannot be driven any more: x',
      remedy: 'remedy',
      details: { lines: ['last words'] },
    });
  });

  it.each([
    ['one that has them', guestError('the guest rebooted', 'remedy', ['last words'])],
    ['a scenario', new SnapgateError('scenario', 'it exited 1', 'remedy')],
    ['a bug', new Error('bug')],
  ])('leaves alone %s', (_what, error) => {
    expect(withConsole(error, 'in a cycle of x', ['more'])).toBe(error);
  });
});
