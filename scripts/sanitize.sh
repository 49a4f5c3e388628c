#!/usr/bin/env bash
# Builds the core's tests under a sanitizer and runs them: scripts/sanitize.sh address|thread [BUILD FOLDER]
#
# address: out of bounds, use after free, leaks, undefined behaviour, over all tests. thread: data races of the engine
# thread, of feeds and of the kept memory, over their tests alone; libtorch and OpenMP are not compiled for it, and their
# threads would be all it saw.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-}
case $kind in
  # Not whether an object is of its class: a pipe is asked that, and some tests leave no file descriptor for one.
  address) flags="-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined" ;;
  thread) flags="-fsanitize=thread" ;;
  *)
    echo "Expected address or thread for the sanitizer but received \"$kind\"" >&2
    exit 2
    ;;
esac
folder=${2:-build/sanitize-$kind}
libtorch=$(node -p 'JSON.parse(fs.readFileSync("build/Release/build.json", "utf8")).libtorch.directory')
generator=()
command -v ninja >/dev/null && generator=(-G Ninja)
cmake -S . -B "$folder" "${generator[@]}" -DSPARRING_UNITY=ON -DSPARRING_LIBTORCH="$libtorch" -DSPARRING_ADDON=OFF -DSPARRING_TESTS=ON \
  -DCMAKE_CXX_FLAGS="$flags -fno-omit-frame-pointer -g1"
cmake --build "$folder" --target sparring_core_tests

export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
# A test asks for more memory than there is, and wants to be refused.
export ASAN_OPTIONS=allocator_may_return_null=1 TSAN_OPTIONS=allocator_may_return_null=1
if [[ $kind == address ]]; then
  # What libtorch allocates once and never frees is not ours.
  export LSAN_OPTIONS="suppressions=$PWD/scripts/sanitize/leaks.txt:print_suppressions=0"
  export UBSAN_OPTIONS=print_stacktrace=1
  "$folder/Release/sparring_core_tests"
else
  "$folder/Release/sparring_core_tests" --source-file='*/engine_test.cc,*/feed_test.cc,*/memory_test.cc'
fi
