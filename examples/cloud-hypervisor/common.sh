# shellcheck shell=bash
# What the commands of this example share. SNAPGATE_* is the contract of docs/engine-command.md; the calls are those of Cloud Hypervisor's
# own vmm/src/api/openapi/cloud-hypervisor.yaml.
: "${SNAPGATE_OUT:?is set by snapgate}" "${SNAPGATE_WORK:?}"

# The port on which snapgate's agent listens on the guest's vsock.
agent_port=870

# Starts the VMM. It stays until pause: nothing here waits for it, and what is left in the end is snapgate's to kill.
start_vmm() {
  "${CLOUD_HYPERVISOR:-cloud-hypervisor}" --api-socket "path=$SNAPGATE_WORK/api.sock" &
  until api GET vmm.ping >/dev/null 2>&1; do
    kill -0 $! 2>/dev/null || { echo 'Cloud Hypervisor ended before it answered' >&2 && exit 1; }
    sleep 0.05
  done
}

# api METHOD CALL [BODY]: one call of the API. An error's answer says why, and goes to stderr.
api() {
  local answer=$SNAPGATE_WORK/answer status
  status=$(curl --silent --show-error --max-time 120 --unix-socket "$SNAPGATE_WORK/api.sock" --output "$answer" \
    --write-out '%{http_code}' --request "$1" --header 'Content-Type: application/json' ${3+--data "$3"} \
    "http://localhost/api/v1/$2")
  case $status in
    2*) ;;
    *) echo "$1 $2 was answered $status: $(head -c 2000 "$answer")" >&2 && return 1 ;;
  esac
}

# json TEXT: the text as a JSON string.
json() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# guest_run COMMAND SECONDS: runs a command in the guest, as root. Exits 71 where it fails: snapgate then says that the scenario failed.
# The agent speaks lines over vsock: `CONNECT port`, answered by `OK`, is how Cloud Hypervisor's socket leads there.
guest_run() {
  local id line deadline=$((SECONDS + $2 + 20)) status=
  local -a word
  id=$((1000000000 + RANDOM * 32768 + RANDOM))
  while [ -z "$status" ]; do
    [ "$SECONDS" -lt "$deadline" ] || { echo "the guest's agent does not answer" >&2 && exit 1; }
    # A guest that boots does not listen yet: the connection is closed, and tried again.
    coproc AGENT { exec socat - "UNIX-CONNECT:$SNAPGATE_WORK/vsock.sock" 2>/dev/null; }
    # shellcheck disable=SC2153 # AGENT is what coproc makes
    local in=${AGENT[1]} out=${AGENT[0]} pid=$AGENT_PID
    { printf 'CONNECT %s\n' "$agent_port" >&"$in"; } 2>/dev/null || true
    if read -r -t 5 line <&"$out" && [[ $line == OK\ * ]]; then
      printf 'run %s %s %s\n' "$id" "$2" "$(printf %s "$1" | base64 -w 0)" >&"$in"
      while read -r -t $((deadline - SECONDS)) -a word <&"$out"; do
        [ "${word[*]:0:4}" = "snapgate 1 done $id" ] && status=${word[4]} && break
      done
      [ -n "$status" ] || { echo "the guest's agent does not answer" >&2 && exit 1; }
    fi
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    [ -n "$status" ] || sleep 0.2
  done
  [ "${word[5]}" = - ] || base64 -d <<<"${word[5]}"
  [ "$status" = 0 ] || { echo "it exited $status in the guest" >&2 && exit 71; }
}

# Pauses the guest and leaves config.json, memory-ranges and state.json in SNAPGATE_OUT, where its disk is already.
save() {
  api PUT vm.pause
  api PUT vm.snapshot "{\"destination_url\": $(json "file://$SNAPGATE_OUT")}"
  api PUT vmm.shutdown
}
