import { type ErrorCode, SnapgateError } from '../../host/error.ts';
import { endOf } from '../../host/process.ts';
import { formatDuration } from '../../host/units.ts';
import { fullDiskError } from '../vm/full-disk.ts';
import { consoleError, type GuestEnd, guestError, plainWords } from '../vm/guest-failure.ts';
import { kvmForbidden, kvmMissing } from '../vm/kvm-probe/device.ts';
import type { ApiRefusal, ApiSilence } from './api.ts';

/** What is known beside the words of an error. */
export interface Surroundings {
  /** For errors, what the machine was there for: `while it booted`. */
  readonly activity: string;
  /** Folder that the guest's memory and disk are kept in. */
  readonly dir: string;
  /** The last lines of Firecracker's own log and of its stderr. */
  readonly log: readonly string[];
}

interface Known {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  /** A clause that follows `Firecracker `. */
  readonly what: string;
  readonly remedy: string;
}

const engineQemu = '`engine: qemu` measures without KVM.';
const sameVersion =
  'Snapshots are only loaded by the version that took them, and are not changed by hand: measure again, with one Firecracker, on a disk that keeps what it is given.';
const snapgateBug =
  'This is a mistake of snapgate, or a Firecracker that is not what it says: please report it with these lines.';

/**
 * The words of Firecracker's errors (`fault_message`, its log, its stderr) that are known, from the sources of 1.7 to 1.16 and from trying;
 * the first that fits counts.
 */
