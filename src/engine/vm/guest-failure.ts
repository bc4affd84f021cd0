import { SnapgateError } from '../../host/error.ts';
import { noDiskMarker, noRootMarker } from '../../image/initrd.ts';

const panicPattern = /^(?:<\d>)?(?:\[[ \d.]+(?:\]\[ *[CT]\d+)?\] )?Kernel panic - not syncing: ?(.*)$/;

/** What is known when a guest has ended by itself. */
export interface GuestEnd {
  /** For errors, what the machine was there for: `while it booted`. */
  readonly activity: string;
  /** The guest's console, its last lines. */
  readonly console: readonly string[];
}

/** Whether the console's lines hold a kernel panic, and what it said. */
export function findPanic(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const match = panicPattern.exec(line);
    if (match) return match[1] ?? '';
  }
  return undefined;
}

/** What a guest's console says of its end, the likeliest cause first; undefined where it says nothing of it. */
export function consoleError(end: GuestEnd): SnapgateError | undefined {
  const panic = findPanic(end.console);
  if (panic !== undefined) return panicError(end, panic);
  if (end.console.some((line) => line.includes(noDiskMarker))) return noDiskError(end);
  if (end.console.some((line) => line.includes(noRootMarker))) return noRootError(end);
  return undefined;
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

function panicError(end: GuestEnd, said: string): SnapgateError {
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

function noDiskError(end: GuestEnd): SnapgateError {
  return guestError(
    `the guest's kernel found no disk ${end.activity}`,
    'The kernel lacks virtio-blk, or the bus that its disk is on: use `kernel: auto`, or one with both, built in or as modules in the initrd.',
    end.console,
  );
}

function noRootError(end: GuestEnd): SnapgateError {
  return guestError(
    `the guest's kernel could not start from its disk ${end.activity}`,
    'Its disk is no ext4 that this kernel mounts, or holds no init: try `kernel: auto`, and check the image.',
    end.console,
  );
}

function consoleDetails(lines: readonly string[]) {
  return { title: 'console of the guest, last 40 lines', lines: lines.slice(-40) };
}
