import { engineNames } from '../engine/contract.ts';
import { snapshotFormats } from '../engine/settings.ts';

/** A command-line verb that takes inputs. */
export type Verb = 'gate' | 'measure' | 'bisect' | 'compare' | 'calibrate' | 'report' | 'inspect' | 'probe';

export type InputGroup = 'image' | 'base' | 'engine' | 'measure' | 'gate' | 'github' | 'run';

/** How an input's text is read, and what snapgate.yml may hold in its place. */
export type InputType = 'text' | 'count' | 'flag' | 'names' | 'lines' | 'bytes' | 'time' | 'percent';

export interface InputSpec {
  readonly name: string;
  /** One sentence, with the unit where there is one. */
  readonly description: string;
  /** What holds when neither the input nor snapgate.yml says anything; for people, empty for none. */
  readonly default: string;
  /**
   * What action.yml carries as its default. Empty wherever snapgate.yml may speak: the runner fills defaults in, and a filled-in
   * one could not be told from one that a person wrote.
   */
  readonly actionDefault: string;
  readonly group: InputGroup;
  readonly type: InputType;
  /** The whole set of values, where it is one. */
  readonly choices?: readonly string[];
  /** The command-line verbs that have it as an option. */
  readonly verbs: readonly Verb[];
  /** `--name PLACEHOLDER` in the help. */
  readonly placeholder: string;
  /** True: has no meaning on the command line. */
  readonly actionOnly?: boolean;
  /**
   * May stand under `defaults:` in snapgate.yml. Not so for what a pull request must not choose: what it is compared with, folders of
   * the runner, the token, and where the answer goes.
   */
  readonly inFile: boolean;
  /** A workflow may have put a secret into it: left out of a report, which is public and which nobody masks. */
  readonly mayHoldSecret?: true;
  /** Names, or may name, a file on the machine: in a pull request's snapgate.yml only one within the checkout. */
  readonly namesFile?: true;
}

/** What a run does on a runner: the whole gate, measurements alone, or the comment of a run whose token could not write it. */
export const modes = ['gate', 'measure', 'comment'] as const;
export type Mode = (typeof modes)[number];

/** When a pull request gets a comment. */
export const commentPolicies = ['auto', 'always', 'on-change', 'on-failure', 'never'] as const;
export type CommentPolicy = (typeof commentPolicies)[number];

/** How far an accepted growth reaches. */
export const acceptScopes = ['pull-request', 'commit', 'size'] as const;
export type AcceptScope = (typeof acceptScopes)[number];

export const artifactPolicies = ['auto', 'always', 'never'] as const;

const built: readonly Verb[] = ['gate', 'measure', 'bisect', 'calibrate'];
const probed: readonly Verb[] = ['gate', 'measure', 'bisect', 'calibrate', 'probe'];
const looking: readonly Verb[] = ['gate', 'bisect', 'calibrate'];
const grown: readonly Verb[] = ['gate', 'compare', 'bisect', 'calibrate'];
const gated: readonly Verb[] = ['gate', 'compare', 'calibrate'];
const exiting: readonly Verb[] = ['gate', 'compare'];
const everyRun: readonly Verb[] = ['gate', 'measure', 'compare', 'calibrate'];

