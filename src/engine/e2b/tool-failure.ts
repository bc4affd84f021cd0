import { basename } from 'node:path';
import { quoteWord } from '../../guest/init.ts';
import { SnapgateError } from '../../host/error.ts';
import { type CommandResult, endOf } from '../../host/process.ts';
import { formatDuration } from '../../host/units.ts';
import type { Scenario } from '../contract.ts';
import { linesOf } from '../vm/drive-scenario.ts';
import { plainWords } from '../vm/guest-failure.ts';

/** A command that did not do what it should. */
export interface FailedCommand {
  readonly command: readonly [string, ...string[]];
  readonly result: CommandResult;
  readonly cwd: string;
  readonly timeoutMs: number;
}

/** The error of a command, with how it ended and its last lines. */
export function commandFailed(failed: FailedCommand, remedy: string, ofMachine = false): SnapgateError {
  const { command, cwd } = failed;
  const name = basename(command[0]);
  return new SnapgateError(
    'host',
    `${name} ${howItEnded(failed)}`,
    `${remedy} In ${cwd}: ${commandLine(command)}`,
    {
      details: outputDetails(name, failed.result),
      ofMachine,
    },
  );
}

/** The error of create-build or resume-build: what their output says, where it is known, with what to do. */
export function toolFailed(failed: FailedCommand, machine: readonly string[]): SnapgateError {
  const { result } = failed;
  if (result.timedOut)
    return commandFailed(
      failed,
      `Raise command-timeout, or see below what it waited for. ${machine.join(' ')}`.trim(),
    );
  const text = result.tail.join('\n');
  const known = knownFailures.find(([pattern]) => pattern.test(text))?.[1];
  const remedy = [known ?? 'Its last lines say why.', ...machine].join(' ');
  return commandFailed(failed, remedy, known !== undefined);
}

/** The error of a scenario whose command did not succeed in the guest; undefined where something else failed. */
export function scenarioFailed({ name }: Scenario, { result }: FailedCommand): SnapgateError | undefined {
  const said = result.tail.findLast((line) => line.includes('command failed: '));
  const status = /command exited with code (-?\d{1,10})/.exec(said ?? '')?.[1];
  if (status === undefined || result.timedOut) return undefined;
  return new SnapgateError(
    'scenario',
    `scenario ${plainWords(name)}: \`run\` or \`check\` exited ${status}`,
    'The last lines of resume-build have its output in the guest; try it there.',
    { details: outputDetails('resume-build', result) },
  );
}

/** The error of a tool that succeeded, and left something that is none of its work. */
export function badResult(
  tool: string,
  buildId: string,
  why: SnapgateError,
  result: CommandResult,
): SnapgateError {
  return new SnapgateError(
    'host',
    `${tool} says that build ${buildId} is finished, but ${why.message}`,
    'Look at its last lines, and for a full disk in e2b-storage; then try again.',
    { details: outputDetails(tool, result), cause: why },
  );
}

function outputDetails(name: string, { tail }: CommandResult) {
  return { title: `last lines of ${name}`, lines: linesOf(Buffer.from(tail.join('\n'))) };
}

function howItEnded({ result, timeoutMs }: FailedCommand): string {
  if (result.timedOut) return `did not end within ${formatDuration(timeoutMs)}`;
  return endOf(result);
}

/** As a person would type it. */
function commandLine(command: readonly string[]): string {
  const words = command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoteWord(word)));
  const line = words.join(' ');
  return line.length > 1000 ? `${line.slice(0, 1000)}…` : line;
}

/** What the tools say of causes that have nothing to do with the guest. */
const knownFailures: readonly (readonly [RegExp, string])[] = [
  [/run as root|requires root/, 'The tools must run as root.'],
  [/nbds_max|nbd pool|NBD/, 'Load the nbd module: sudo modprobe nbd nbds_max=64.'],
  [/docker daemon|docker\.sock/i, 'Start Docker: sudo systemctl start docker.'],
  [
    /bucket not configured/,
    'With gs:// create-build takes its build cache from BUILD_CACHE_STORAGE_URL: set it.',
  ],
  [
    /failed to download (kernel|Firecracker)/i,
    'create-build fetches kernels and Firecracker from storage.googleapis.com: let it, or put them into e2b-storage as kernels/VERSION/amd64/vmlinux.bin and fc-versions/VERSION/amd64/firecracker.',
  ],
  [/could not find default credentials/, 'Log in for the tools: gcloud auth application-default login.'],
  [/address already in use/, 'Another orchestrator has the port of its proxy: set PROXY_PORT.'],
  [
    /flag provided but not defined/,
    'The tools are older, or newer, than what snapgate knows: update e2b-infra or snapgate.',
  ],
  [/no space left on device/i, 'Free disk space for e2b-storage, or name another folder.'],
];
