import { z } from 'zod';
import { compressions } from '../e2b/frame-table.ts';
import { artifacts } from '../e2b/layer.ts';

/** Bumped when a reader of the old version would misread the new one. */
export const inspectionVersion = 1;

const bytes = z.int().nonnegative();
/** Paths as they were given, or as an image names them: whatever a file system takes. */
const path = z.string().max(8192);
/** One line each: what was assumed, and what could not be told. */
const notes = z.array(z.string().max(10_000)).max(1000);

/** Pages of a file with their content: disjoint parts that add up to `dataBytes`. */
const contentSchema = z.strictObject({
  /** Pages of 4 KiB with data in them, which holes are not. */
  dataBytes: bytes,
  /** Those that are all zero: what a zero filter saves. */
  zeroBytes: bytes,
  /** Those that are not zero and have the content of one before: what a deduplication by 4 KiB saves besides. */
  duplicateBytes: bytes,
  /** Those that are neither: what is left. */
  distinctBytes: bytes,
  /** False: there were more distinct pages than are remembered, and some duplicates count as distinct. */
  duplicatesExact: z.boolean(),
});
export type Content = z.infer<typeof contentSchema>;

const imageSchema = z.strictObject({
  kind: z.literal('image'),
  path,
  lengthBytes: bytes,
  /** Of the file system's blocks that the file takes. */
  allocatedBytes: bytes,
  holeBytes: bytes,
  ...contentSchema.shape,
  /** The pages that are not zero, in order, in frames of 1,024 pages, under zstd level 1. */
  compressedBytes: bytes,
  /** Aligned blocks of 2 MiB with data in them × 2 MiB, and those of them that are not all zero. */
  hugeBytes: bytes,
  hugeNonZeroBytes: bytes,
  notes,
});
export type ImageInspection = z.infer<typeof imageSchema>;

const blockChangesSchema = z.strictObject({
  blockBytes: bytes,
  /** Blocks whose content differs × their size: what a store of such blocks keeps. */
  changedBytes: bytes,
  /** Those of them that are all zero afterwards. */
  zeroedBytes: bytes,
});

const comparisonSchema = z.strictObject({
  kind: z.literal('comparison'),
  before: path,
  after: path,
  lengthBytes: bytes,
  blocks: z.array(blockChangesSchema),
  /** Changed pages of 4 KiB that are not zero, as `compressedBytes` of an image. */
  compressedBytes: bytes,
  notes,
});
export type ComparisonInspection = z.infer<typeof comparisonSchema>;

const diffSchema = z.strictObject({
  kind: z.literal('diff'),
  path,
  /** What it is laid over, the lowest first. */
  parents: z.array(path),
  lengthBytes: bytes,
  allocatedBytes: bytes,
  /** Pages that the file has data of: what was written. `writtenBytes` is their sum. */
  ...contentSchema.omit({ dataBytes: true }).shape,
  writtenBytes: bytes,
  blocks: z.array(
    blockChangesSchema.extend({
      /** Blocks of which any part was written × their size. */
      writtenBytes: bytes,
      /** Those of them that are all zero afterwards, and those whose content is the parent's. */
      zeroBytes: bytes,
      unchangedBytes: bytes,
    }),
  ),
  /** Changed pages of 4 KiB that are not zero, as `compressedBytes` of an image. */
  compressedBytes: bytes,
  notes,
});
export type DiffInspection = z.infer<typeof diffSchema>;

const buildId = z.string().max(36);

const storedLayerSchema = z.strictObject({
  state: z.literal('present'),
  buildId,
  generation: bytes,
  headerFormat: z.int(),
  blockBytes: bytes,
  compression: z.enum(compressions),
  /** Bytes of the image that the layer's own header maps to its own data. */
  ownBytes: bytes,
  /** The layer's data before compression, and as it is stored. */
  rawBytes: bytes,
  storedBytes: bytes,
  /** Bytes of the inspected image that are read from the layer's data. */
  mappedBytes: bytes,
  /** Bytes of the data, before compression, that the inspected header maps, each once; and those that it does not. */
  neededBytes: bytes,
  deadBytes: bytes,
  /** Pages of the data as in an image; duplicates are of pages before, in this layer or in one below. Absent: not read. */
  content: contentSchema.optional(),
});
export type StoredLayer = z.infer<typeof storedLayerSchema>;

const missingLayerSchema = z.strictObject({
  state: z.literal('missing'),
  buildId,
  /** Why it could not be read. */
  reason: z.string().max(10_000),
  mappedBytes: bytes,
  neededBytes: bytes,
});
export type MissingLayer = z.infer<typeof missingLayerSchema>;

const artifactSchema = z.strictObject({
  artifact: z.enum(artifacts),
  virtualBytes: bytes,
  /** Of the image: mapped to nothing that is stored. */
  zeroBytes: bytes,
  /** The inspected layer first, then those that it is stored by. */
  layers: z.array(z.discriminatedUnion('state', [storedLayerSchema, missingLayerSchema])),
});
export type ArtifactInspection = z.infer<typeof artifactSchema>;

const buildSchema = z.strictObject({
  kind: z.literal('e2b'),
  path,
  buildId,
  artifacts: z.array(artifactSchema),
  notes,
});
export type BuildInspection = z.infer<typeof buildSchema>;

const diskLayerSchema = z.strictObject({
  path,
  format: z.enum(['qcow2', 'raw']),
  /** Of the disk as a guest sees it, and of the file. */
  virtualBytes: bytes,
  fileBytes: bytes,
  allocatedBytes: bytes,
  clusterBytes: bytes.optional(),
  /** Bytes of the disk that the layer holds: data, and clusters that say that they are zero. */
  ownBytes: bytes,
  dataBytes: bytes,
  zeroBytes: bytes,
  /** Own bytes that a layer above holds too, or that lie behind the end of one: nobody reads them through the chain. */
  shadowedBytes: bytes,
  visibleBytes: bytes,
});
export type DiskLayer = z.infer<typeof diskLayerSchema>;

const chainSchema = z.strictObject({
  kind: z.literal('qcow2'),
  path,
  virtualBytes: bytes,
  /** The inspected image first, then those below it. */
  layers: z.array(diskLayerSchema),
  notes,
});
export type ChainInspection = z.infer<typeof chainSchema>;

const itemSchema = z.discriminatedUnion('kind', [
  imageSchema,
  comparisonSchema,
  diffSchema,
  buildSchema,
  chainSchema,
]);
export type InspectedItem = z.infer<typeof itemSchema>;

/** What `snapgate inspect` tells. Bytes are whole numbers, nothing is rounded. */
export const inspectionSchema = z.strictObject({
  schema: z.literal('snapgate/inspection'),
  version: z.literal(inspectionVersion),
  snapgate: z.string().max(500),
  items: z.array(itemSchema),
});
export type Inspection = z.infer<typeof inspectionSchema>;