/** Every input, in the order of the documentation. action.yml, the README, the help and the command line all come from here. */
export const inputs: readonly InputSpec[] = [
  {
    ...text('mode', 'run', 'MODE'),
    description:
      'What to do: `gate` measures both sides and decides (or decides on what a matrix has measured, with `entries`); `measure` measures and stores; `comment`, on `workflow_run`, tells the pull request what a run with a read-only token has measured.',
    default: 'gate',
    actionDefault: 'gate',
    choices: modes,
    actionOnly: true,
    inFile: false,
  },

  {
    ...text('dockerfile', 'image', 'PATH', built),
    namesFile: true,
    description:
      'Dockerfile that builds the guest image, relative to the checkout; one of four image sources.',
  },
  {
    ...text('context', 'image', 'PATH', built),
    namesFile: true,
    description: 'Build context of `dockerfile`, relative to the checkout.',
    default: '.',
  },
  {
    ...text('build-args', 'image', 'NAME=VALUE', built),
    mayHoldSecret: true,
    description: 'Build arguments of `dockerfile`, one `NAME=VALUE` a line.',
    type: 'lines',
  },
  {
    ...text('target', 'image', 'STAGE', built),
    description: 'Stage of `dockerfile` to build; the last one if not given.',
  },
  {
    ...text('image', 'image', 'REFERENCE', built),
    namesFile: true,
    description:
      'Image in the local container engine, or a `docker save` or OCI archive on disk; one of four image sources.',
  },
  {
    ...text('rootfs', 'image', 'PATH', built),
    namesFile: true,
    description:
      'ext4 file, tar (plain, gzip, zstd or xz) or folder; one of four image sources, and with `build-command` what that leaves.',
  },
  {
    ...text('build-command', 'image', 'COMMAND', built),
    mayHoldSecret: true,
    description:
      "The project's own build, run in each side's checkout, that leaves a rootfs at `rootfs`; one of four image sources.",
  },
  {
    ...text('kernel', 'image', 'PATH', built),
    namesFile: true,
    description: "Kernel to boot: a path, or `auto` for a distribution kernel from the host's packages.",
    default: 'auto',
  },
  {
    ...text('initrd', 'image', 'PATH', built),
    namesFile: true,
    description: 'Initial RAM disk: a path, `auto` for one with just the modules needed, or `none`.',
    default: 'auto',
  },
  {
    ...text('disk-size', 'image', 'SIZE', built),
    description: "Size of the guest's disk, with its unit.",
    type: 'bytes',
    default: '2GiB',
  },

  {
    ...text('base', 'base', 'BASE', ['gate']),
    description:
      'What head is compared with: `auto` (the base commit of the pull request, from its stored measurement or built and measured in this job; on a push, what was stored last of the branch; on a terminal, where HEAD left the default branch), `cache` (a stored measurement or nothing), `ref:REF`, `image:REFERENCE`, `rootfs:PATH`, `measurement:FILE`, or `none` (absolute caps only).',
    default: 'auto',
    inFile: false,
  },
  {
    ...text('head', 'base', 'HEAD', ['gate']),
    description:
      'What is judged: `checkout`, or as in `base` a `ref:REF`, `image:REFERENCE`, `rootfs:PATH` or `measurement:FILE`.',
    default: 'checkout',
    inFile: false,
  },
  {
    ...text('side', 'base', 'SIDE'),
    description:
      'What `mode: measure` measures: `head`, `base`, or `both`, taking turns in one job, which is what a matrix wants.',
    choices: ['head', 'base', 'both'],
    default: 'head',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('baseline-branch', 'base', 'BRANCH'),
    description:
      'Branch of this repository that keeps stored measurements and their history, for where caches are evicted; needs `contents: write` where it is written to. The cache keeps them if not given.',
    actionOnly: true,
    inFile: false,
  },

  {
    ...text('engine', 'engine', 'ENGINE', probed),
    description:
      "What boots, pauses and resumes the guests: `qemu`, `firecracker`, `e2b` (the tools of e2b's infra), or `command` (commands of your own).",
    choices: engineNames,
    default: 'qemu',
  },
  {
    ...text('accel', 'engine', 'ACCEL', probed),
    description:
      'How a guest of `qemu` runs: `kvm`, `tcg` (emulation), or `auto` for KVM where a tiny guest boots under it.',
    choices: ['auto', 'kvm', 'tcg'],
    default: 'auto',
  },
  {
    ...text('huge-pages', 'engine', 'none|2M', probed),
    description:
      'Pages that back the memory of a guest of `e2b`: `2M`, as its tools have it if not given, or `none`. Other engines have `none`; their `memfile.hugeBytes` says what pages of 2 MiB would store.',
    choices: ['none', '2M'],
  },
  {
    ...text('firecracker-binary', 'engine', 'PATH', probed),
    description: "Firecracker's binary for `firecracker`: a path, or a name to be found on the PATH.",
    default: 'firecracker',
    inFile: false,
  },
  {
    ...text('firecracker-version', 'engine', 'VERSION', probed),
    description:
      "Release of Firecracker, such as `1.12.1`, that is taken from the runner's tool cache or downloaded, its checksum verified; with `e2b`, what `create-build` is given as `-firecracker`.",
  },
  {
    ...text('jailer', 'engine', 'true|false', probed),
    description: 'Whether `firecracker` runs under its jailer, which needs root: `true` or `false`.',
    type: 'flag',
    default: 'false',
  },
  {
    ...text('e2b-infra', 'engine', 'PATH', probed),
    namesFile: true,
    description:
      "Checkout of e2b's infra whose `create-build` and `resume-build` are built with Go, once a side; the side's own checkout if not given.",
  },
  {
    ...text('e2b-tools', 'engine', 'PATH', probed),
    namesFile: true,
    description: 'Folder that holds `create-build` and `resume-build`, in place of building them.',
  },
  {
    ...text('e2b-storage', 'engine', 'STORAGE', probed),
    description:
      'Where the tools of `e2b` keep builds: a folder, or `gs://BUCKET`; a temporary folder if not given.',
    inFile: false,
  },
  {
    ...text('prepare-command', 'engine', 'COMMAND', probed),
    mayHoldSecret: true,
    description:
      'With `command`: boots the guest of `SNAPGATE_CHECKOUT`, pauses it, and leaves a snapshot in `SNAPGATE_OUT`.',
  },
  {
    ...text('resume-command', 'engine', 'COMMAND', probed),
    mayHoldSecret: true,
    description:
      'With `command`: resumes the snapshot in `SNAPGATE_PARENT` and does in the guest what `SNAPGATE_RUN` says.',
  },
  {
    ...text('pause-command', 'engine', 'COMMAND', probed),
    mayHoldSecret: true,
    description:
      'With `command`: pauses the guest that `resume-command` has resumed, and leaves a snapshot in `SNAPGATE_OUT`.',
  },
  {
    ...text('cleanup-command', 'engine', 'COMMAND', probed),
    mayHoldSecret: true,
    description:
      'With `command`: ends what the other commands have started, however they ended; run after `prepare-command`, after each pause, and after whatever failed.',
  },
  {
    ...text('version-command', 'engine', 'COMMAND', probed),
    mayHoldSecret: true,
    description:
      'With `command`: prints in one line the version of what runs the guests; numbers of two versions are never compared.',
  },
  {
    ...text('memfile', 'engine', 'NAME', probed),
    description: "With `command`: name, in a snapshot's folder, of the file that holds the guest's memory.",
    default: 'memfile',
  },
  {
    ...text('rootfs-file', 'engine', 'NAME', probed),
    description:
      "With `command`: name, in a snapshot's folder, of the file that holds the guest's disk; the disk is not measured if not given.",
  },
  {
    ...text('format', 'engine', 'FORMAT', probed),
    description:
      "With `command`: how those files are laid out: `raw` (all of it), `sparse-diff` (holes where nothing was written since the parent), or `e2b` (`memfile.header` and `rootfs.ext4.header` beside the layers' data).",
    choices: snapshotFormats,
    default: 'raw',
  },
  {
    ...text('command-timeout', 'engine', 'TIME', probed),
    description: 'With `command` and `e2b`: limit of each of its commands, with its unit.',
    type: 'time',
    default: '10min',
  },

  {
    ...text('memory-size', 'measure', 'SIZE', built),
    description: "The guest's memory, with its unit.",
    type: 'bytes',
    default: '512MiB',
  },
  {
    ...text('vcpus', 'measure', 'N', built),
    description: 'Number of virtual processors of the guest.',
    type: 'count',
    default: '1',
  },
  {
    ...text('boots', 'measure', 'N', built),
    description:
      'Number of cold boots of each side before a gate first looks, 1 to 100; a measurement that is kept, or that nobody decides on yet, has as many as are given here, or 5. Where it is not given and ten measurements of the branch are stored, a gate first looks when this image usually can be decided on.',
    type: 'count',
    default: '2',
  },
  {
    ...text('max-boots', 'measure', 'N', looking),
    description:
      'Number of cold boots of each side at which a gate that cannot decide stops, `boots` to 100: from `boots` on it looks after each pair, decides, or boots one pair more; `boots` where only that is given.',
    type: 'count',
    default: '10',
  },
  {
    ...text('cycles', 'measure', 'N', built),
    description: 'Number of measured rounds of all scenarios in each boot, 1 to 1000.',
    type: 'count',
    default: '10',
  },
  {
    ...text('warmup', 'measure', 'N', built),
    description: 'Number of rounds in each boot that are run first and dropped, 0 to 100.',
    type: 'count',
    default: '2',
  },
  {
    ...text('scenarios', 'measure', 'NAMES', built),
    description: 'Names of the scenarios to run, built-in or from snapgate.yml, or `all`.',
    type: 'names',
    default: 'all',
  },
  {
    ...text('ready-command', 'measure', 'COMMAND', built),
    mayHoldSecret: true,
    description:
      'Command in the guest that must exit 0 before the guest counts as ready; the init is asked if not given.',
  },
  {
    ...text('boot-timeout', 'measure', 'TIME', built),
    description: 'Limit of each boot, from power-on to a settled guest, with its unit.',
    type: 'time',
    default: '3min',
  },
  {
    ...text('time-budget', 'measure', 'TIME', built),
    description:
      'Limit of all measuring, with its unit; boots that do not fit are left out and the report says so. Of `snapgate bisect` it limits builds too.',
    type: 'time',
    default: '45min',
  },

  {
    ...text('metrics', 'gate', 'NAMES', grown),
    description: 'Names of the metrics that gate; the others are shown without a verdict.',
    type: 'names',
    default: 'memfile.writtenBytes',
  },
  {
    ...text('fail-above', 'gate', 'PERCENT', grown),
    description: 'Growth against base that fails when it is established and strictly above this, in percent.',
    type: 'percent',
    default: '5%',
  },
  {
    ...text('warn-above', 'gate', 'PERCENT', gated),
    description:
      'Growth against base that warns when it is established and strictly above this, in percent; no warnings if not given.',
    type: 'percent',
  },
  {
    ...text('min-growth', 'gate', 'SIZE', grown),
    description:
      'Growth in bytes per cycle that must be exceeded too before anything fails or warns, with its unit.',
    type: 'bytes',
    default: '256KiB',
  },
  {
    ...text('max-trend', 'gate', 'SIZE', gated),
    description:
      'Growth in bytes from each cycle of a scenario to its next, with its unit: a guest that leaks more fails, whatever its base does, and one of which it is not ruled out does not pass; no limit if not given, but told all the same.',
    type: 'bytes',
  },
  {
    ...text('max-memfile-written', 'gate', 'SIZE', gated),
    description:
      'Absolute cap of `memfile.writtenBytes` per cycle of any scenario, with its unit; no cap if not given.',
    type: 'bytes',
  },
  {
    ...text('max-memfile-changed', 'gate', 'SIZE', gated),
    description:
      'Absolute cap of `memfile.changedBytes` per cycle of any scenario, with its unit; no cap if not given.',
    type: 'bytes',
  },
  {
    ...text('max-rootfs-written', 'gate', 'SIZE', gated),
    description:
      'Absolute cap of `rootfs.writtenBytes` per cycle of any scenario, with its unit; no cap if not given.',
    type: 'bytes',
  },
  {
    ...text('max-drift', 'gate', 'PERCENT'),
    description:
      'Growth over many commits of the branch, none of which failed, that fails when it is established and strictly above this, in percent; only told if not given. Steps up above `fail-above` are not counted, for those were decided on when they came; steps down count against it. Needs ten measurements of the branch, this one among them.',
    type: 'percent',
    actionOnly: true,
  },
  {
    ...text('drift-window', 'gate', 'TIME'),
    description: 'How far back `max-drift` looks, with its unit, from a day on.',
    type: 'time',
    default: '30d',
    actionOnly: true,
  },
  {
    ...text('drift-from', 'gate', 'REF'),
    description:
      'Tag or commit that `max-drift` looks back to in place of `drift-window`, such as the last release; its measurement must be among those stored of the branch, else `max-drift` is inconclusive.',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('inconclusive', 'gate', 'pass|fail', exiting),
    description: 'What an inconclusive verdict does to the exit status: `pass` or `fail`.',
    choices: ['pass', 'fail'],
    default: 'pass',
  },

  {
    ...text('comment', 'github', 'WHEN'),
    description:
      'When the pull request gets a comment: `auto` (always, but not where the token is known to be read-only), `always`, `on-change` (something grew or shrank), `on-failure`, `never`. A comment that is there is kept up to date by all but `never`.',
    choices: commentPolicies,
    default: 'auto',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('comment-key', 'github', 'KEY'),
    description: 'Name of the comment, so that several gates in one repository each keep their own.',
    default: 'default',
    actionDefault: 'default',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('pr-number', 'github', 'N'),
    description:
      'Number of the pull request that gets the comment on a `workflow_dispatch`; none if not given.',
    type: 'count',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('github-token', 'github', 'TOKEN'),
    description:
      'Token for the comment (`pull-requests: write`), the check (`checks: write`), and what others have stored (`actions: read`). Never reaches a build or a guest.',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
    default: '${{ github.token }}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
    actionDefault: '${{ github.token }}',
    actionOnly: true,
    inFile: false,
  },

  {
    ...text('check', 'github', 'true|false'),
    description:
      'Whether the head commit gets a check named `snapgate` (with `comment-key`: `snapgate: KEY`), which a branch protection can require; needs `checks: write`.',
    type: 'flag',
    default: 'true',
    actionDefault: 'true',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('accept-label', 'github', 'LABEL'),
    description:
      'Label by which somebody with write permission accepts a growth of a pull request: its verdict is then `pass`.',
    default: 'snapshot-growth-accepted',
    actionDefault: 'snapshot-growth-accepted',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('accept-scope', 'github', 'SCOPE'),
    description:
      'What a label accepts: the `size` that was shown when it was set (more needs it again), that `commit` alone, or the whole `pull-request`.',
    choices: acceptScopes,
    default: 'size',
    actionDefault: 'size',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('on-push', 'github', 'warn|fail'),
    description:
      'What a verdict of `fail` does to the exit status on a `push` or `schedule`: `warn` or `fail`.',
    choices: ['warn', 'fail'],
    default: 'warn',
    actionDefault: 'warn',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('artifact', 'github', 'WHEN'),
    description:
      "When the measurements are uploaded as an artifact: `auto` (where another job needs them: a matrix's, or a pull request whose token is read-only), `always`, `never`.",
    choices: artifactPolicies,
    default: 'auto',
    actionDefault: 'auto',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('entry', 'github', 'NAME'),
    description: 'In `mode: measure`: the name of this entry of a matrix, under which its row stands.',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('shard', 'github', 'NAME'),
    description:
      'In `mode: measure`: tells jobs apart that measure the same entry and side, whose boots are then put together.',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('entries', 'github', 'NAMES'),
    description:
      'In `mode: gate`: measures nothing, but decides on the entries of these names that jobs of this run have measured; `all` for whatever there is.',
    type: 'names',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('allow-missing', 'github', 'true|false'),
    description:
      'Whether an entry of `entries` that is missing or could not be measured is only said: `true` or `false` (the verdict is then `fail`).',
    type: 'flag',
    default: 'false',
    actionDefault: 'false',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('allow-forks', 'github', 'true|false'),
    description:
      'Whether a self-hosted runner builds and boots the head of a fork: anybody can then run code on it. `true` or `false`.',
    type: 'flag',
    default: 'false',
    actionDefault: 'false',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('fail', 'github', 'true|false'),
    description:
      'Whether a verdict fails the step and the check: `false` tells everything and blocks nobody, for a first week. Errors fail in any case.',
    type: 'flag',
    default: 'true',
    actionDefault: 'true',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('dry-run', 'github', 'true|false'),
    description:
      'Whether to leave everything outside the job as it is: no comment, no check, nothing stored; the report is in the summary, and no verdict fails the step.',
    type: 'flag',
    default: 'false',
    actionDefault: 'false',
    actionOnly: true,
    inFile: false,
  },

  {
    ...text('install', 'run', 'true|false'),
    description:
      'Whether to install the Debian packages that are missing and to open /dev/kvm to this user first, as root or by `sudo -n`: `true` or `false`. For runners that are made anew for each job.',
    type: 'flag',
    default: 'false',
    actionDefault: 'false',
    actionOnly: true,
    inFile: false,
  },
  {
    ...text('config', 'run', 'PATH', [...everyRun, 'bisect']),
    description:
      'Path of snapgate.yml; `snapgate.yml` or `.github/snapgate.yml` if not given and there is one.',
    inFile: false,
  },
  {
    ...text('output-dir', 'run', 'PATH', [...everyRun, 'bisect']),
    description:
      'Folder that receives the records (measurements, a comparison, a calibration, a bisection) and the report.',
    default: 'snapgate-report',
    actionDefault: 'snapgate-report',
    inFile: false,
  },
  {
    ...text('work-dir', 'run', 'PATH', built),
    description: "Folder for what is temporary, some GiB; the system's if not given.",
    inFile: false,
  },
  {
    ...text('cache-dir', 'run', 'PATH', built),
    description: "Folder for images and kernels kept between runs; the user's cache folder if not given.",
    inFile: false,
  },
  {
    ...text('cache-limit', 'run', 'SIZE', built),
    description:
      'Size that the cache folder may keep of images, build layers, kernels and the measurements of `snapgate bisect` together, with its unit; what was used longest ago goes first.',
    type: 'bytes',
    default: '8GiB',
    actionDefault: '8GiB',
    inFile: false,
  },
];

/** Where snapgate.yml is looked for, in this order, when `config` is not given. */
export const configFileNames = ['snapgate.yml', '.github/snapgate.yml'] as const;

function text(
  name: string,
  group: InputGroup,
  placeholder: string,
  verbs: readonly Verb[] = [],
): Omit<InputSpec, 'description'> {
  return { name, group, placeholder, verbs, type: 'text', default: '', actionDefault: '', inFile: true };
}
