import { setTimeout as delay } from 'node:timers/promises';
import { guestBusybox } from '../../guest/agent.ts';
import type { Channel, CommandOutcome, HelloKind } from '../../guest/channel.ts';
import type { SnapgateError } from '../../host/error.ts';
import type { Run } from '../../host/run.ts';
import { formatDuration } from '../../host/units.ts';
import type { GuestOptions } from '../contract.ts';
import { linesOf } from './drive-scenario.ts';
import { guestError, plainWords } from './guest-failure.ts';
import type { RunningVm } from './running-vm.ts';

/** A booting guest, and until when it may boot (performance.now()). */
export interface Booting {
  readonly run: Run;
  readonly vm: RunningVm;
  readonly channel: Channel;
  readonly options: GuestOptions;
  readonly deadlineMs: number;
}

const retryMs = 500;
/** Limit of one look at the guest's state. */
const lookMs = 30_000;

/** Waits until the guest has started what its init starts, or until the user's command says so. */
export async function waitUntilReady(booting: Booting, kind: HelloKind): Promise<void> {
  const { readyCommand } = booting.options;
  if (readyCommand !== undefined) return retryCommand(booting, readyCommand);
  if (kind === 'systemd') return waitForSystemd(booting);
  if (kind === 'init') return waitForInit(booting);
}

/** The error of a guest that was too slow: `what` is a clause, e.g. `the guest was not ready`. */
export function tooLate({ vm, options }: Booting, what: string, remedy: string): SnapgateError {
  const limit = formatDuration(options.bootTimeoutMs);
  return guestError(`${what} within ${limit} of its start`, remedy, vm.consoleLines(40));
}

/**
 * Ends when an init that says how far it is has started all: at once where it is none of these.
 *
 * - sysvinit, also below OpenRC (an inittab with `initdefault`): its title, at first a path, names the runlevel, and nothing that starts
 *   services runs;
 * - OpenRC on busybox's init: the softlevel is `default`, and no service is in `starting`.
 */
const initReady = `
ready() {
  if grep -qs '^[^#]*:initdefault:' /etc/inittab; then
    read -r title 2>/dev/null </proc/1/cmdline
    case $title in
      'init ['[0-9]']'*) ! grep -qsxE 'openrc|rc|rcS|startpar' /proc/[0-9]*/comm ;;
      '' | 'init '* | /*) false ;;
    esac
  elif grep -qs '^::sysinit:.*openrc' /etc/inittab; then
    [ "$(cat /run/openrc/softlevel 2>/dev/null)" = default ] && [ -z "$(ls /run/openrc/starting 2>/dev/null)" ]
  fi
}
until ready; do ${guestBusybox} sleep 0.5; done
`;

async function waitForInit(booting: Booting): Promise<void> {
  const remainingMs = booting.deadlineMs - performance.now();
  const { status } = await look(booting, initReady, Math.max(0, remainingMs));
  if (status === 0) return;
  throw tooLate(
    booting,
    'the guest was not ready (its init was still starting services)',
    'The console may show what holds it up. Raise `boot-timeout`, or say by `ready-command` when the guest is ready.',
  );
}

/** `--wait` is of systemd 240; an older one says `starting` at once, and is asked again. */
const systemdState = 'systemctl is-system-running --wait 2>&1';
/** What systemd says while it is at it, or before its bus answers. */
const systemdBusy = /^(initializing|starting|offline|unknown|)$|failed to (connect|get d-bus)/i;

async function waitForSystemd(booting: Booting): Promise<void> {
  for (;;) {
    const remainingMs = booting.deadlineMs - performance.now();
    const outcome = remainingMs > 0 ? await look(booting, systemdState, remainingMs) : undefined;
    const state = outcome === undefined ? '' : (linesOf(outcome.output).at(-1) ?? '');
    if (outcome?.status === 0) return;
    if (outcome === undefined || outcome.status === 137 || performance.now() > booting.deadlineMs)
      throw tooLate(booting, `the guest was not ready${await unfinishedJobs(booting)}`, readyRemedy);
    if (state === 'degraded') return noteFailedUnits(booting);
    if (!systemdBusy.test(state))
      throw guestError(
        `the guest's systemd is ${plainWords(state, 40)}, not running`,
        readyRemedy,
        booting.vm.consoleLines(40),
      );
    await breathe(booting);
  }
}

const readyRemedy =
  'Find what holds the start up (`systemd-analyze critical-chain` in the guest), raise `boot-timeout`, or say by `ready-command` when the guest is ready.';

/** `: jobs of a.service, b.service are unfinished`, or nothing when the guest cannot say. */
async function unfinishedJobs(booting: Booting): Promise<string> {
  const outcome = await look(booting, 'systemctl list-jobs --no-legend --plain 2>/dev/null', 5_000).catch(
    () => undefined,
  );
  const units = unitNames(outcome, 1);
  return units === '' ? '' : ` (unfinished: ${units})`;
}

async function noteFailedUnits(booting: Booting): Promise<void> {
  const outcome = await look(booting, 'systemctl --failed --no-legend --plain 2>/dev/null', lookMs);
  booting.run.log.warning(`the guest is degraded; units that failed: ${unitNames(outcome, 0) || 'unknown'}`);
}

/** The unit in the given column of each line, at most eight of them. */
function unitNames(outcome: CommandOutcome | undefined, column: number): string {
  const names = linesOf(outcome?.output ?? Buffer.alloc(0))
    .map((line) => plainWords(line.trim().split(/\s+/)[column] ?? '', 60))
    .filter((name) => name !== '');
  return names.length > 8 ? `${names.slice(0, 8).join(', ')}, ...` : names.join(', ');
}

async function retryCommand(booting: Booting, command: string): Promise<void> {
  let last: CommandOutcome | undefined;
  while (performance.now() < booting.deadlineMs) {
    last = await look(booting, command, Math.min(lookMs, booting.deadlineMs - performance.now()));
    if (last.status === 0) return;
    await breathe(booting);
  }
  const said = plainWords(linesOf(last?.output ?? Buffer.alloc(0)).at(-1) ?? '');
  const how =
    last === undefined ? '' : ` (\`ready-command\` exited ${last.status} last${said && `: ${said}`})`;
  throw tooLate(
    booting,
    `the guest was not ready${how}`,
    'Check the command in the guest, or raise `boot-timeout`.',
  );
}

function breathe({ run, vm }: Booting): Promise<void> {
  return vm.guard(delay(retryMs, undefined, { signal: run.signal }));
}

function look({ vm, channel }: Booting, command: string, limitMs: number): Promise<CommandOutcome> {
  return vm.guard(channel.run(command, limitMs));
}
