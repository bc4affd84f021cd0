import { printable } from '../host/printable.ts';
import { formatBytes } from '../host/units.ts';
import type {
  ArtifactInspection,
  BuildInspection,
  ChainInspection,
  ComparisonInspection,
  DiffInspection,
  ImageInspection,
  InspectedItem,
  Inspection,
  MissingLayer,
  StoredLayer,
} from '../inspect/record.ts';
import { bold, dim } from './log.ts';

export interface TableLook {
  readonly color: boolean;
  /** Of the terminal; undefined for a pipe, where no line is broken. */
  readonly columns: number | undefined;
}

/** What `inspect` prints: a part for each item, with sizes in units and to the byte. */
export function inspectionTable({ items }: Inspection, look: TableLook): string {
  return `${items.map((item) => itemLines(item, look).join('\n')).join('\n\n')}\n`;
}

function itemLines(item: InspectedItem, look: TableLook): string[] {
  const lines = bodyOf(item, look);
  return [...lines, ...item.notes.flatMap((note) => wrapped(`note: ${printable(note)}`, look))];
}

function bodyOf(item: InspectedItem, look: TableLook): string[] {
  switch (item.kind) {
    case 'image':
      return imageLines(item, look);
    case 'comparison':
      return comparisonLines(item, look);
    case 'diff':
      return diffLines(item, look);
    case 'e2b':
      return buildLines(item, look);
    case 'qcow2':
      return chainLines(item, look);
  }
}

function imageLines(image: ImageInspection, look: TableLook): string[] {
  const { dataBytes } = image;
  const exactly = image.duplicatesExact ? '' : ', or more';
  return [
    title(`${printable(image.path)}: image of ${sizeOf(image.lengthBytes)}`, look),
    ...figures(
      [
        { label: 'holes', bytes: image.holeBytes },
        { label: 'data', bytes: dataBytes, of: dataBytes },
        { label: '  zero', bytes: image.zeroBytes, of: dataBytes, remark: 'saved by a zero filter' },
        {
          label: '  duplicates',
          bytes: image.duplicateBytes,
          of: dataBytes,
          remark: `saved by a 4 KiB dedup${exactly}`,
        },
        { label: '  distinct', bytes: image.distinctBytes, of: dataBytes, remark: 'left after both' },
        { label: '  zstd', bytes: image.compressedBytes, of: dataBytes, remark: 'not zero, at level 1' },
        { label: '2 MiB blocks', bytes: image.hugeBytes, remark: 'with data in them' },
        { label: '  not zero', bytes: image.hugeNonZeroBytes },
        { label: 'on disk', bytes: image.allocatedBytes },
      ],
      look,
    ),
  ];
}

function comparisonLines(comparison: ComparisonInspection, look: TableLook): string[] {
  const { before, after, lengthBytes, blocks, compressedBytes } = comparison;
  const rows = blocks.map(({ blockBytes, changedBytes, zeroedBytes }) => ({
    label: blockName(blockBytes),
    bytes: [changedBytes, changedBytes - zeroedBytes, zeroedBytes],
  }));
  return [
    title(`${printable(after)} against ${printable(before)}: ${sizeOf(lengthBytes)} each`, look),
    ...grid(['blocks of', 'changed', 'to data', 'to zero'], rows, look),
    ...compressedLine(compressedBytes),
  ];
}

