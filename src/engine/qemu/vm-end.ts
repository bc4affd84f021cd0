import { SnapgateError } from '../../host/error.ts';
import { endOf, packageOf } from '../../host/process.ts';
import { consoleError, type GuestEnd, guestError } from '../vm/guest-failure.ts';
import { qemuCommand } from '../vm/qemu-command.ts';

/** What is known when a virtual machine has ended by itself. */
export interface VmEnd extends GuestEnd {
  /** Whether it was to boot, and not to resume. */
  readonly boots: boolean;
  /** QEMU's own stderr. */
  readonly stderr: readonly string[];
  /** Reason of the SHUTDOWN event, if there was one. */
  readonly shutdown: string | undefined;
  readonly code: number | null;
  readonly signal: string | null;
}

/** The error that says why a machine ended, the likeliest cause first. */
export function vmEndError(end: VmEnd): SnapgateError {
  const said = consoleError(end);
  if (said !== undefined) return said;
  return end.shutdown === undefined ? qemuExitError(end) : shutdownError(end, end.shutdown);
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
  return new SnapgateError(
    'host',
    `QEMU ${endOf(end)} ${end.activity}`,
    'Its last lines say why; `snapgate probe` checks what this machine can do. SIGKILL usually means that memory ran out, SIGBUS that the disk below `work-dir` is full.',
    {
      details: {
        title: 'last lines of QEMU and of the console',
        lines: [...end.stderr, ...end.console].slice(-40),
      },
    },
  );
}
