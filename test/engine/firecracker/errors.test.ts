import { describe, expect, test } from 'vitest';
import { ApiRefusal, ApiSilence } from '../../../src/engine/firecracker/api.ts';
import {
  guestEndError,
  isEndLine,
  machineEndError,
  refusalError,
  silenceError,
} from '../../../src/engine/firecracker/errors.ts';

const where = { activity: 'while it booted', dir: '/work/dir', log: ['log line'] };
const load = 'Load snapshot error: Failed to restore from snapshot: ';
const state = `${load}Failed to get snapshot state from file: Failed to load snapshot state from file: `;
const memory = `${load}Failed to load guest memory: Error creating guest memory from file: `;
const kernel =
  'Start microvm error: System configuration error: Cannot load kernel due to invalid memory configuration or invalid kernel image: Kernel Loader: failed to load ELF kernel image: Kernel Loader: ';
const acl = " Make sure the user launching the firecracker process is configured on the /dev/kvm file's ACL.";

/** The words of the real one, 1.7 to 1.16: as it said them when it was asked for the impossible, else as its sources have them. */
const known: readonly [fault: string, code: string, sentence: string, remedy: RegExp][] = [
  [
    `Start microvm error: Kvm error: Error creating KVM object: Permission denied (os error 13)${acl}`,
    'host',
    'while it booted, Firecracker may not open /dev/kvm',
    /usermod -aG kvm.*`engine: qemu`/,
  ],
  [
    `${load}Failed to build microVM from snapshot: Failed to create microVM and vCPUs: Kvm error: Error creating KVM object: No such file or directory (os error 2)${acl}`,
    'host',
    'while it booted, Firecracker found no /dev/kvm',
    /nested.*`engine: qemu`/,
  ],
  [
    `Kvm error: Error creating KVM object: Too many open files (os error 24)${acl}`,
    'host',
    'while it booted, Firecracker could not open /dev/kvm',
    /probe/,
  ],
  [
    'Start microvm error: Kvm error: Missing KVM capabilities: 0x7f',
    'host',
    "while it booted, Firecracker lacks capabilities of this machine's KVM",
    /another machine.*`engine: qemu`/,
  ],
  [
    'Start microvm error: Kvm error: The host kernel reports an invalid KVM API version: -1',
    'host',
    'while it booted, Firecracker found something at /dev/kvm that is no KVM',
    /nested/,
  ],
  [
    'Create snapshot error: Cannot write memory file: No space left on device (os error 28)',
    'host',
    "the disk of this machine is full at /work/dir, where the guest's memory and disk are kept",
    /`work-dir`/,
  ],
  [
    'Start microvm error: Error creating guest memory: Cannot allocate memory (os error 12)',
    'host',
    "while it booted, Firecracker could not get the guest's memory",
    /`memory-size`/,
  ],
  [
    `${kernel}Invalid Elf magic number`,
    'image',
    'while it booted, Firecracker cannot boot this kernel, which is no ELF',
    /not a bzImage.*`kernel: auto`/,
  ],
  [
    `${kernel}Invalid program header size`,
    'image',
    'while it booted, Firecracker cannot boot this kernel, which is no 64-bit ELF',
    /vmlinux for x86-64/,
  ],
  [
    `${kernel}Unable to read kernel image`,
    'image',
    "while it booted, Firecracker could not load the guest's kernel or initrd",
    /raise `memory-size`/,
  ],
  [
    'Boot source error: The kernel file cannot be opened: No such file or directory (os error 2)',
    'image',
    "while it booted, Firecracker could not open the guest's kernel or initrd",
    /`kernel`/,
  ],
  [
    'Boot source error: The initrd file cannot be opened due to invalid path or invalid permissions. Permission denied (os error 13)',
    'image',
    "while it booted, Firecracker could not open the guest's kernel or initrd",
    /`initrd`/,
  ],
  [
    'Boot source error: The kernel command line is invalid: Invalid cmdline capacity provided.',
    'image',
    "while it booted, Firecracker does not take the kernel's command line",
    /2,048 bytes/,
  ],
  [
    'Machine config error: The number of vCPUs must be greater than 0, less than 32 and must be 1 or an even number if SMT is enabled.',
    'usage',
    'while it booted, Firecracker does not take this number of processors',
    /`vcpus`/,
  ],
  [
    'Machine config error: The memory size (MiB) is either 0, or not a multiple of the configured page size.',
    'usage',
    'while it booted, Firecracker does not take this size of memory',
    /`memory-size`/,
  ],
  [
    `${memory}Cannot restore hugetlbfs backed snapshot by mapping the memory file. Please use uffd.`,
    'usage',
    'while it booted, Firecracker restores a guest on 2 MiB pages only through a userfaultfd handler, which snapgate does not have',
    /huge-pages/,
  ],
  [
    `${state}Invalid data version: 5.0.0`,
    'host',
    'while it booted, Firecracker cannot load a snapshot that another version took',
    /measure again/,
  ],
  [
    `${state}CRC64 validation failed`,
    'host',
    "while it booted, Firecracker found the snapshot's state file damaged",
    /measure again/,
  ],
  [
    `${state}CRC64 validation failed: 81985529216486895`,
    'host',
    "while it booted, Firecracker found the snapshot's state file damaged",
    /measure again/,
  ],
  [
    `${state}IO Error: File too short to contain CRC`,
    'host',
    "while it booted, Firecracker found the snapshot's state file damaged",
    /measure again/,
  ],
  [
    `${state}Magic value does not match arch: 1`,
    'host',
    "while it booted, Firecracker found a state file that is none of this processor's architecture",
    /measure again/,
  ],
  [
    `${state}An error occurred during bitcode serialization: bitcode error`,
    'host',
    "while it booted, Firecracker cannot read the snapshot's state file: it is damaged, or of another version",
    /measure again/,
  ],
  [
    `${state}An error occured with serialization/deserialization: invalid value`,
    'host',
    "while it booted, Firecracker cannot read the snapshot's state file: it is damaged, or of another version",
    /measure again/,
  ],
  [
    `${state}Snapshot size exceeds limit of 10000000 bytes`,
    'host',
    "while it booted, Firecracker cannot read the snapshot's state file: it is damaged, or of another version",
    /measure again/,
  ],
  [
    `${memory}Failed to restore guest memory: Total sum of memory regions exceeds largest possible file offset`,
    'host',
    "while it booted, Firecracker could not map the snapshot's memory file: it is missing or too short",
    /measure again/,
  ],
  [
    `${memory}Failed to load guest memory: No such file or directory (os error 2)`,
    'host',
    "while it booted, Firecracker could not map the snapshot's memory file: it is missing or too short",
    /measure again/,
  ],
  [
    'Create snapshot error: Cannot save the microVM state: Operation not allowed: save/restore unavailable while running',
    'internal',
    'while it booted, Firecracker was asked for a snapshot of a guest that runs',
    /report/,
  ],
  [
    'Load snapshot error: Loading a microVM snapshot not allowed after configuring boot-specific resources.',
    'internal',
    'while it booted, Firecracker was asked to load a snapshot into a machine that was set up to boot',
    /report/,
  ],
  [
    'The requested operation is not supported after starting the microVM.',
    'internal',
    'while it booted, Firecracker was asked for something at the wrong time',
    /report/,
  ],
  [
    'An error occurred when deserializing the json body of a request: unknown field `track_dirty_pages`, expected one of `snapshot_path` at line 1 column 43.',
    'internal',
    'while it booted, Firecracker does not know what it was asked for',
    /1\.7 to 1\.16/,
  ],
  [
    'Invalid request method and/or path: PUT serial.',
    'internal',
    'while it booted, Firecracker does not know what it was asked for',
    /1\.7 to 1\.16/,
  ],
  [
    'Request payload with size 51201 is larger than the limit of 51200 allowed by server.\nAll previous unanswered requests will be dropped.',
    'internal',
    'while it booted, Firecracker does not know what it was asked for',
    /1\.7 to 1\.16/,
  ],
  [
    'Create snapshot error: Cannot get dirty bitmap: No such file or directory (os error 2)',
    'host',
    "while it booted, Firecracker cannot tell the guest's dirty pages",
    /KVM/,
  ],
  [
    'Vsock config error: Cannot create backend for vsock device: Error binding to the host-side Unix socket: Address already in use (os error 98)',
    'host',
    'while it booted, Firecracker could not make its sockets',
    /`work-dir`/,
  ],
  [
    'Vsock config error: Cannot create backend for vsock device: Error binding to the host-side Unix socket: path must be shorter than SUN_LEN',
    'host',
    'while it booted, Firecracker could not make its sockets',
    /`work-dir`/,
  ],
  [
    'Drive config error: Unable to create the virtio block device: Virtio backend error: Error manipulating the backing file: No such file or directory (os error 2) disk',
    'host',
    "while it booted, Firecracker could not open the guest's disk",
    /`work-dir`/,
  ],
];

