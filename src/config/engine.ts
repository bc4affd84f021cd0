import { engineNames } from '../engine/contract.ts';
import { type EngineSettings, snapshotFormats } from '../engine/settings.ts';
import { SnapgateError } from '../host/error.ts';
import { quoteText } from './names.ts';

/** How the engine's inputs are read: by name, each with its own check. */
export interface EngineInputs {
  /** undefined where neither the run nor snapgate.yml says anything. */
  given(name: string): { readonly text: string; readonly where: string } | undefined;
  choice<T extends string>(name: string, choices: readonly T[]): T;
  flag(name: string): boolean;
  timeMs(name: string): number;
  diskBytes(): number;
}

/** What means nothing to e2b's own builder. */
const ofBootedImage = ['initrd', 'boot-timeout'];

/** What not all engines take. */
const ownInputs: Readonly<Record<EngineSettings['kind'], readonly string[]>> = {
  qemu: ['accel', ...ofBootedImage],
  firecracker: ['firecracker-binary', 'firecracker-version', 'jailer', ...ofBootedImage],
  e2b: ['e2b-infra', 'e2b-tools', 'e2b-storage', 'firecracker-version', 'command-timeout'],
  command: [
    'prepare-command',
    'resume-command',
    'pause-command',
    'cleanup-command',
    'version-command',
    'memfile',
    'rootfs-file',
    'format',
    'command-timeout',
    ...ofBootedImage,
  ],
};

/**
 * The engine that was asked for, with its settings.
 *
 * @throws SnapgateError `usage` for an input that belongs to another engine, or one that this one needs and lacks
 */
export function readEngine(inputs: EngineInputs): EngineSettings {
  const kind = inputs.choice('engine', engineNames);
  refuseOthers(kind, inputs);
  const hugePages = readHugePages(kind, inputs);
  switch (kind) {
    case 'qemu':
      return { kind, accel: inputs.choice('accel', ['auto', 'kvm', 'tcg']) };
    case 'firecracker':
      return readFirecracker(inputs);
    case 'e2b':
      return readE2b(inputs, hugePages);
    case 'command':
      return readCommand(inputs);
  }
}

/**
 * An input that the engine would not look at is a mistake that nobody would notice; not so what snapgate.yml has for its own engine where
 * the run names another.
 */
function refuseOthers(kind: EngineSettings['kind'], inputs: EngineInputs): void {
  const isOfRun = (name: string) => inputs.given(name)?.where === name;
  for (const name of new Set(Object.values(ownInputs).flat())) {
    const given = ownInputs[kind].includes(name) ? undefined : inputs.given(name);
    if (given === undefined || (isOfRun('engine') && !isOfRun(name))) continue;
    const owners = engineNames.filter((engine) => ownInputs[engine].includes(name));
    throw new SnapgateError(
      'usage',
      `${given.where} is given, which engine ${kind} does not have`,
      `Remove it, or set engine to ${owners.join(' or ')}.`,
    );
  }
}

function readHugePages(kind: EngineSettings['kind'], inputs: EngineInputs): boolean {
  const given = inputs.given('huge-pages');
  if (given === undefined) return kind === 'e2b';
  const wanted = inputs.choice('huge-pages', ['none', '2M']) === '2M';
  if (!wanted || kind === 'e2b') return wanted;
  throw new SnapgateError('usage', `${given.where}: ${whyNoHugePages[kind]}`, hugePagesRemedy);
}

const hugePagesRemedy =
  'Leave huge-pages out: memfile.hugeBytes says what 2 MiB pages would store of the same cycle.';

const whyNoHugePages: Readonly<Record<Exclude<EngineSettings['kind'], 'e2b'>, string>> = {
  qemu: 'engine qemu counts written pages of 4 KiB, and cannot on 2 MiB pages',
  firecracker:
    'Firecracker restores a guest on 2 MiB pages only through a userfaultfd handler, which snapgate does not have',
  command: 'what backs the memory of a guest of engine command is up to its commands',
};

function readFirecracker(inputs: EngineInputs): EngineSettings {
  const version = readVersion(inputs);
  const binary = inputs.given('firecracker-binary');
  if (binary !== undefined && version !== undefined)
    throw new SnapgateError(
      'usage',
      `${binary.where} and firecracker-version are both given`,
      'Give the binary that is on the machine, or the release to fetch.',
    );
  return {
    kind: 'firecracker',
    binary: binary?.text ?? 'firecracker',
    version,
    jailer: inputs.flag('jailer'),
  };
}

