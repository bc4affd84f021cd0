import { createHash } from 'node:crypto';
import { createWriteStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { SnapgateError } from '../host/error.ts';
import { printable } from '../host/printable.ts';
import type { Run } from '../host/run.ts';
import { formatBytes } from '../host/units.ts';
import { compressionOf, type FilePart, readStart, withContent } from './decompress.ts';
import { sha256OfFile } from './file-hash.ts';
import { addEntry, type FileTree, whiteOut, whiteOutContents } from './file-tree.ts';
import type { ContainerConfig } from './inject.ts';
import { quoteName } from './tar-error.ts';
import { readTar } from './tar-reader.ts';

/**
 * Flattens the container image archive at `path` into a tree: `docker save` (manifest.json) or an OCI layout in a tar (index.json),
 * compressed or not, with layers plain, gzip or zstd. Returns what the image says of its process.
 * https://github.com/opencontainers/image-spec (image-layout.md, manifest.md, layer.md)
 */
export async function flattenArchive(
  run: Run,
  path: string,
  tree: FileTree,
  scratch: string,
): Promise<ContainerConfig> {
  const archive = await openArchive(run, path, tree, scratch);
  const image = (await readDockerManifest(archive)) ?? (await readOciIndex(archive));
  if (!image)
    throw archiveError(
      archive,
      'it has neither a manifest.json nor an index.json',
      'A tar of a root file system is rootfs:, not image:.',
    );
  const config = await readJson(archive, image.config, configSchema);
  checkPlatform(archive, config);
  for (const [index, name] of image.layers.entries()) await applyLayer(run, archive, name, tree, index + 1);
  return containerConfigOf(config);
}

interface Archive {
  /** For errors, e.g. `the image archive image.tar`. */
  readonly name: string;
  readonly members: ReadonlyMap<string, Member>;
}
type Member = { readonly part: FilePart } | { readonly link: string };

/** Members of the archive's that make up one image, lowest layer first. */
interface ImageMembers {
  readonly config: string;
  readonly layers: readonly string[];
}

async function openArchive(run: Run, path: string, tree: FileTree, scratch: string): Promise<Archive> {
  const { name } = tree;
  const plain = await decompressed(run, path, tree, scratch);
  const members = new Map<string, Member>();
  await withContent(run, wholeFile(plain), (content) =>
    readTar(content, name, (entry) => {
      const member = normalise(entry.path);
      if (entry.kind === 'file')
        members.set(member, { part: { path: plain, start: entry.position, bytes: entry.storedBytes } });
      // Old versions of docker save link equal layers: to a path within the archive, or beside the link.
      if (entry.kind === 'hardlink') members.set(member, { link: normalise(entry.link) });
      if (entry.kind === 'symlink') members.set(member, { link: normalise(`${member}/../${entry.link}`) });
      return undefined;
    }),
  );
  return { name, members };
}

async function decompressed(run: Run, path: string, tree: FileTree, scratch: string): Promise<string> {
  if (compressionOf(await readStart(wholeFile(path), 6)) === 'none') return path;
  const plain = join(scratch, 'archive.tar');
  await withContent(run, wholeFile(path), (content) =>
    pipeline(bounded(content, tree), createWriteStream(plain)),
  );
  return plain;
}

/** An archive may hold more than the image comes to in the end, as layers replace files of others; but not without end. */
async function* bounded(content: AsyncIterable<Buffer>, { name, limitBytes }: FileTree) {
  let left = 4 * limitBytes;
  for await (const chunk of content) {
    left -= chunk.length;
    if (left < 0)
      throw new SnapgateError(
        'image',
        `${name} unpacks to more than ${formatBytes(4 * limitBytes)}: far too much for a disk of ${formatBytes(limitBytes)}`,
        'Check that it is what you mean, and raise disk-size.',
      );
    yield chunk;
  }
}

function wholeFile(path: string): FilePart {
  return { path, start: 0, bytes: statSync(path).size };
}

function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function findPart(archive: Archive, name: string): FilePart | undefined {
  let member = archive.members.get(normalise(name));
  for (let hops = 0; member && 'link' in member && hops < 8; hops += 1)
    member = archive.members.get(member.link);
  return member && 'part' in member ? member.part : undefined;
}

function mustFindPart(archive: Archive, name: string): FilePart {
  const part = findPart(archive, name);
  if (!part) throw archiveError(archive, `it lacks its ${quoteName(name)}`, 'Save it again.');
  return part;
}

const jsonLimitBytes = 8 * 1024 ** 2;

async function readJson<T>(archive: Archive, name: string, schema: z.ZodType<T>): Promise<T> {
  const part = mustFindPart(archive, name);
  if (part.bytes > jsonLimitBytes)
    throw archiveError(archive, `its ${quoteName(name)} is too long`, 'Save it again.');
  const data = await readStart(part, part.bytes);
  checkDigest(archive, name, createHash('sha256').update(data).digest('hex'));
  try {
    return schema.parse(JSON.parse(data.toString('utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : String(error);
    throw archiveError(
      archive,
      `its ${quoteName(name)} cannot be read: ${printable(why, 300)}`,
      'Save it again.',
    );
  }
}

/** A blob is named by its hash. */
function checkDigest(archive: Archive, name: string, sha256: string): void {
  const named = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(normalise(name))?.[1];
  if (named !== undefined && named !== sha256)
    throw archiveError(
      archive,
      `its ${quoteName(name)} is not what its name says`,
      'Save or download it again.',
    );
}

const dockerManifestSchema = z.array(
  z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()) }),
);

async function readDockerManifest(archive: Archive): Promise<ImageMembers | undefined> {
  if (!findPart(archive, 'manifest.json')) return undefined;
  const images = await readJson(archive, 'manifest.json', dockerManifestSchema);
  const [image, ...others] = images;
  if (!image) throw archiveError(archive, 'it holds no image', 'Save it again.');
  if (others.length > 0) {
    const tags = images.flatMap((each) => each.RepoTags ?? []);
    throw severalImages(archive, tags);
  }
  return { config: image.Config, layers: image.Layers };
}

const descriptorSchema = z.object({
  digest: z.string().regex(/^[a-z0-9]+:[0-9a-f]+$/),
  mediaType: z.string().optional(),
  platform: z.object({ os: z.string().optional(), architecture: z.string().optional() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
type Descriptor = z.infer<typeof descriptorSchema>;
/** An index has manifests, a manifest has a config and layers. */
const manifestSchema = z.object({
  manifests: z.array(descriptorSchema).optional(),
  config: descriptorSchema.optional(),
  layers: z.array(descriptorSchema).optional(),
});

async function readOciIndex(archive: Archive): Promise<ImageMembers | undefined> {
  if (!findPart(archive, 'index.json')) return undefined;
  let manifest = await readJson(archive, 'index.json', manifestSchema);
  for (let depth = 0; manifest.manifests && depth < 4; depth += 1)
    manifest = await readJson(archive, blobName(chooseManifest(archive, manifest.manifests)), manifestSchema);
  if (!manifest.config || !manifest.layers)
    throw archiveError(archive, 'its manifest names no layers', 'Save it again.');
  return { config: blobName(manifest.config), layers: manifest.layers.map(blobName) };
}

/** The one for this machine; attestations, which are beside it, have the platform `unknown`. */
function chooseManifest(archive: Archive, manifests: readonly Descriptor[]): Descriptor {
  const fitting = manifests.filter(
    ({ platform }) =>
      platform === undefined || (platform.os === 'linux' && platform.architecture === ociArchitecture()),
  );
  const [chosen] = fitting;
  if (!chosen)
    throw archiveError(
      archive,
      `it has no image for linux/${ociArchitecture()}`,
      'Save it for this platform.',
    );
  // One image with two names is in the index twice.
  if (fitting.some(({ digest }) => digest !== chosen.digest)) {
    const names = fitting.map(
      ({ annotations, digest }) => annotations?.['org.opencontainers.image.ref.name'] ?? digest,
    );
    throw severalImages(archive, names);
  }
  return chosen;
}

function blobName({ digest }: Descriptor): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function ociArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

function checkPlatform(archive: Archive, { os, architecture }: z.infer<typeof configSchema>): void {
  const isLinux = os === undefined || os === 'linux';
  if (isLinux && (architecture === undefined || architecture === ociArchitecture())) return;
  throw archiveError(
    archive,
    `its image is for ${JSON.stringify(`${os ?? 'linux'}/${architecture ?? 'any'}`)}, and this machine is linux/${ociArchitecture()}`,
    'Build it for this platform.',
  );
}

const whiteoutPrefix = '.wh.';
const opaqueMarker = '.wh..wh..opq';

async function applyLayer(
  run: Run,
  archive: Archive,
  name: string,
  tree: FileTree,
  layer: number,
): Promise<void> {
  const part = mustFindPart(archive, name);
  checkDigest(archive, name, await sha256OfFile(part.path, part));
  await withContent(run, part, async (content) => {
    await readTar(content, `layer ${quoteName(name)} of ${archive.name}`, (entry) => {
      const slash = entry.path.lastIndexOf('/');
      const folder = entry.path.slice(0, slash + 1);
      const last = entry.path.slice(slash + 1);
      if (!last.startsWith(whiteoutPrefix)) return addEntry(tree, entry, layer);
      if (last === opaqueMarker) whiteOutContents(tree, folder, layer);
      // Others that begin so are aufs's own bookkeeping.
      else if (!last.startsWith('.wh..wh.'))
        whiteOut(tree, folder + last.slice(whiteoutPrefix.length), layer);
      return undefined;
    });
  });
}

const configSchema = z.object({
  os: z.string().optional(),
  architecture: z.string().optional(),
  config: z
    .object({
      Entrypoint: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      Env: z.array(z.string()).nullish(),
      WorkingDir: z.string().nullish(),
      User: z.string().nullish(),
    })
    .nullish(),
});

function containerConfigOf({ config }: z.infer<typeof configSchema>): ContainerConfig {
  return {
    entrypoint: config?.Entrypoint ?? [],
    cmd: config?.Cmd ?? [],
    env: config?.Env ?? [],
    workingDir: config?.WorkingDir ?? '',
    user: config?.User ?? '',
  };
}

function severalImages(archive: Archive, names: readonly string[]): SnapgateError {
  return archiveError(
    archive,
    `it holds several images: ${names
      .slice(0, 20)
      .map((name) => JSON.stringify(name))
      .join(', ')}`,
    'Save one of them alone.',
  );
}

function archiveError({ name }: Archive, why: string, remedy: string): SnapgateError {
  return new SnapgateError('image', `${name} cannot be used: ${why}`, remedy);
}