function diffLines(diff: DiffInspection, look: TableLook): string[] {
  const { path, parents, lengthBytes, blocks, compressedBytes, writtenBytes } = diff;
  const rows = blocks.map((block) => ({
    label: blockName(block.blockBytes),
    bytes: [block.writtenBytes, block.unchangedBytes, block.changedBytes, block.zeroedBytes, block.zeroBytes],
  }));
  const exactly = diff.duplicatesExact ? '' : ', or more';
  return [
    title(`${printable(path)}: Diff over ${printable(parents.join(', '))}, of ${sizeOf(lengthBytes)}`, look),
    ...grid(['blocks of', 'written', 'unchanged', 'changed', 'to zero', 'all zero'], rows, look),
    ...compressedLine(compressedBytes),
    ...figures(
      [
        { label: 'written', bytes: writtenBytes, of: writtenBytes },
        { label: '  zero', bytes: diff.zeroBytes, of: writtenBytes, remark: 'saved by a zero filter' },
        {
          label: '  duplicates',
          bytes: diff.duplicateBytes,
          of: writtenBytes,
          remark: `saved by a 4 KiB dedup${exactly}`,
        },
        { label: '  distinct', bytes: diff.distinctBytes, of: writtenBytes, remark: 'left after both' },
        { label: 'on disk', bytes: diff.allocatedBytes },
      ],
      look,
    ),
  ];
}

function compressedLine(bytes: number): string[] {
  return [`  changed to data, zstd level 1: ${sizeOf(bytes)}`];
}

function buildLines(build: BuildInspection, look: TableLook): string[] {
  return [
    title(`${printable(build.path)}: build of e2b, ${build.buildId}`, look),
    ...build.artifacts.flatMap((artifact) => ['', ...artifactLines(artifact, look)]),
  ];
}

function artifactLines(
  { artifact, virtualBytes, zeroBytes, layers }: ArtifactInspection,
  look: TableLook,
): string[] {
  const stored = layers.filter((layer) => layer.state === 'present');
  const missing = layers.filter((layer) => layer.state === 'missing');
  const rows = stored.map((layer) => ({ heading: layerFacts(layer), label: '', bytes: layerBytes(layer) }));
  return [
    title(`${artifact}: ${sizeOf(virtualBytes)}`, look),
    `  zero, stored nowhere: ${sizeOf(zeroBytes)}`,
    ...grid(['', 'own', 'dead', 'zero', 'duplicates', 'stored'], withTotal(rows), look),
    ...missing.slice(0, shownMissing).flatMap((layer) => missingLines(layer, look)),
    ...(missing.length > shownMissing
      ? [`  and ${missing.length - shownMissing} more that are missing: --json has all`]
      : []),
  ];
}

const shownMissing = 50;

function layerFacts({ buildId, headerFormat, blockBytes, compression }: StoredLayer): string {
  return `${buildId}  format ${headerFormat}, ${blockName(blockBytes)}, ${compression === 'none' ? 'not compressed' : compression}`;
}

function layerBytes({ ownBytes, deadBytes, content, storedBytes }: StoredLayer): (number | undefined)[] {
  return [ownBytes, deadBytes, content?.zeroBytes, content?.duplicateBytes, storedBytes];
}

function missingLines({ buildId, reason, mappedBytes }: MissingLayer, look: TableLook): string[] {
  const needed =
    mappedBytes === 0
      ? 'not there, and not needed'
      : `MISSING, ${sizeOf(mappedBytes)} of the image are read from it`;
  const text = `${buildId}  ${needed}: ${printable(reason)}`;
  return wrapped(text, look, 2);
}

function chainLines({ path, virtualBytes, layers }: ChainInspection, look: TableLook): string[] {
  const rows = layers.map((layer) => ({
    heading: `${printable(layer.path)}  ${layer.format}${layer.clusterBytes === undefined ? '' : `, ${blockName(layer.clusterBytes)}`}`,
    label: '',
    bytes: [layer.ownBytes, layer.zeroBytes, layer.shadowedBytes, layer.visibleBytes, layer.allocatedBytes],
  }));
  return [
    title(`${printable(path)}: disk of ${sizeOf(virtualBytes)}`, look),
    ...grid(['', 'own', 'zero', 'shadowed', 'visible', 'on disk'], withTotal(rows), look),
  ];
}

