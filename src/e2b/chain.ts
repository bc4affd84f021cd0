import { SnapgateError } from '../host/error.ts';
import { zeroBuildId } from './build-id.ts';
import { type Artifact, type Layer, readLayer } from './layer.ts';

/** A chain longer than that is no chain of pauses any more, but a loop that renames itself. */
const maxLayers = 10_000;
/** Of all headers of a chain together, at 14 bytes each in memory: as many as a memory of 64 GiB has pages of 4 KiB. */
const maxRanges = 16 * 1024 ** 2;

/**
 * A layer and all that its image is stored by, nearest first: the builds that its header names, then those that theirs name.
 *
 * @param dir folder of the build
 * @param layerOf layer of any other build, asked for once; undefined where there is none, and it is left out
 * @throws SnapgateError `record` for layers that go round in a circle, and for a header that is none
 */
export function readChain(
  dir: string,
  artifact: Artifact,
  layerOf: (buildId: string) => Layer | undefined,
): Layer[] {
  const first = readLayer(dir, artifact);
  const chain = [first];
  const seen = new Set([first.header.buildId, zeroBuildId]);
  let ranges = first.header.mapping.count;
  for (let index = 0; index < chain.length; index += 1) {
    const layer = chain[index];
    if (layer === undefined) break;
    for (const id of namedBuilds(layer)) {
      if (seen.has(id)) continue;
      seen.add(id);
      const next = layerOf(id);
      if (next === undefined) continue;
      if (chain.length >= maxLayers) throw endless(layer);
      ranges += next.header.mapping.count;
      if (ranges > maxRanges) throw tooMany(layer);
      chain.push(next);
    }
  }
  refuseLoops(chain);
  return chain;
}

function namedBuilds({ header }: Layer): Set<string> {
  const names = header.mapping.buildIds();
  names.add(header.baseBuildId);
  names.delete(header.buildId);
  return names;
}

/** A layer is made of what was there before it: one that is below itself was tampered with. */
function refuseLoops(chain: readonly Layer[]): void {
  const layers = new Map(chain.map((layer) => [layer.header.buildId, layer]));
  const above = new Map<string, string[]>([...layers.keys()].map((id) => [id, []]));
  const left = new Map<string, number>();
  for (const [id, layer] of layers) {
    // What is not there leads nowhere.
    const below = [...namedBuilds(layer)].filter((name) => above.has(name));
    for (const name of below) above.get(name)?.push(id);
    left.set(id, below.length);
  }
  const free = [...left].filter(([, count]) => count === 0).map(([id]) => id);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    left.delete(id);
    for (const user of above.get(id) ?? []) {
      const count = (left.get(user) ?? 0) - 1;
      left.set(user, count);
      if (count === 0) free.push(user);
    }
  }
  const stuck = chain.find(({ header }) => left.has(header.buildId));
  if (stuck !== undefined) throw endless(stuck);
}

function tooMany({ headerPath }: Layer): SnapgateError {
  return new SnapgateError(
    'record',
    `the headers below ${headerPath} map more than ${maxRanges} ranges together`,
    'No chain of snapshots is so scattered: check where the headers come from.',
  );
}

function endless({ headerPath, header }: Layer): SnapgateError {
  return new SnapgateError(
    'record',
    `${headerPath}: the layers below ${header.buildId} lead back to it`,
    'A layer names only builds that are older: one of the headers was changed, or copied under another id.',
  );
}
