/** Name of the virtio-serial port; in the guest `/dev/virtio-ports/<name>`. */
export const agentPort = 'snapgate.agent';

/** Where the agent listens on a guest whose channel is vsock. Below 1024: only root can take it (af_vsock.c, LAST_RESERVED_PORT). */
export const agentVsockPort = 870;

/** Bumped when host and agent would misunderstand each other. */
export const agentProtocol = 1;

/** Folder in the guest that holds everything of snapgate's. */
export const guestDir = '/.snapgate';

/** Longest line, in bytes, either way; a longer one from a guest is an error. */
export const maxLineBytes = 64 * 1024;

/** Bytes of a command's output that the agent keeps and sends: its end. */
export const tailBytes = 4096;

/*
 * The channel is lines of ASCII, each ended by one LF; fields are parted by one space.
 *
 *   guest → host   snapgate 1 hello <systemd|init|none>
 *   host → guest   run <id> <limit in whole seconds> <base64 of a shell command>
 *   guest → host   snapgate 1 done <id> <exit status> <base64 of the last output, `-` for none>
 *
 * The exit status is 137 where the limit ended the command (SIGKILL). Host and guest never speak at the same time: the host
 * sends one command and waits. A line that does not parse, after a hello, is an error of the guest's.
 *
 * It goes over a virtio-serial port where there is one; else over vsock (`agentVsockPort`), where the guest listens and the host connects, once it is
 * started and again after each resume. The agent says hello once, at its start: it waits for the first connection. Later ones find an agent that has said
 * it long ago, as after a resume on virtio-serial. One connection at a time; the next one is served when the last has ended at the guest's end too. A connection
 * does not outlive a snapshot, so the host closes it before it pauses the guest: what is left of it would be work of the next resume.
 */