function readVersion(inputs: EngineInputs): string | undefined {
  const given = inputs.given('firecracker-version');
  if (given === undefined) return undefined;
  const version = /^v?(\d{1,4}\.\d{1,4}\.\d{1,4})$/.exec(given.text)?.[1];
  if (version !== undefined) return version;
  throw new SnapgateError(
    'usage',
    `${given.where}: ${quoteText(given.text)} is not a release of Firecracker`,
    'Write all three numbers, such as 1.12.1.',
  );
}

function readE2b(inputs: EngineInputs, hugePages: boolean): EngineSettings {
  const [infra, tools] = [inputs.given('e2b-infra'), inputs.given('e2b-tools')];
  if (infra !== undefined && tools !== undefined)
    throw new SnapgateError(
      'usage',
      `${infra.where} and ${tools.where} are both given`,
      'Give the checkout whose tools are to be built, or the folder of tools that are built.',
    );
  const kernel = inputs.given('kernel')?.text;
  return {
    kind: 'e2b',
    infra: infra?.text,
    tools: tools?.text,
    storage: readStorage(inputs),
    hugePages,
    kernel: kernel === 'auto' ? undefined : kernel,
    firecrackerVersion: inputs.given('firecracker-version')?.text,
    diskBytes: inputs.diskBytes(),
    timeoutMs: inputs.timeMs('command-timeout'),
  };
}

/** `gs://` is the only remote storage that the tools take. */
function readStorage(inputs: EngineInputs): string | undefined {
  const given = inputs.given('e2b-storage');
  if (given === undefined) return undefined;
  const isRemote = /^[a-z0-9+.-]+:\/\//i.test(given.text);
  if (!isRemote || /^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}$/.test(given.text)) return given.text;
  throw new SnapgateError(
    'usage',
    `${given.where}: ${quoteText(given.text)} is no storage that e2b's tools take`,
    'Give a folder, or gs:// and the name of a bucket.',
  );
}

function readCommand(inputs: EngineInputs): EngineSettings {
  refuseOtherLayers(inputs);
  return {
    kind: 'command',
    prepare: needCommand(inputs, 'prepare-command'),
    resume: needCommand(inputs, 'resume-command'),
    pause: needCommand(inputs, 'pause-command'),
    cleanup: inputs.given('cleanup-command')?.text,
    version: inputs.given('version-command')?.text,
    memfile: fileName(inputs, 'memfile') ?? 'memfile',
    rootfsFile: fileName(inputs, 'rootfs-file'),
    format: inputs.choice('format', snapshotFormats),
    timeoutMs: inputs.timeMs('command-timeout'),
  };
}

/** Layers are called what e2b calls them. */
function refuseOtherLayers(inputs: EngineInputs): void {
  if (inputs.choice('format', snapshotFormats) !== 'e2b') return;
  for (const [name, only] of [
    ['memfile', 'memfile'],
    ['rootfs-file', 'rootfs.ext4'],
  ] as const) {
    const given = inputs.given(name);
    if (given === undefined || given.text === only) continue;
    throw new SnapgateError(
      'usage',
      `${given.where}: ${quoteText(given.text)} is no layer of format e2b`,
      `It is ${only} there, with ${only}.header beside it.`,
    );
  }
}

function needCommand(inputs: EngineInputs, name: string): string {
  const text = inputs.given(name)?.text;
  if (text !== undefined) return text;
  throw new SnapgateError(
    'usage',
    `engine command is asked for, but ${name} is not given`,
    'Give prepare-command, resume-command and pause-command; docs/engine-command.md has two whole examples.',
  );
}

/** A file of a snapshot's folder: what leads out of it would outlive the snapshot. */
function fileName(inputs: EngineInputs, name: string): string | undefined {
  const given = inputs.given(name);
  if (given === undefined) return undefined;
  if (/^[^/\0]{1,255}(?:\/[^/\0]{1,255}){0,7}$/.test(given.text) && !/(^|\/)\.\.?(\/|$)/.test(given.text))
    return given.text;
  throw new SnapgateError(
    'usage',
    `${given.where}: ${quoteText(given.text)} is not a file in a snapshot's folder`,
    'Name it as it is called below SNAPGATE_OUT, without .. and without a / at its start.',
  );
}