describe('what Firecracker refuses', () => {
  test.each(known)('%s', (fault, code, message, remedy) => {
    const error = refusalError(new ApiRefusal('PUT /x', fault), where);
    expect([error.code, error.message]).toEqual([code, message]);
    expect(error.remedy).toMatch(remedy);
    if (!message.startsWith('the disk')) expect(error.details?.lines).toEqual([fault, 'log line']);
  });

  test('in words that are not known is told as it is, cleaned', () => {
    const error = refusalError(new ApiRefusal('PUT /x', 'Quux <b>`error`</b>'), where);
    expect(error.message).toBe('Firecracker refused PUT /x while it booted: Quux ?b??error??/b?');
    expect(error.details?.lines[0]).toBe('Quux <b>`error`</b>');
  });
});

test('a call that is not answered is told with its limit and the end of the log', () => {
  const error = silenceError(new ApiSilence('PUT /snapshot/create', 60_000), where);
  expect(error.message).toBe(
    'Firecracker did not answer PUT /snapshot/create within 1 min 0 s while it booted',
  );
  expect(error.details?.lines).toEqual(['log line']);
});

describe('the end of a Firecracker', () => {
  const end = (code: number | null, more: object = {}) =>
    machineEndError({ ...where, console: [], code, signal: null, ...more });

  test.each([
    [1, 'gave up'],
    [134, 'panicked'],
    [148, 'made a system call that its filter forbids'],
    [149, 'was ended by SIGBUS'],
    [150, 'was ended by SIGSEGV'],
    [151, 'made a file larger than it may (SIGXFSZ)'],
    [152, 'found its configuration bad'],
    [153, 'does not take its arguments'],
    [154, 'used more processor time than it may (SIGXCPU)'],
    [155, 'was ended by SIGPIPE'],
    [156, 'was ended by SIGHUP'],
    [157, 'was ended by SIGILL'],
  ])('with status %i', (code, what) => {
    expect(end(code)).toMatchObject({
      code: 'host',
      message: `Firecracker ${what} (exit status ${code}) while it booted`,
      details: { lines: ['log line'] },
    });
  });

  test('with another status, or by a signal', () => {
    expect(end(7).message).toBe('Firecracker exited 7 while it booted');
    const killed = end(null, { signal: 'SIGKILL' });
    expect(killed.message).toBe('Firecracker was ended by SIGKILL while it booted');
    expect(killed.remedy).toMatch(/memory ran out/);
  });

  test('is what its log says, where that is known', () => {
    const log = ['Received ENOSYS error because KVM failed to emulate an instruction.', 'exit_code=1'];
    expect(end(1, { log })).toMatchObject({
      message: "while it booted, Firecracker was let down by this machine's KVM, which cannot run this guest",
      details: { lines: log },
    });
  });

  test('is what the console says, before all', () => {
    const console = ['Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'];
    expect(end(0, { console }).message).toBe(
      "the guest's kernel panicked while it booted: VFS: Unable to mount root fs on unknown-block(0,0)",
    );
  });

  test.each([
    [['[   12.3] reboot: Power down'], 'the guest powered itself off while it booted'],
    [['[   12.3] reboot: System halted'], 'the guest powered itself off while it booted'],
    [['[   12.3] reboot: Restarting system'], 'the guest rebooted while it booted'],
    [['hello'], 'the guest rebooted while it booted'],
    [[], 'the machine reset itself while it booted, before its kernel had said anything'],
  ])('with status 0 is the guest’s: %j', (console, message) => {
    expect(end(0, { console })).toMatchObject({ code: 'guest', message });
    expect(guestEndError({ activity: 'while it booted', console }).message).toBe(message);
    expect(console.some(isEndLine)).toBe(console[0]?.includes('reboot:') ?? false);
  });
});
