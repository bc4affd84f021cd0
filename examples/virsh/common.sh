# shellcheck shell=bash
# What the commands of this example share. SNAPGATE_* is the contract of docs/engine-command.md.
: "${SNAPGATE_ID:?is set by snapgate}" "${SNAPGATE_OUT:?}" "${SNAPGATE_WORK:?}"

# The machines are the user's own, not the system's: libvirt then runs QEMU as that user, who may read snapgate's folders.
export LIBVIRT_DEFAULT_URI=${LIBVIRT_DEFAULT_URI:-qemu:///session}

# Starts the host's end of the agent's port, which the machine connects to and which stays with it: a guest whose port has nobody at the
# other end looks for somebody once a second. What is written to the FIFO goes to the guest, what the guest says into the file.
open_channel() {
  mkfifo "$SNAPGATE_WORK/to-guest"
  socat "UNIX-LISTEN:$SNAPGATE_WORK/agent.sock" - <>"$SNAPGATE_WORK/to-guest" >"$SNAPGATE_WORK/from-guest" &
  until [ -S "$SNAPGATE_WORK/agent.sock" ]; do sleep 0.05; done
}

# guest_run COMMAND SECONDS: runs a command in the guest, as root. Exits 71 where it fails: snapgate then says that the scenario failed.
guest_run() {
  local id answer status output deadline=$((SECONDS + $2 + 20))
  id=$((1000000000 + RANDOM * 32768 + RANDOM))
  printf 'run %s %s %s\n' "$id" "$2" "$(printf %s "$1" | base64 -w 0)" >"$SNAPGATE_WORK/to-guest"
  until answer=$(grep -m 1 "^snapgate 1 done $id " "$SNAPGATE_WORK/from-guest"); do
    [ "$SECONDS" -lt "$deadline" ] || { echo "the guest's agent does not answer" >&2 && exit 1; }
    sleep 0.05
  done
  read -r _ _ _ _ status output <<<"$answer"
  [ "$output" = - ] || base64 -d <<<"$output"
  [ "$status" = 0 ] || { echo "it exited $status in the guest" >&2 && exit 71; }
}

# Pauses the machine and leaves its memory, its state and (where it is already) its disk in SNAPGATE_OUT. The image that `virsh save`
# writes holds the memory too, but in QEMU's migration format: not comparable page by page. The monitor's pmemsave writes it plain,
# from address 0 on, which is all of it as long as the machine has no more than 2,816 MiB (q35 puts the rest above 4 GiB).
save() {
  virsh --quiet suspend "$SNAPGATE_ID"
  virsh --quiet qemu-monitor-command "$SNAPGATE_ID" --hmp \
    "pmemsave 0 $SNAPGATE_MEMORY_BYTES \"$SNAPGATE_OUT/$SNAPGATE_MEMFILE\""
  virsh --quiet save "$SNAPGATE_ID" "$SNAPGATE_OUT/state"
}
