/** Where a rootfs comes from. Paths are as the user wrote them: relative to the checkout of the side. */
export type RootfsSource =
  | {
      readonly kind: 'dockerfile';
      readonly dockerfile: string;
      readonly context: string;
      readonly buildArgs: Readonly<Record<string, string>>;
      readonly target: string | undefined;
    }
  /** An image in the local engine, or a `docker save`/OCI archive on disk. */
  | { readonly kind: 'image'; readonly reference: string }
  /** An ext4, a tar (plain, gzip, zstd, xz), or a folder. */
  | { readonly kind: 'rootfs'; readonly path: string }
  /** The project's own build: `command` runs in the checkout and leaves a rootfs at `path`. */
  | { readonly kind: 'build-command'; readonly command: string; readonly path: string };

/** What both sides are built from. */
export interface ImageInputs {
  readonly rootfs: RootfsSource;
  /** `auto`: a distribution kernel from the host's packages; else a path. */
  readonly kernel: string;
  /** `auto`: just the modules needed; `none`; else a path. */
  readonly initrd: string;
  /** Size of the guest's disk. */
  readonly diskSizeBytes: number;
  readonly devices: GuestDevices;
}

/** Who is PID 1 in the guest: systemd, another init of the image's own (OpenRC, sysvinit, busybox, runit…), or ours. */
export type InitKind = 'systemd' | 'init' | 'none';

/** What a side is, ready for an engine to boot. */
export type Image = RootfsImage | BuiltImage;

/**
 * How the devices of a guest are found: on a PCI bus (QEMU), as virtio-mmio with the channel on vsock (Firecracker), or in any of these ways,
 * which are then the user's own machine's to choose.
 */
export type GuestDevices = 'pci' | 'mmio' | 'any';

/** A bootable guest, immutable, usually in the cache: an engine must not write to any of its files. */
export interface RootfsImage {
  readonly kind: 'rootfs';
  /** ext4 with the guest agent in it, `diskSizeBytes` long (sparse). */
  readonly rootfsPath: string;
  /** Hash of the ext4's content: equal hashes are equal images. */
  readonly rootfsSha256: string;
  readonly rootfsBytes: number;
  /** A bzImage or an ELF, as it was given; always an ELF (vmlinux) for devices on mmio. */
  readonly kernelPath: string;
  /** e.g. `6.1.0-49-cloud-amd64`, or the file's name where it says nothing of itself. */
  readonly kernelVersion: string;
  /** Of the kernel as it was given. */
  readonly kernelSha256: string;
  readonly initrdPath: string | undefined;
  readonly initrdSha256: string | undefined;
  readonly init: InitKind;
  /** What this image's start needs on the kernel's command line: root=, rw, init=… */
  readonly kernelArgs: readonly string[];
}

/** A guest that an engine's own builder makes of a checkout when it is booted: what it is made with is all that is known before. */
export interface BuiltImage {
  readonly kind: 'built';
  /** Who makes it: `e2b`, `command`. */
  readonly builder: string;
  /** Absolute path of the side's checkout, where the builder runs. */
  readonly checkout: string;
  /** Hash of what the guest is made with (tools, commands, an image): equal hashes need not be equal guests, other ones are others. */
  readonly sha256: string;
  /** The image that snapgate has built for it, where a source was given. */
  readonly rootfs: RootfsImage | undefined;
}
