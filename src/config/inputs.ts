/** A command-line verb that takes inputs. */
export type Verb = 'gate' | 'measure' | 'compare' | 'report' | 'probe';

export type InputGroup = 'image' | 'base' | 'measure' | 'gate' | 'github' | 'run';

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
   * May stand under `defaults:` in snapgate.yml. Not so for what a pull request must not choose: folders of the runner, the
   * token, and where the answer goes.
   */
  readonly inFile: boolean;
}

/** What a run does on a runner: the whole gate, or one side's measurement. */
export const modes = ['gate', 'measure'] as const;
export type Mode = (typeof modes)[number];

const built: readonly Verb[] = ['gate', 'measure'];
const gated: readonly Verb[] = ['gate', 'compare'];
const everyRun: readonly Verb[] = ['gate', 'measure', 'compare'];

/** Every input, in the order of the documentation. action.yml, the README, the help and the command line all come from here. */
export const inputs: readonly InputSpec[] = [
  {
    ...text('mode', 'run', 'MODE'),
    description: 'What to do: `gate` measures both sides and decides, `measure` measures one and stores it.',
    default: 'gate',
    actionDefault: 'gate',
    choices: modes,
    actionOnly: true,
    inFile: false,
  },

  {
    ...text('dockerfile', 'image', 'PATH', built),
    description:
      'Dockerfile that builds the guest image, relative to the checkout; one of four image sources.',
  },
  {
    ...text('context', 'image', 'PATH', built),
    description: 'Build context of `dockerfile`, relative to the checkout.',
    default: '.',
  },
  {
    ...text('build-args', 'image', 'NAME=VALUE', built),
    description: 'Build arguments of `dockerfile`, one `NAME=VALUE` a line.',
    type: 'lines',
  },
  {
    ...text('target', 'image', 'STAGE', built),
    description: 'Stage of `dockerfile` to build; the last one if not given.',
  },
  {
    ...text('image', 'image', 'REFERENCE', built),
    description:
      'Image in the local container engine, or a `docker save` or OCI archive on disk; one of four image sources.',
  },
  {
    ...text('rootfs', 'image', 'PATH', built),
    description:
      'ext4 file, tar (plain, gzip, zstd or xz) or folder; one of four image sources, and with `build-command` what that leaves.',
  },
  {
    ...text('build-command', 'image', 'COMMAND', built),
    description:
      "The project's own build, run in each side's checkout, that leaves a rootfs at `rootfs`; one of four image sources.",
  },
  {
    ...text('kernel', 'image', 'PATH', built),
    description: "Kernel to boot: a path, or `auto` for a distribution kernel from the host's packages.",
    default: 'auto',
  },
  {
    ...text('initrd', 'image', 'PATH', built),
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
      'What head is compared with: `auto` (the base commit of the pull request; on a terminal, where HEAD left the default branch), `ref:REF`, `image:REFERENCE`, `rootfs:PATH`, `measurement:FILE`, or `none` (absolute caps only).',
    default: 'auto',
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
    ...text('accel', 'measure', 'ACCEL', ['gate', 'measure', 'probe']),
    description:
      'How the guest runs: `kvm`, `tcg` (emulation), or `auto` for KVM where a tiny guest boots under it.',
    choices: ['auto', 'kvm', 'tcg'],
    default: 'auto',
  },
  {
    ...text('boots', 'measure', 'N', built),
    description: 'Number of cold boots of each side, 1 to 100; boots are the independent samples.',
    type: 'count',
    default: '5',
  },
  {
    ...text('cycles', 'measure', 'N', built),
    description: 'Number of measured rounds of all scenarios in each boot, 1 to 1000.',
    type: 'count',
    default: '5',
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
      'Limit of all measuring, with its unit; boots that do not fit are left out and the report says so.',
    type: 'time',
    default: '45min',
  },

  {
    ...text('metrics', 'gate', 'NAMES', gated),
    description: 'Names of the metrics that gate; the others are shown without a verdict.',
    type: 'names',
    default: 'memfile.writtenBytes',
  },
  {
    ...text('fail-above', 'gate', 'PERCENT', gated),
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
    ...text('min-growth', 'gate', 'SIZE', gated),
    description:
      'Growth in bytes per cycle that must be exceeded too before anything fails or warns, with its unit.',
    type: 'bytes',
    default: '256KiB',
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
    ...text('inconclusive', 'gate', 'pass|fail', gated),
    description: 'What an inconclusive verdict does to the exit status: `pass` or `fail`.',
    choices: ['pass', 'fail'],
    default: 'pass',
  },

  {
    ...text('comment', 'github', 'true|false'),
    description: 'Whether the pull request gets a comment: `true` or `false`.',
    type: 'flag',
    default: 'true',
    actionOnly: true,
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
      'Token that writes the comment; needs `pull-requests: write`. Never reaches a build or a guest.',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
    default: '${{ github.token }}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
    actionDefault: '${{ github.token }}',
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
    ...text('config', 'run', 'PATH', everyRun),
    description:
      'Path of snapgate.yml; `snapgate.yml` or `.github/snapgate.yml` if not given and there is one.',
    inFile: false,
  },
  {
    ...text('output-dir', 'run', 'PATH', everyRun),
    description: 'Folder that receives the measurements, the comparison and the report.',
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
      'Size that the cache folder may keep of images, build layers and kernels together, with its unit; what was used longest ago goes first.',
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
