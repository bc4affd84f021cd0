import type { CommandSettings } from '../settings.ts';

/** The commands of the user's, by what they are called in their environment, in the documentation and in errors. */
export const commandNames = ['prepare', 'resume', 'pause', 'cleanup', 'version'] as const;
export type CommandName = (typeof commandNames)[number];

interface Variable {
  /** What it holds, for the documentation. */
  readonly holds: string;
  /** The commands for which it may hold something; empty for the others. */
  readonly of: readonly CommandName[];
}

const ofAll = commandNames;
const ofMachine = ['prepare', 'resume', 'pause', 'cleanup'] as const;
const ofCycle = ['resume', 'pause'] as const;

/**
 * Everything that a command is told by snapgate, beside the environment of the run without its tokens. docs/engine-command.md has the same
 * table.
 */
export const variables = {
  SNAPGATE_COMMAND: {
    of: ofAll,
    holds: 'which command this is: `prepare`, `resume`, `pause`, `cleanup` or `version`',
  },
  SNAPGATE_CHECKOUT: {
    of: ofAll,
    holds: 'the checkout of the side that is measured, where the command runs too',
  },
  SNAPGATE_ID: {
    of: ofMachine,
    holds: 'a name for this boot, of letters, digits and dashes, that no other machine on the host has',
  },
  SNAPGATE_WORK: {
    of: ofMachine,
    holds:
      'folder for sockets, pids and logs; empty before `prepare` and before each `resume`, and removed after `cleanup`',
  },
  SNAPGATE_OUT: {
    of: ofMachine,
    holds: 'folder for the snapshot; empty before `prepare` and before each `resume`',
  },
  SNAPGATE_PARENT: {
    of: ofCycle,
    holds: 'the folder of the snapshot to resume, as `SNAPGATE_OUT` was left; not to be written to',
  },
  SNAPGATE_PARENT_MEMFILE: {
    of: ofCycle,
    holds:
      'file with the whole memory of that snapshot, also where `SNAPGATE_PARENT` has but a diff; not to be written to',
  },
  SNAPGATE_PARENT_ROOTFS: {
    of: ofCycle,
    holds: 'the same for its disk; empty without `rootfs-file`',
  },
  SNAPGATE_MEMFILE: {
    of: ofMachine,
    holds: 'name of the memory file to leave in `SNAPGATE_OUT`: the input `memfile`',
  },
  SNAPGATE_ROOTFS_FILE: {
    of: ofMachine,
    holds:
      'name of the disk file to leave there: the input `rootfs-file`; empty where the disk is not measured',
  },
  SNAPGATE_FORMAT: { of: ofMachine, holds: 'how those files are to be laid out: the input `format`' },
  SNAPGATE_MEMORY_BYTES: { of: ofMachine, holds: "the guest's memory in bytes: the input `memory-size`" },
  SNAPGATE_MEMORY_MIB: { of: ofMachine, holds: 'the same in MiB' },
  SNAPGATE_VCPUS: { of: ofMachine, holds: 'its virtual processors: the input `vcpus`' },
  SNAPGATE_ROOTFS: {
    of: ['prepare'],
    holds:
      "ext4 of the image source, with snapgate's agent in it: a copy of this boot's own in `SNAPGATE_WORK`; empty without an image source",
  },
  SNAPGATE_KERNEL: { of: ['prepare'], holds: 'kernel for it, not to be written to' },
  SNAPGATE_INITRD: { of: ['prepare'], holds: 'initial RAM disk for it, not to be written to; may be empty' },
  SNAPGATE_KERNEL_ARGS: {
    of: ['prepare'],
    holds: "what the image needs on the kernel's command line, such as `root=` and `init=`",
  },
  SNAPGATE_READY_COMMAND: {
    of: ['prepare'],
    holds:
      'command that must exit 0 in the guest before it counts as ready: the input `ready-command`; empty if not given',
  },
  SNAPGATE_BOOT_TIMEOUT_S: {
    of: ['prepare'],
    holds: 'limit of the boot, in whole seconds: the input `boot-timeout`',
  },
  SNAPGATE_SCENARIO: { of: ofCycle, holds: 'name of the scenario' },
  SNAPGATE_RUN: {
    of: ['resume'],
    holds: 'what to run in the resumed guest, as root in its shell; may be empty',
  },
  SNAPGATE_CHECK: {
    of: ['pause'],
    holds: 'what must exit 0 in the guest before it is paused, as root in its shell; may be empty',
  },
  SNAPGATE_RUN_TIMEOUT_S: {
    of: ofCycle,
    holds: 'limit of `SNAPGATE_RUN` and of `SNAPGATE_CHECK`, in whole seconds',
  },
  SNAPGATE_RUN_ID: {
    of: ofAll,
    holds: 'mark of this run of snapgate: a process that has it in its environment does not outlive the run',
  },
} as const satisfies Readonly<Record<string, Variable>>;

type VariableName = keyof typeof variables;
/** SNAPGATE_RUN_ID is set for whatever a run starts. */
type OwnName = Exclude<VariableName, 'SNAPGATE_COMMAND' | 'SNAPGATE_RUN_ID'>;
export type Values = Readonly<Partial<Record<OwnName, string | number>>>;

/**
 * The variables of one command: all of them, for a shell that refuses unset ones; a value that is not for this command is left out.
 *
 */
export function environmentOf(command: CommandName, values: Values): Record<string, string> {
  const names = variableNames().filter((name) => name !== 'SNAPGATE_RUN_ID');
  const given: Readonly<Partial<Record<VariableName, string | number>>> = {
    ...values,
    SNAPGATE_COMMAND: command,
  };
  return Object.fromEntries(
    names.map((name) => [name, isFor(name, command) ? String(given[name] ?? '') : '']),
  );
}

/** What all commands of a run are told alike. */
export function settingsValues(settings: CommandSettings): Values {
  return {
    SNAPGATE_MEMFILE: settings.memfile,
    SNAPGATE_ROOTFS_FILE: settings.rootfsFile ?? '',
    SNAPGATE_FORMAT: settings.format,
  };
}

export function variableNames(): VariableName[] {
  return Object.keys(variables).filter(isVariable);
}

function isVariable(name: string): name is VariableName {
  return Object.hasOwn(variables, name);
}

function isFor(name: VariableName, command: CommandName): boolean {
  const { of }: Variable = variables[name];
  return of.includes(command);
}
