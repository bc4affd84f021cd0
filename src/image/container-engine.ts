import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SnapgateError } from '../host/error.ts';
import { type CommandResult, mustRun, runCommand } from '../host/process.ts';
import type { Run } from '../host/run.ts';
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
  const storage = engine === 'buildah' ? buildahStorage(run) : [];
  const idFile = join(build.scratch, 'image-id');
  run.log.info(`building ${build.what} with ${engine}`);
  await runLogged(run, engine, {
    what: `the ${engine} build of ${build.what}`,
    remedy: `Its last lines say why. Try it by hand: ${engine} build -f ${build.source.dockerfile} ${build.source.context}`,
    args: [...storage, 'build', ...engineArgs(engine), ...buildArgs(build, idFile)],
    cwd: build.context,
    env: { BUILDKIT_PROGRESS: 'plain', BUILDX_NO_DEFAULT_ATTESTATIONS: '1' },
  });
  return { engine, storage, id: readFileSync(idFile, 'utf8').trim() };
}

/** An image by its name or id in docker's storage or, failing that, in buildah's (which is podman's too). Nothing is pulled. */
export async function findLocalImage(run: Run, reference: string): Promise<LocalImage | undefined> {
  // A name that begins with a dash would be taken for an option.
  if (!/^[A-Za-z0-9]/.test(reference)) return undefined;
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
  await mustRun(run, image.engine, [...image.storage, ...args], { cwd: folder });
  return join(folder, name);
}

/**
 * buildah's storage is our own: a build that is killed leaves a working container, which must not stay among the user's. The vfs
 * driver mounts nothing, so nothing can stay mounted.
 */
function buildahStorage(run: Run): string[] {
  const root = join(run.cacheDir, 'buildah');
  const runRoot = join(run.dir, 'buildah');
  for (const dir of [root, runRoot]) if (!existsSync(dir)) mkdirSync(dir, { recursive: true });
  return ['--root', root, '--runroot', runRoot, '--storage-driver', 'vfs'];
}

function engineArgs(engine: LocalImage['engine']): string[] {
  return engine === 'buildah' ? ['--isolation', 'chroot', '--layers'] : [];
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