interface GridRow {
  /** A line above the figures, for what is too long to stand beside them. */
  readonly heading?: string;
  readonly label: string;
  /** undefined: not known. */
  readonly bytes: readonly (number | undefined)[];
}

function withTotal(rows: readonly GridRow[]): GridRow[] {
  if (rows.length < 2) return [...rows];
  const sums = (rows[0]?.bytes ?? []).map((_, column) => sumOf(rows.map(({ bytes }) => bytes[column])));
  return [...rows, { heading: 'all together', label: '', bytes: sums }];
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce<number | undefined>(
    (sum, value) => (sum === undefined || value === undefined ? undefined : sum + value),
    0,
  );
}

/** Each row in units, and below it to the byte. */
function grid(head: readonly string[], rows: readonly GridRow[], { color }: TableLook): string[] {
  const texts = rows.map(({ bytes }) =>
    bytes.map((value) => ({ unit: unitOf(value), exact: exactOf(value) })),
  );
  const widths = head
    .slice(1)
    .map((title, column) =>
      Math.max(
        title.length,
        ...texts.flatMap((row) => [row[column]?.unit.length ?? 0, row[column]?.exact.length ?? 0]),
      ),
    );
  const first = Math.max(head[0]?.length ?? 0, ...rows.map(({ label }) => label.length));
  const line = (label: string, cells: readonly string[]) =>
    `  ${label.padEnd(first)}${cells.map((cell, column) => `  ${cell.padStart(widths[column] ?? 0)}`).join('')}`.trimEnd();
  return [
    dim(line(head[0] ?? '', head.slice(1)), color),
    ...rows.flatMap(({ heading, label }, index) => [
      ...(heading === undefined ? [] : [`  ${heading}`]),
      line(
        label,
        (texts[index] ?? []).map(({ unit }) => unit),
      ),
      dim(
        line(
          '',
          (texts[index] ?? []).map(({ exact }) => exact),
        ),
        color,
      ),
    ]),
  ];
}

interface Figure {
  readonly label: string;
  readonly bytes: number;
  /** What it is a part of. */
  readonly of?: number;
  readonly remark?: string;
}

function figures(rows: readonly Figure[], { color }: TableLook): string[] {
  const label = Math.max(...rows.map((row) => row.label.length));
  const exact = Math.max(...rows.map(({ bytes }) => exactOf(bytes).length));
  return rows.map(({ label: name, bytes, of, remark }) =>
    [
      `  ${name.padEnd(label)}  ${unitOf(bytes).padStart(8)}  ${exactOf(bytes).padStart(exact)}`,
      of === undefined ? '       ' : shareOf(bytes, of).padStart(7),
      remark === undefined ? '' : dim(remark, color),
    ]
      .join('  ')
      .trimEnd(),
  );
}

function title(text: string, { color }: TableLook): string {
  return bold(text, color);
}

/** A paragraph whose further lines are indented. */
function wrapped(text: string, { columns = Number.POSITIVE_INFINITY }: TableLook, indent = 0): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > columns) {
      lines.push(line);
      [line, empty] = [' '.repeat(indent + 4), true];
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}

/** `4.00 KiB (4,096 bytes)`. */
function sizeOf(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${formatBytes(bytes)} (${exactOf(bytes)} bytes)`;
}

function unitOf(bytes: number | undefined): string {
  return bytes === undefined ? '–' : formatBytes(bytes);
}

/** Every digit, in groups of three. */
function exactOf(bytes: number | undefined): string {
  return bytes === undefined ? '–' : String(bytes).replace(/(?<=\d)(?=(?:\d{3})+$)/g, ',');
}

function shareOf(bytes: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * bytes) / whole).toFixed(1)} %`;
}

/** Block sizes are powers of two. */
function blockName(bytes: number): string {
  const [unit, name] = bytes >= 1024 ** 2 ? [1024 ** 2, 'MiB'] : [1024, 'KiB'];
  return `${bytes / unit} ${name}`;
}
