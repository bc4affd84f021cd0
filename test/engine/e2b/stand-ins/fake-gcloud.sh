# A stand-in for `gcloud storage` and `gsutil`, by its first argument: a bucket is a folder of FAKE_BUCKETS. In sh, for it is called
# hundreds of times.
name=$1; shift
[ -z "$FAKE_CALLS" ] || printf '{"tool":"%s","args":["%s"],"cwd":"%s","env":{}}\n' "$name" "$*" "$PWD" >>"$FAKE_CALLS"
fail() { printf 'ERROR: (%s) %s\n' "$name" "$*" >&2; exit 1; }
path_of() { case $1 in gs://*) printf '%s/%s' "$FAKE_BUCKETS" "${1#gs://}" ;; *) fail "not an address of a bucket: $1" ;; esac; }
if [ "$name" = gcloud ]; then [ "$1" = storage ] || fail "Invalid choice: $1"; shift; fi
[ "$GOOGLE_APPLICATION_CREDENTIALS" = /the/key.json ] || fail 'You do not currently have an active account selected.'
verb=$1; shift
case $verb in
cp)
  [ $# = 2 ] || fail 'one source and one destination'
  [ -e "$(path_of "$1")" ] || fail "The following URLs matched no objects or files: $1"
  cp "$(path_of "$1")" "$2"
  ;;
rm)
  recursive=-r; [ "$name" = gsutil ] || recursive=--recursive
  [ "$1" = $recursive ] || fail 'a folder needs to be removed recursively'
  shift
  for url; do [ -e "$(path_of "$url")" ] || fail "The following URLs matched no objects or files: $url"; done
  for url; do [ ${#url} -gt 40 ] && rm -r "$(path_of "$url")"; done
  ;;
*) fail "Invalid choice: $verb" ;;
esac
