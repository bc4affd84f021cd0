import type { BuiltImage, Image, RootfsImage } from '../image/types.ts';

/** Metrics of a cycle. An engine that cannot give one leaves it out: absent is never zero. */
export const metricNames = [
  'memfile.writtenBytes',
  'memfile.changedBytes',
  'memfile.zeroedBytes',
  'memfile.compressedBytes',
  'memfile.hugeBytes',
  'memfile.storedBytes',
  'rootfs.writtenBytes',
  'rootfs.storedBytes',
  'stateBytes',
  'resumeMs',
  'pauseMs',
] as const;
export type MetricName = (typeof metricNames)[number];
export type CycleMetrics = Readonly<Partial<Record<MetricName, number>>>;

export const engineNames = ['qemu', 'firecracker', 'e2b', 'command'] as const;

/** How a guest runs: under the kernel's hypervisor, emulated, or as only the commands of the user's know. */
export const accelerators = ['kvm', 'tcg', 'unknown'] as const;
export type Accelerator = (typeof accelerators)[number];

/** What the guest does between a resume and the next pause. */
export interface Scenario {
  readonly name: string;
  /** Command line for the guest's shell, as root; none: nothing is said to the guest at all. */
  readonly run: string | undefined;
  /** Time that the guest is left alone, after `run` where there is one, before the pause. */
  readonly settleMs: number;
  /** Must exit 0 in the guest after the settle; part of the cycle. */
  readonly check: string | undefined;
  /** Resume the snapshot before it in the chain, or the base snapshot (whose chain it does not join). */
  readonly from: 'previous' | 'base';
  /** Immediate resume-pause repetitions that make one sample (pause-x10: 10). */
  readonly repeat: number;
  /** Limit of `run`, and of `check`. */
  readonly timeoutMs: number;
}

export interface GuestOptions {
  readonly memoryBytes: number;
  readonly vcpus: number;
  /** Limit from power-on to a settled guest. */
  readonly bootTimeoutMs: number;
  /** Must exit 0 before the guest counts as ready; tried again until the limit. Default: what its init offers. */
  readonly readyCommand: string | undefined;
}

/** A paused guest on disk. Opaque above the engine; `dir` holds all of it. */
export interface Snapshot {
  readonly dir: string;
}

export interface BootResult<S extends Snapshot = Snapshot> {
  readonly snapshot: S;
  /** Power-on to the agent's first word. */
  readonly bootMs: number;
  /** Power-on to settled. */
  readonly readyMs: number;
  /** False: the guest was still busy when the limit of settling came; said in the report. */
  readonly settled: boolean;
  /** What the base snapshot itself holds, where the engine counts that. */
  readonly metrics?: CycleMetrics;
  /** What only the built guest tells of how it runs; part of the fingerprint, and the same at every boot of a measurement. */
  readonly versions?: GuestVersions;
  /** Sentences about this boot for the report, such as the engine's own floor. */
  readonly notes?: readonly string[];
}

/** What an engine's own builder has chosen. */
export interface GuestVersions {
  /** In place of the identity's: `Firecracker v1.12.1`. */
  readonly engineVersion?: string;
  readonly kernelVersion?: string;
}

export interface CycleResult<S extends Snapshot = Snapshot> {
  /** The next snapshot of the chain; the parent itself, unchanged, where the cycle does not join the chain. */
  readonly next: S;
  readonly metrics: CycleMetrics;
  /** Wall time of the whole cycle, measuring included. */
  readonly cycleMs: number;
  /** Sentences about this cycle for the report, such as two ways of counting that disagree. */
  readonly notes?: readonly string[];
}

/** One check that a host passed or not. */
export interface HostCheck {
  readonly what: string;
  readonly ok: boolean;
  /** What was found: a version, a permission, the reason why not. */
  readonly found: string;
  /** What to type, or to ask for, when not ok. */
  readonly remedy: string | undefined;
  /** False: works without it, e.g. KVM. */
  readonly required: boolean;
}

export interface EngineReport {
  /** Usable at all. */
  readonly ok: boolean;
  readonly checks: readonly HostCheck[];
  /** What goes into a measurement's fingerprint; undefined unless ok. */
  readonly identity: EngineIdentity | undefined;
  /** One line on why a slower way was taken (`/dev/kvm` that does not boot), if so. */
  readonly fallback: string | undefined;
}

/** Part of the fingerprint: numbers of different identities are never compared. */
export interface EngineIdentity {
  readonly engine: string;
  /** `QEMU 7.2.22`; undefined: what the engine's builder chooses, told by the first boot (`BootResult.versions`). */
  readonly version: string | undefined;
  readonly accelerator: Accelerator;
  readonly machine: string;
}

export interface Engine<S extends Snapshot = Snapshot> {
  /** What this host can do, or why not, with what to do about it. Boots something small before it believes /dev/kvm. */
  probe(): Promise<EngineReport>;
  /**
   * Of an engine whose guests are not images of snapgate's own making: what `prepare` is given in their place, made once a side before
   * anything is booted.
   */
  build?(source: GuestSource): Promise<BuiltImage>;
  /** Cold boot to a paused base snapshot in `dir` (made by the caller, empty). */
  prepare(image: Image, options: GuestOptions, dir: string): Promise<BootResult<S>>;
  /** A copy of a snapshot, in `dir`, that outlives changes to the original. */
  fork(snapshot: S, dir: string): Promise<S>;
  /**
   * Resume `parent` in a fresh process, run the scenario, pause, and say what it cost. With `advance` the parent becomes the
   * next snapshot (in place: the parent is gone); without, the parent stays as it is.
   */
  cycle(parent: S, scenario: Scenario, options: { readonly advance: boolean }): Promise<CycleResult<S>>;
}

/** What an engine's own builder starts from. */
export interface GuestSource {
  readonly side: 'base' | 'head';
  /** Absolute path of the side's checkout. */
  readonly checkout: string;
  /** The image that snapgate has built, where a source was given. */
  readonly rootfs: RootfsImage | undefined;
}
