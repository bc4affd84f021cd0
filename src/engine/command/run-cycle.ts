import { setTimeout as delay } from 'node:timers/promises';
import type { CycleMetrics, CycleResult, Scenario } from '../contract.ts';
import { plainWords } from '../vm/guest-failure.ts';
import type { Values } from './environment.ts';
import { brokenPromise, type Ended } from './failure.ts';
import { type FolderState, firstDifference, readFolderState } from './folder-state.ts';
import { checkLeft, measureLeft } from './formats.ts';
import { type Commands, outDirOf, withMachine } from './machine.ts';
import { type CommandSnapshot, diskPathOf, leftDirOf, memoryPathOf, replaceLeft } from './snapshot.ts';

/** Resumes `parent`, runs the scenario, pauses, and says what the files that are left tell. */
export async function runCycle(
  commands: Commands,
  parent: CommandSnapshot,
  scenario: Scenario,
  advance: boolean,
): Promise<CycleResult<CommandSnapshot>> {
  const { run, settings } = commands;
  const begin = performance.now();
  const before = readFolderState(leftDirOf(parent));
  const values = cycleValues(commands, parent, scenario);
  const { metrics, notes } = await withMachine(
    commands,
    parent.home,
    async (machine) => {
      const resumed = await machine.command('resume', values, scenario.name);
      if (scenario.settleMs > 0) await delay(scenario.settleMs, undefined, { signal: run.signal });
      return { resumed, paused: await machine.command('pause', values, scenario.name) };
    },
    async ({ resumed, paused }) => {
      const dir = outDirOf(parent.home);
      checkLeft(settings, { ended: paused, dir, guestBytes: parent.memoryBytes, parent });
      checkParent(paused, before, parent);
      const measured = await measureLeft(run, settings, parent, dir, advance);
      if (advance) replaceLeft(parent, dir);
      return { ...measured, metrics: { ...measured.metrics, ...times(scenario, resumed, paused) } };
    },
  );
  return {
    next: parent,
    metrics,
    cycleMs: performance.now() - begin,
    notes: [...notes, ...notesOf(scenario, metrics)],
  };
}

function cycleValues({ settings }: Commands, parent: CommandSnapshot, scenario: Scenario): Values {
  return {
    SNAPGATE_PARENT: leftDirOf(parent),
    SNAPGATE_PARENT_MEMFILE: memoryPathOf(parent, settings) ?? '',
    SNAPGATE_PARENT_ROOTFS: diskPathOf(parent, settings) ?? '',
    SNAPGATE_SCENARIO: scenario.name,
    SNAPGATE_RUN: scenario.run ?? '',
    SNAPGATE_CHECK: scenario.check ?? '',
    SNAPGATE_RUN_TIMEOUT_S: Math.ceil(scenario.timeoutMs / 1000),
  };
}

/** A command's time is the VMM's only where it has nothing to do in the guest. */
function times(scenario: Scenario, resumed: Ended, paused: Ended): CycleMetrics {
  return {
    ...(scenario.run === undefined && { resumeMs: resumed.tookMs }),
    ...(scenario.check === undefined && { pauseMs: paused.tookMs }),
  };
}

function checkParent(ended: Ended, before: FolderState, parent: CommandSnapshot): void {
  const changed = firstDifference(before, readFolderState(leftDirOf(parent)));
  if (changed === undefined) return;
  throw brokenPromise(
    ended,
    `it, or resume-command, has changed ${changed} in SNAPGATE_PARENT`,
    'A snapshot is resumed again and compared with: let the machine have a copy of what it writes to (`cp --reflink=auto`), in SNAPGATE_OUT or SNAPGATE_WORK.',
  );
}

function notesOf(scenario: Scenario, metrics: CycleMetrics): string[] {
  if (metrics['memfile.changedBytes'] !== 0) return [];
  return [
    `a cycle of ${plainWords(scenario.name)} changed nothing in the guest's memory, which is not likely: check that pause-command saves it anew`,
  ];
}
