import type { FileTree } from './file-tree.ts';
import type { ContainerConfig } from './inject.ts';

/** A rootfs that was found, before it is an ext4. */
export interface RootfsContent {
  /** Of all that the ext4 is made from: equal keys give equal disks. */
  readonly key: string;
  /** For progress and errors, e.g. `the tar rootfs.tar.gz`. */
  readonly description: string;
  /** Bytes that its unpacked files may take, as far as that can be told. */
  readonly expectedBytes: number;
  readonly form:
    | { readonly kind: 'ext4'; readonly path: string }
    /** Fills a tree; `scratch` is a folder that is removed afterwards. What the image says of its process, where it says so. */
    | {
        readonly kind: 'tree';
        fill(tree: FileTree, scratch: string): Promise<ContainerConfig | undefined>;
      };
}