const knownErrors: readonly Known[] = [
  {
    pattern: /Error creating KVM object: .*\(os error 13\)/s,
    code: 'host',
    what: 'may not open /dev/kvm',
    remedy: `${kvmForbidden}. ${engineQemu}`,
  },
  {
    pattern: /Error creating KVM object: .*\(os error 2\)/s,
    code: 'host',
    what: 'found no /dev/kvm',
    remedy: `${kvmMissing} ${engineQemu}`,
  },
  {
    pattern: /Error creating KVM object: /,
    code: 'host',
    what: 'could not open /dev/kvm',
    remedy: `Its last lines say why; \`snapgate probe --engine firecracker\` tries it. ${engineQemu}`,
  },
  {
    pattern: /Missing KVM capabilities: /,
    code: 'host',
    what: "lacks capabilities of this machine's KVM",
    remedy: `It needs a KVM of Linux 5.10 or later, not one in software: use another machine. ${engineQemu}`,
  },
  {
    pattern: /invalid KVM API version/,
    code: 'host',
    what: 'found something at /dev/kvm that is no KVM',
    remedy: `Use a machine with (nested) virtualisation. ${engineQemu}`,
  },
  {
    pattern: /Cannot allocate memory \(os error 12\)/,
    code: 'host',
    what: "could not get the guest's memory",
    remedy: 'Lower `memory-size`, or use a machine with more memory.',
  },
  {
    pattern: /Invalid Elf magic number/,
    code: 'image',
    what: 'cannot boot this kernel, which is no ELF',
    remedy: 'It boots an uncompressed vmlinux, not a bzImage: use `kernel: auto`, or name a vmlinux.',
  },
  {
    pattern: /Invalid program header size|Invalid ELF class|Unsupported ELF/i,
    code: 'image',
    what: 'cannot boot this kernel, which is no 64-bit ELF',
    remedy: 'Use `kernel: auto`, or name a vmlinux for x86-64.',
  },
  {
    pattern:
      /Cannot load kernel due to invalid memory configuration or invalid kernel image|Cannot load initrd/,
    code: 'image',
    what: "could not load the guest's kernel or initrd",
    remedy: 'They may need more room: raise `memory-size`. Else check `kernel` and `initrd`: `auto` works.',
  },
  {
    pattern: /The (kernel|initrd) file cannot be opened/,
    code: 'image',
    what: "could not open the guest's kernel or initrd",
    remedy: 'Check `kernel` and `initrd`, and that this user may read them.',
  },
  {
    pattern: /kernel command line is invalid|Invalid cmdline|longer than the \d+ bytes that the API/,
    code: 'image',
    what: "does not take the kernel's command line",
    remedy:
      'It holds 2,048 bytes of ASCII at most, with what Firecracker adds: shorten the entrypoint that it names.',
  },
  {
    pattern: /The number of vCPUs must be/,
    code: 'usage',
    what: 'does not take this number of processors',
    remedy: 'Set `vcpus` to 32 or less.',
  },
  {
    pattern: /The memory size \(MiB\) is either 0/,
    code: 'usage',
    what: 'does not take this size of memory',
    remedy: 'Set `memory-size` to whole MiB.',
  },
  {
    pattern: /Cannot restore hugetlbfs backed snapshot by mapping the memory file/,
    code: 'usage',
    what: 'restores a guest on 2 MiB pages only through a userfaultfd handler, which snapgate does not have',
    remedy: 'Leave huge-pages out: memfile.hugeBytes says what 2 MiB pages would store of the same cycle.',
  },
  {
    pattern: /Invalid data version/,
    code: 'host',
    what: 'cannot load a snapshot that another version took',
    remedy: sameVersion,
  },
  {
    pattern: /CRC64 validation failed|File too short to contain CRC|smaller than CRC length/,
    code: 'host',
    what: "found the snapshot's state file damaged",
    remedy: sameVersion,
  },
  {
    pattern: /Magic value does not match arch/,
    code: 'host',
    what: "found a state file that is none of this processor's architecture",
    remedy: sameVersion,
  },
  {
    pattern: /bitcode serialization|serialization\/deserialization|Snapshot size exceeds limit/,
    code: 'host',
    what: "cannot read the snapshot's state file: it is damaged, or of another version",
    remedy: sameVersion,
  },
  {
    pattern: /Total sum of memory regions exceeds|Failed to load guest memory: /,
    code: 'host',
    what: "could not map the snapshot's memory file: it is missing or too short",
    remedy: sameVersion,
  },
  {
    pattern: /save\/restore unavailable while running/,
    code: 'internal',
    what: 'was asked for a snapshot of a guest that runs',
    remedy: snapgateBug,
  },
  {
    pattern: /Loading a microVM snapshot not allowed after configuring boot-specific resources/,
    code: 'internal',
    what: 'was asked to load a snapshot into a machine that was set up to boot',
    remedy: snapgateBug,
  },
  {
    pattern: /not supported (before|after) starting the microVM/,
    code: 'internal',
    what: 'was asked for something at the wrong time',
    remedy: snapgateBug,
  },
  {
    pattern: /deserializing the json body|Invalid request method and\/or path|Request payload with size/,
    code: 'internal',
    what: 'does not know what it was asked for',
    remedy: `Another version may: 1.7 to 1.16 were tried. ${snapgateBug}`,
  },
  {
    pattern: /Cannot get dirty bitmap/,
    code: 'host',
    what: "cannot tell the guest's dirty pages",
    remedy: `The KVM of this machine does not log them: use another machine. ${engineQemu}`,
  },
  {
    pattern: /Failed to open the API socket|Error binding to the host-side Unix socket|SUN_LEN/,
    code: 'host',
    what: 'could not make its sockets',
    remedy: 'Set `work-dir` to a folder on a local file system.',
  },
  {
    pattern: /Error manipulating the backing file|Invalid block config/,
    code: 'host',
    what: "could not open the guest's disk",
    remedy: 'Its last lines say why. Set `work-dir` to a folder on a local file system.',
  },
  {
    pattern:
      /KVM failed to emulate an instruction|KVM_EXIT_INTERNAL_ERROR|KVM_EXIT_FAIL_ENTRY|Failure during vcpu run/,
    code: 'host',
    what: "was let down by this machine's KVM, which cannot run this guest",
    remedy: `The host may lack nested virtualisation: use another machine. ${engineQemu}`,
  },
  {
    pattern: /Seccomp error: |seccomp filter/,
    code: 'host',
    what: 'could not set up its system call filter',
    remedy: 'Use a release binary of Firecracker, and a host that allows seccomp.',
  },
];

/** What a Firecracker's exit status means (FcExitCode in src/vmm/src/lib.rs); 0 is the guest's own end. */
const exitStatuses: Readonly<Record<number, { readonly what: string; readonly remedy: string }>> = {
  1: { what: 'gave up', remedy: 'Its last lines say why.' },
  2: { what: 'met what it does not expect', remedy: 'Its last lines say why.' },
  134: { what: 'panicked', remedy: 'Its last lines say why; another version may not.' },
  148: {
    what: 'made a system call that its filter forbids',
    remedy: 'Use a release binary: one built for another C library makes other calls than its filter knows.',
  },
  149: {
    what: 'was ended by SIGBUS',
    remedy: 'The disk below `work-dir` may be full, or a memory file was cut short while it was mapped.',
  },
  150: { what: 'was ended by SIGSEGV', remedy: 'Its last lines may say why; another version may not.' },
  151: { what: 'made a file larger than it may (SIGXFSZ)', remedy: 'Raise the limit: ulimit -f unlimited.' },
  152: { what: 'found its configuration bad', remedy: snapgateBug },
  153: { what: 'does not take its arguments', remedy: snapgateBug },
  154: {
    what: 'used more processor time than it may (SIGXCPU)',
    remedy: 'Raise the limit: ulimit -t unlimited.',
  },
  155: { what: 'was ended by SIGPIPE', remedy: 'Its last lines may say why.' },
  156: { what: 'was ended by SIGHUP', remedy: 'Something ended it from outside: leave its process alone.' },
  157: { what: 'was ended by SIGILL', remedy: 'This processor lacks what the binary was built for.' },
};

