import { createHash } from 'node:crypto';
import { type Member, tar } from './tar.ts';

export interface ArchiveLayer {
  readonly data: Buffer;
  /** `application/vnd.oci.image.layer.v1.tar` and so on; plain if not given. */
  readonly mediaType?: string;
}

export interface ArchiveOptions {
  readonly architecture?: string;
  readonly os?: string;
  /** The part of the image's configuration that says how it is started. */
  readonly process?: Readonly<Record<string, unknown>>;
  /** Changes to the members, before they are an archive. */
  readonly change?: (members: Member[]) => Member[];
}

/** An image archive as `docker save` wrote it up to version 24: a folder for each layer. */
export function dockerArchive(layers: readonly ArchiveLayer[], options: ArchiveOptions = {}): Buffer {
  const config = configOf(layers, options);
  const names = layers.map(({ data }) => `${sha256(data)}/layer.tar`);
  const manifest = [{ Config: `${sha256(config)}.json`, RepoTags: ['test:1'], Layers: names }];
  const members: Member[] = [
    { path: `${sha256(config)}.json`, body: config },
    ...layers.flatMap(({ data }, index) => [
      { path: `${sha256(data)}/`, type: '5' },
      { path: names[index] ?? '', body: data },
    ]),
    { path: 'manifest.json', body: JSON.stringify(manifest) },
  ];
  return tar(options.change?.(members) ?? members);
}

/** An OCI image layout in a tar, with one manifest. */
export function ociArchive(layers: readonly ArchiveLayer[], options: ArchiveOptions = {}): Buffer {
  const config = configOf(layers, options);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: descriptor(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map(({ data, mediaType }) =>
      descriptor(data, mediaType ?? 'application/vnd.oci.image.layer.v1.tar'),
    ),
  });
  const index = { schemaVersion: 2, manifests: [manifestDescriptor(manifest)] };
  const members: Member[] = [
    { path: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' },
    { path: 'index.json', body: JSON.stringify(index) },
    blob(config),
    blob(manifest),
    ...layers.map(({ data }) => blob(data)),
  ];
  return tar(options.change?.(members) ?? members);
}

export function manifestDescriptor(manifest: string | Buffer, more: Readonly<Record<string, unknown>> = {}) {
  return { ...descriptor(manifest, 'application/vnd.oci.image.manifest.v1+json'), ...more };
}

export function blob(data: string | Buffer): Member {
  return { path: `blobs/sha256/${sha256(data)}`, body: data };
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function descriptor(data: string | Buffer, mediaType: string) {
  return { mediaType, digest: `sha256:${sha256(data)}`, size: Buffer.byteLength(data) };
}

function configOf(layers: readonly ArchiveLayer[], options: ArchiveOptions): string {
  return JSON.stringify({
    architecture: options.architecture ?? 'amd64',
    os: options.os ?? 'linux',
    config: options.process ?? {},
    rootfs: { type: 'layers', diff_ids: layers.map(({ data }) => `sha256:${sha256(data)}`) },
  });
}
