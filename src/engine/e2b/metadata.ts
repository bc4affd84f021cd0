import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { brokenData } from '../../e2b/layer.ts';
import { errnoOf, messageOf } from '../../host/error.ts';
import type { GuestVersions } from '../contract.ts';

const version = z.string().regex(/^[\w.+-]{1,100}$/);
const metadataSchema = z.object({
  template: z
    .object({ kernel_version: version.optional(), firecracker_version: version.optional() })
    .optional(),
});
const maxBytes = 16 * 1024 * 1024;

/** What a build's metadata.json says of what it runs with. @throws SnapgateError `record` for one that is missing or none */
export function readVersions(path: string): GuestVersions {
  const { kernel_version: kernel, firecracker_version: firecracker } = readMetadata(path).template ?? {};
  return {
    ...(firecracker === undefined ? {} : { engineVersion: `Firecracker ${firecracker}` }),
    ...(kernel === undefined ? {} : { kernelVersion: kernel }),
  };
}

function readMetadata(path: string): z.infer<typeof metadataSchema> {
  try {
    if (statSync(path).size > maxBytes) throw new Error('it has more than 16 MiB');
    return metadataSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw brokenData(`${path} is not there`, error);
    throw brokenData(`${path} is not the metadata of a build: ${messageOf(error).slice(0, 200)}`, error);
  }
}
