/** Which engine measures, and what it was told. Paths and commands are as the user wrote them: relative to the checkout of a side. */
export type EngineSettings = QemuSettings | FirecrackerSettings | E2bSettings | CommandSettings;

export interface QemuSettings {
  readonly kind: 'qemu';
  readonly accel: 'auto' | 'kvm' | 'tcg';
}

export interface FirecrackerSettings {
  readonly kind: 'firecracker';
  /** A path, or a name to be found on the PATH. */
  readonly binary: string;
  /** `1.12.1`: a release that is taken from the tool cache or downloaded, in place of `binary`. */
  readonly version: string | undefined;
  /** Runs each Firecracker under its jailer; needs root. */
  readonly jailer: boolean;
}

export interface E2bSettings {
  readonly kind: 'e2b';
  /** Checkout of e2b's infra whose tools are built; undefined: the side's own checkout. */
  readonly infra: string | undefined;
  /** Folder that holds create-build and resume-build, in place of building them. */
  readonly tools: string | undefined;
  /** A folder, or `gs://BUCKET`; undefined: a folder of the run's own. */
  readonly storage: string | undefined;
  readonly hugePages: boolean;
  /** Names that the tools know, such as `vmlinux-6.1.158`; undefined: their defaults. */
  readonly kernel: string | undefined;
  readonly firecrackerVersion: string | undefined;
  readonly diskBytes: number;
  /** Limit of each run of a tool. */
  readonly timeoutMs: number;
}

/** Whether a storage of e2b's tools is a bucket, the only remote kind that they take, and not a folder. */
export function isBucket(storage: string): boolean {
  return storage.startsWith('gs://');
}

/** How the files are laid out that the commands leave. */
export const snapshotFormats = ['raw', 'sparse-diff', 'e2b'] as const;
export type SnapshotFormat = (typeof snapshotFormats)[number];

export interface CommandSettings {
  readonly kind: 'command';
  readonly prepare: string;
  readonly resume: string;
  readonly pause: string;
  readonly cleanup: string | undefined;
  /** Prints the version of whatever runs the guests, in one line; part of the fingerprint. */
  readonly version: string | undefined;
  /** Names of the files in a snapshot's folder. */
  readonly memfile: string;
  readonly rootfsFile: string | undefined;
  readonly format: SnapshotFormat;
  /** Limit of each command. */
  readonly timeoutMs: number;
}
