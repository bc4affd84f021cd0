import { SnapgateError } from '../../host/error.ts';
import { packageOf } from '../../host/process.ts';
import { noDiskMarker, noRootMarker } from '../../image/initrd.ts';
import { qemuCommand } from './arguments.ts';

const panicPattern = /^(?:<\d>)?(?:\[[ \d.]+(?:\]\[ *[CT]\d+)?\] )?Kernel panic - not syncing: ?(.*)$/;

/** What is known when a virtual machine has ended by itself. */
export interface VmEnd {
  readonly activity: string;
  /** Whether it was to boot, and not to resume. */
  readonly boots: boolean;
  /** The guest's console, its last lines. */
  readonly console: readonly string[];
  /** QEMU's own stderr. */
  readonly stderr: readonly string[];
  /** Reason of the SHUTDOWN event, if there was one. */
  readonly shutdown: string | undefined;
  readonly code: number | null;
  readonly signal: string | null;
}

/** Whether the console's lines hold a kernel panic, and what it said. */
export function findPanic(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const match = panicPattern.exec(line);
    if (match) return match[1] ?? '';
  }
  return undefined;
}

/** The error that says why a machine ended, the likeliest cause first. */
export function vmEndError(end: VmEnd): SnapgateError {
  const panic = findPanic(end.console);
  if (panic !== undefined) return panicError(end, panic);
  if (end.console.some((line) => line.includes(noDiskMarker))) return noDiskError(end);
  if (end.console.some((line) => line.includes(noRootMarker))) return noRootError(end);
  if (end.shutdown !== undefined) return shutdownError(end, end.shutdown);
  return qemuExitError(end);
}

/** The error of a guest that is still there but does not do what it should. */
export function guestError(message: string, remedy: string, console: readonly string[]): SnapgateError {
  return new SnapgateError('guest', message, remedy, { details: consoleDetails(console) });
}

/** An error of the guest's that knows neither what the machine was there for nor its console (the channel's), with both; any other as it is. */
export function withConsole(error: unknown, activity: string, console: readonly string[]): unknown {
  if (!(error instanceof SnapgateError) || error.code !== 'guest' || error.details !== undefined)
    return error;
  return new SnapgateError('guest', `${activity}, ${error.message}`, error.remedy, {
    details: consoleDetails(console),
    cause: error,
  });
}

/** A guest's words for use in a sentence: short, and nothing in it that Markdown, HTML or a terminal would act on. */
export function plainWords(text: string, maxChars = 120): string {
  const plain = text.replace(/[^A-Za-z0-9 .,:;!()/@=+-]/g, '?').trim();
  return plain.length > maxChars ? `${plain.slice(0, maxChars)}...` : plain;
}

function panicError(end: VmEnd, said: string): SnapgateError {
  const remedy = panicRemedies.find(([pattern]) => pattern.test(said))?.[1];
  return guestError(
    `the guest's kernel panicked ${end.activity}: ${plainWords(said)}`,
    remedy ?? 'The console below says what the kernel did last.',
    end.console,
  );
}

const panicRemedies: readonly (readonly [RegExp, string])[] = [
  [
    /Unable to mount root fs|No working init/,
    'The kernel found no root disk or no init on it: check `kernel` (virtio-pci and virtio-blk built in, or `initrd: auto`) and the image.',
  ],
  [
    /Attempted to kill init/,
    "The image's init could not be run, or came to its end: the console below may say why.",
  ],
  [/Out of memory|deadlocked on memory/, 'The guest ran out of memory: raise `memory-size`.'],
];

function noDiskError(end: VmEnd): SnapgateError {
  return guestError(
    `the guest's kernel found no disk ${end.activity}`,
    'The kernel lacks virtio-pci or virtio-blk: use `kernel: auto`, or one with both, built in or as modules in the initrd.',
    end.console,
  );
}

function noRootError(end: VmEnd): SnapgateError {
  return guestError(
    `the guest's kernel could not start from its disk ${end.activity}`,
    'Its disk is no ext4 that this kernel mounts, or holds no init: try `kernel: auto`, and check the image.',
    end.console,
  );
}

function shutdownError(end: VmEnd, reason: string): SnapgateError {
  if (end.boots && reason === 'guest-reset' && end.console.length === 0) return silentResetError(end);
  const what = reason === 'guest-reset' ? 'rebooted' : 'powered itself off';
  return guestError(
    `the guest ${what} ${end.activity}`,
    'A guest has to stay up until it is paused; the console below may say what ended it.',
    end.console,
  );
}

/** A kernel that has no room to unpack itself resets the machine, without a word. */
function silentResetError(end: VmEnd): SnapgateError {
  return guestError(
    `the machine reset itself ${end.activity}, before its kernel had said anything`,
    'The kernel and its initrd may need more room: raise `memory-size`. Else check `kernel`.',
    end.console,
  );
}

function qemuExitError(end: VmEnd): SnapgateError {
  if (end.code === 127 && end.stderr.some((line) => line.startsWith('setpriv: failed to execute')))
    return new SnapgateError(
      'host',
      `the command ${qemuCommand} is not on this machine`,
      `Install it: ${packageOf(qemuCommand)}.`,
    );
  const how = end.signal === null ? `exited ${end.code}` : `was ended by ${end.signal}`;
  return new SnapgateError(
    'host',
    `QEMU ${how} ${end.activity}`,
    'Its last lines say why; `snapgate probe` checks what this machine can do. SIGKILL usually means that memory ran out, SIGBUS that the disk below `work-dir` is full.',
    {
      details: {
        title: 'last lines of QEMU and of the console',
        lines: [...end.stderr, ...end.console].slice(-40),
      },
    },
  );
}

function consoleDetails(lines: readonly string[]) {
  return { title: 'console of the guest, last 40 lines', lines: lines.slice(-40) };
}
