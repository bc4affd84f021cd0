import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SnapgateError } from '../host/error.ts';
import { type CommandResult, mustRun, runCommand } from '../host/process.ts';
import type { Run } from '../host/run.ts';
import { openBuildahStorage } from './buildah-storage.ts';
import { runLogged } from './logged-command.ts';
import type { RootfsSource } from './types.ts';

/** An image that an engine on this machine holds. */
export interface LocalImage {
  readonly engine: 'docker' | 'buildah';
  /** Options in front of each verb: which storage it is in. */
  readonly storage: readonly string[];
  readonly id: string;
}

export interface DockerfileBuild {
  readonly source: Extract<RootfsSource, { kind: 'dockerfile' }>;
  /** Absolute. */
  readonly dockerfile: string;
  /** Absolute. */
  readonly context: string;
  /** For errors: `the head image`. */
  readonly what: string;
  /** A folder of the run, for what the builder writes. */
  readonly scratch: string;
  /** Disk that buildah's layers may take between builds. */
  readonly cacheLimitBytes: number;
}

/** `docker` where a daemon answers, else `buildah` where it is installed; else a SnapgateError that says what each lacks. */
export async function findBuilder(run: Run): Promise<LocalImage['engine']> {
  const docker = await askVersion(run, 'docker', ['version', '--format', '{{.Server.Version}}']);
  if (docker === 'answers') return 'docker';
  const buildah = await askVersion(run, 'buildah', ['--version']);
  if (buildah === 'answers') return 'buildah';
  throw new SnapgateError(
    'host',
    `no builder for the Dockerfile: docker ${docker}, buildah ${buildah}`,
    'Start the docker daemon and let this user reach it, or: sudo apt-get install -y --no-install-recommends buildah',
    { ofMachine: true },
  );
}

/**
 * Builds a Dockerfile with the builder's own cache of layers, so that two sides share what they have in common. Nothing is tagged: what
 * stays is the builder's cache.
 *
 * @throws SnapgateError `image` with the last lines of the build
 */
export async function buildDockerfile(run: Run, build: DockerfileBuild): Promise<LocalImage> {
  const engine = await findBuilder(run);
  const idFile = join(build.scratch, 'image-id');
  const { storage, env, args } =
    engine === 'docker' ? await dockerSetup(run) : await buildahSetup(run, build.cacheLimitBytes);
  run.log.info(`building ${build.what} with ${engine}`);
  const built = runLogged(run, engine, {
    what: `the ${engine} build of ${build.what}`,
    remedy: `Its last lines say why. Try it by hand: ${engine} build -f ${build.source.dockerfile} ${build.source.context}`,
    args: [...storage, 'build', ...args, ...buildArgs(build, idFile)],
    cwd: build.context,
    env,
  });
  await built.catch((error) => {
    throw lacksIds(error) ?? error;
  });
  return { engine, storage, id: readFileSync(idFile, 'utf8').trim() };
}

/** An image by its name or id in docker's storage or, failing that, in buildah's (which is podman's too). Nothing is pulled. */
export async function findLocalImage(run: Run, reference: string): Promise<LocalImage | undefined> {
  // A name that begins with a dash would be taken for an option.
  if (!/^[A-Za-z0-9][\x21-\x7e]*$/.test(reference)) return undefined;
  const docker = await ask(run, 'docker', ['image', 'inspect', '--format', '{{.Id}}', reference]);
  if (docker !== undefined) return { engine: 'docker', storage: [], id: docker };
  const format = '{{.FromImageID}}';
  const buildah = await ask(run, 'buildah', ['inspect', '--type', 'image', '--format', format, reference]);
  return buildah === undefined ? undefined : { engine: 'buildah', storage: [], id: buildah };
}

/** Writes an image as an archive to `folder`, and returns its path. */
export async function saveImage(run: Run, image: LocalImage, folder: string): Promise<string> {
  const name = 'image.tar';
  // Relative, because a colon in a path would be taken for the start of a tag.
  const args =
    image.engine === 'docker'
      ? ['save', '--output', name, image.id]
      : ['push', '--quiet', image.id.replace(/^sha256:/, ''), `oci-archive:${name}`];
  await mustRun(run, image.engine, [...image.storage, ...args], { cwd: folder, env: { TMPDIR: folder } });
  return join(folder, name);
}

interface Setup {
  readonly storage: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly args: readonly string[];
}

/**
 * The builder must be the daemon's own, which has the same name as the context: what another makes (docker/setup-buildx-action
 * selects one) is not among the daemon's images.
 */
async function dockerSetup(run: Run): Promise<Setup> {
  const context = (await ask(run, 'docker', ['context', 'show'])) ?? 'default';
  return {
    storage: [],
    env: { BUILDX_BUILDER: context, BUILDKIT_PROGRESS: 'plain', BUILDX_NO_DEFAULT_ATTESTATIONS: '1' },
    // The classic builder keeps the container of a step that fails.
    args: ['--force-rm'],
  };
}

async function buildahSetup(run: Run, cacheLimitBytes: number): Promise<Setup> {
  const { options, temporaryDir } = await openBuildahStorage(run, cacheLimitBytes);
  return { storage: options, env: { TMPDIR: temporaryDir }, args: ['--isolation', 'chroot', '--layers'] };
}

/** The error of a rootless buildah whose user has no ids to give to the files of an image; undefined for any other. */
function lacksIds(error: unknown): SnapgateError | undefined {
  if (!(error instanceof SnapgateError) || !error.details) return undefined;
  const { details } = error;
  const says = (pattern: RegExp) => details.lines.some((line) => pattern.test(line));
  // The warning alone harms nobody: a build may do without other ids.
  if (!says(/no subuid ranges|no UID ranges/i) || !says(/not permitted|invalid argument/i)) return undefined;
  return new SnapgateError(
    'host',
    `${error.message}: this user has no range of ids in /etc/subuid and /etc/subgid, which buildah needs without root`,
    'Give it one: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER". Or use docker, or run as root.',
    { cause: error, details, ofMachine: true },
  );
}

function buildArgs({ source, dockerfile, context }: DockerfileBuild, idFile: string): string[] {
  return [
    `--iidfile=${idFile}`,
    `--file=${dockerfile}`,
    ...Object.entries(source.buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`),
    ...(source.target === undefined ? [] : [`--target=${source.target}`]),
    context,
  ];
}

async function askVersion(run: Run, command: string, args: readonly string[]): Promise<string> {
  const result = await askQuietly(run, command, args);
  if (result === undefined) return 'is not installed';
  if (result.code === 0) return 'answers';
  return `does not answer (${result.tail.at(-1) ?? `exit status ${result.code}`})`;
}

async function ask(run: Run, command: string, args: readonly string[]): Promise<string | undefined> {
  const result = await askQuietly(run, command, args);
  return result?.code === 0 ? result.stdout.trim() : undefined;
}

/** undefined where there is no such command. */
async function askQuietly(
  run: Run,
  command: string,
  args: readonly string[],
): Promise<CommandResult | undefined> {
  try {
    return await runCommand(run, command, args, { timeoutMs: 20_000 });
  } catch (error) {
    if (error instanceof SnapgateError) return undefined;
    throw error;
  }
}