const noRoom = /No space left on device \(os error 28\)/;

/** The sentence for words that Firecracker said, where they are known. */
function knownError(said: string, where: Surroundings): SnapgateError | undefined {
  if (noRoom.test(said)) return fullDiskError(where.dir);
  const known = knownErrors.find(({ pattern }) => pattern.test(said));
  if (known === undefined) return undefined;
  return new SnapgateError(known.code, `${where.activity}, Firecracker ${known.what}`, known.remedy, {
    details: { title: 'what Firecracker said', lines: linesOf(said, where.log) },
  });
}

/** The error of a call that was refused. */
export function refusalError({ call, fault }: ApiRefusal, where: Surroundings): SnapgateError {
  const known = knownError(fault, where);
  if (known !== undefined) return known;
  return new SnapgateError(
    'host',
    `Firecracker refused ${call} ${where.activity}: ${plainWords(fault)}`,
    'Its last lines may say more; `snapgate probe --engine firecracker` checks what this machine can do.',
    { details: { title: 'what Firecracker said', lines: linesOf(fault, where.log) } },
  );
}

/** What was said in an answer, then the end of the log; the log alone where that is what was said. */
function linesOf(said: string, log: readonly string[]): string[] {
  return log.length > 0 && said === log.join('\n') ? log.slice(-40) : [said, ...log.slice(-39)];
}

/** The error of a call that was not answered. */
export function silenceError({ call, limitMs }: ApiSilence, where: Surroundings): SnapgateError {
  return new SnapgateError(
    'host',
    `Firecracker did not answer ${call} within ${formatDuration(limitMs)} ${where.activity}`,
    'The machine may be overloaded, or its disk too slow for a snapshot: give snapgate fewer guests at a time, or a faster `work-dir`.',
    { details: { title: "the end of Firecracker's log", lines: where.log.slice(-40) } },
  );
}

const endTitle = 'last lines of Firecracker and of the console';

/** What is known when a Firecracker has ended by itself. */
export interface MachineEnd extends GuestEnd, Surroundings {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The error that says why a Firecracker ended, the likeliest cause first. */
export function machineEndError(end: MachineEnd): SnapgateError {
  const said = consoleError(end);
  if (said !== undefined) return said;
  if (end.code === 0) return guestEndError(end);
  const known = knownError(end.log.join('\n'), end);
  if (known !== undefined) return known;
  const status = end.code === null ? undefined : exitStatuses[end.code];
  const remedy =
    status?.remedy ??
    'Its last lines say why. SIGKILL usually means that memory ran out; `snapgate probe --engine firecracker` checks what this machine can do.';
  const what = status === undefined ? endOf(end) : `${status.what} (exit status ${end.code})`;
  return new SnapgateError('host', `Firecracker ${what} ${end.activity}`, remedy, {
    details: {
      title: endTitle,
      lines: [...end.log, ...end.console].slice(-40),
    },
  });
}

/** Lines of a kernel that ends, by itself or because it was told to. Firecracker has no way to power off: its process stays. */
const endLines = /reboot: (Power down|System halted|Restarting system)/;

/** Whether a line of the console is the last of a guest that is not coming back. */
export function isEndLine(line: string): boolean {
  return endLines.test(line);
}

/** The error of a guest that reset its machine, or shut itself down. */
export function guestEndError(end: GuestEnd): SnapgateError {
  const words = end.console.map((line) => endLines.exec(line)?.[1]).findLast((word) => word !== undefined);
  if (words === undefined && end.console.length === 0)
    return guestError(
      `the machine reset itself ${end.activity}, before its kernel had said anything`,
      'The kernel and its initrd may need more room: raise `memory-size`. Else check `kernel`.',
      end.console,
    );
  const what = words === 'Power down' || words === 'System halted' ? 'powered itself off' : 'rebooted';
  return guestError(
    `the guest ${what} ${end.activity}`,
    'A guest has to stay up until it is paused; the console below may say what ended it.',
    end.console,
  );
}

/** An error as one line of a table of checks: its sentence, and where that is only an exit status, the last thing that was said. */
export function saidOf({ message, details }: SnapgateError): string {
  const last = details?.title === endTitle ? details.lines.at(-1) : undefined;
  return last === undefined ? message : `${message}: ${plainWords(last)}`;
}
